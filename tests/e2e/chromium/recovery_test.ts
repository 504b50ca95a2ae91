/// <reference lib="dom" />
// Sessions in a real browser, with tabs: who loses one, who is told, and how often it is renewed.
// Not shown here: React Native, which has no engine for this machine (unit tests without what it
// lacks), and new Vite and Next projects (tests/e2e/frontends).
import { assert, assertEquals } from "@std/assert";
import {
  authSays,
  callMe,
  deviceOf,
  openTab,
  projectOfFile,
  refuses,
  runClock,
  sessionOf,
  storedIn,
  toldOf,
  waitForTold,
} from "./fake_project.ts";
import type { App } from "./fake_project_page.ts";
import { json } from "../../support/server.ts";

const file = projectOfFile();
const html = (status: number) =>
  new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });

Deno.test("no answer but Auth's own word ends a session, in a call, in the background, in another tab", async () => {
  const { project, browser } = file;
  const answers = [
    () => authSays(429, "over_request_rate_limit"),
    () => html(429),
    () => json(401, { message: "Invalid API key" }),
    () => html(403),
    () => html(404),
    () => html(540),
    () => html(544),
    () => json(200, {}),
  ];
  for (const answer of answers) {
    const mine = sessionOf(-100);
    const device = await deviceOf(browser, mine);
    project.grant = answer;
    const [one, two] = [
      await openTab(device, project, "?patience=0"),
      await openTab(device, project, "?patience=0"),
    ];
    assertEquals(await callMe(one), "auth_unavailable");
    await two.evaluate(async () => {
      const { auth } = (globalThis as unknown as { app: App }).app.supabase;
      await auth.startAutoRefresh(); // looks at once
      await auth.refreshSession();
      document.dispatchEvent(new Event("visibilitychange"));
    });
    for (const tab of [one, two]) {
      assertEquals((await storedIn(tab))?.refresh_token, mine.refresh_token);
      assertEquals((await toldOf(tab)).told, []);
    }
    await device.close();
  }
});

Deno.test("three tabs renew a session once, and each goes on with it", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const tabs = [];
  for (let n = 0; n < 3; n++) tabs.push(await openTab(device, project));
  project.grant = null;
  const before = project.count("/auth/v1/token");
  assertEquals(await Promise.all(tabs.map(callMe)), ["in", "in", "in"]);
  assertEquals(project.count("/auth/v1/token") - before, 1);
  await device.close();
});

Deno.test("a sign-out in one tab is told once in each, and a reload is no new ending", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  await one.evaluate(() => (globalThis as unknown as { app: App }).app.supabase.auth.signOut());
  for (const tab of [one, two]) {
    await waitForTold(tab, 1);
    // Sent as nobody's, or not at all in the moment of the sign-out.
    assert(["token_expired", "no_authorization"].includes(await callMe(tab)));
    assertEquals((await toldOf(tab)).told, ["no_authorization"]);
    assertEquals((await toldOf(tab)).kinds.at(-1), "signed_out");
  }
  await one.reload();
  await one.waitForFunction(() => "app" in globalThis);
  await callMe(one);
  assertEquals((await toldOf(one)).told, []);
  await device.close();
});

Deno.test("a session that ended elsewhere is told once in each tab", async () => {
  const { project, browser } = file;
  const mine = sessionOf(3600);
  const device = await deviceOf(browser, mine);
  project.routes["/functions/v1/me"] = () => refuses("session_not_found");
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  assertEquals(await Promise.all([callMe(one), callMe(one)]), [
    "session_not_found",
    "session_not_found",
  ]);
  await waitForTold(two, 1);
  assertEquals((await toldOf(one)).told, ["session_not_found"]);
  assertEquals((await toldOf(two)).told, ["no_authorization"]);
  assertEquals(project.count("/auth/v1/logout"), 0);
  await device.close();
});

Deno.test("a dead refresh token ends the session in the background, told once in each tab", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const time = Date.now();
  const one = await openTab(device, project, "", time);
  const two = await openTab(device, project, "", time);
  project.grant = () => authSays(400, "refresh_token_not_found");
  // supabase-js looks every 30 seconds. No call is under way.
  const isTold = async () => (await toldOf(one)).told.length > 0;
  await runClock(one, isTold, 61_000, 1000);
  await waitForTold(two, 1);
  for (const tab of [one, two]) {
    assertEquals((await toldOf(tab)).told.length, 1);
    assertEquals(await storedIn(tab), null);
  }
  await device.close();
});

Deno.test("cleared site data is told in every tab", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  assertEquals(await callMe(one), "in");
  await one.evaluate(() => localStorage.clear());
  await waitForTold(two, 1); // by the storage's event
  await callMe(one);
  assertEquals((await toldOf(one)).told, ["no_authorization"]);
  assertEquals((await toldOf(two)).told, ["no_authorization"]);
  await device.close();
});

Deno.test("a session is renewed in the background as soon as Auth does it, whatever answered before", async () => {
  const { project, browser } = file;
  const mine = sessionOf(-100);
  const device = await deviceOf(browser, mine);
  project.grant = () => html(403);
  const time = Date.now();
  const one = await openTab(device, project, "", time);
  const two = await openTab(device, project, "", time);
  // supabase-js looks every 30 seconds. No call is under way.
  for (const tab of [one, two]) await runClock(tab, () => false, 31_000, 1000);
  const tries = project.count("/auth/v1/token");
  assert(tries >= 2 && tries <= 8, `${tries} tries`);
  for (const tab of [one, two]) {
    assertEquals((await storedIn(tab))?.refresh_token, mine.refresh_token);
    assertEquals((await toldOf(tab)).told, []);
  }
  project.grant = null;
  await runClock(
    one,
    async () => (await storedIn(one))?.refresh_token !== mine.refresh_token,
    61_000,
    1000,
  );
  assertEquals(project.count("/auth/v1/token"), tries + 1);
  assertEquals(await callMe(two), "in");
  await device.close();
});

Deno.test("a user is signed in by a link with the tokens in its fragment", async () => {
  const { project, browser } = file;
  const device = await browser.newContext();
  const { access_token, refresh_token } = project.begin(sessionOf(3600));
  const link = new URLSearchParams({
    access_token,
    refresh_token,
    expires_in: "3600",
    token_type: "bearer",
    type: "magiclink",
  });
  // supabase-js asks for the user while createClient() runs, before attach().
  const page = await openTab(device, project, `#${link}`);
  assertEquals(await callMe(page), "in");
  assertEquals((await storedIn(page))?.refresh_token, refresh_token);
  assertEquals((await toldOf(page)).told, []);
  await device.close();
});

Deno.test("every recovery of a client is told, once in each tab, when the one without a hook fails first", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(3600));
  project.routes["/functions/v1/me"] = () => refuses("session_not_found");
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  const later = await one.evaluate(async () => {
    const { app } = globalThis as unknown as { app: App };
    const quiet = app.createRecovery();
    quiet.attach(app.supabase);
    await quiet.fetch("/functions/v1/me");
    const codes: string[] = [];
    app.createRecovery({ onSignedOut: ({ code }) => codes.push(code) }).attach(app.supabase);
    await new Promise((resolve) => setTimeout(resolve));
    return codes;
  });
  await waitForTold(two, 1);
  assertEquals([(await toldOf(one)).told, later], [["session_not_found"], ["session_not_found"]]);
  assertEquals((await toldOf(two)).told, ["no_authorization"]);
  await device.close();
});

for (const storage of ["foreign-promises", "null-while-writing", "one-read-fails"]) {
  Deno.test(`a session stays when its storage has ${storage.replaceAll("-", " ")}`, async () => {
    const { project, browser } = file;
    const device = await deviceOf(browser, sessionOf(-100));
    project.grant = () => html(503);
    const page = await openTab(device, project, `?storage=${storage}`);
    project.grant = null; // the renewal writes
    for (let n = 0; n < 3; n++) assertEquals(await callMe(page), "in");
    await page.waitForFunction(() =>
      (globalThis as unknown as { app: App }).app.kinds.includes("signed_in")
    );
    const { told, kinds } = await toldOf(page);
    assertEquals([told, kinds.includes("signed_out")], [[], false]);
    await device.close();
  });
}

Deno.test("a ban is told as one when the token has run out, and the session works when it is lifted", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => authSays(400, "user_banned");
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  for (const tab of [one, two]) {
    assertEquals(await callMe(tab), "user_banned");
    assert(await storedIn(tab) !== null);
    assertEquals((await toldOf(tab)).told, []);
  }
  project.grant = null;
  assertEquals([await callMe(one), await callMe(two)], ["in", "in"]);
  await device.close();
});

Deno.test("two tabs of a device whose clock is two hours ahead renew once for ten calls", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  const tabs = [];
  for (let n = 0; n < 2; n++) {
    const page = await device.newPage();
    await page.clock.setFixedTime(Date.now() + 7_200_000);
    await page.goto(`${project.url}/`);
    await page.waitForFunction(() => "app" in globalThis);
    tabs.push(page);
  }
  for (let n = 0; n < 5; n++) {
    assertEquals(await Promise.all(tabs.map(callMe)), ["in", "in"]);
  }
  assertEquals(project.count("/auth/v1/token"), 1);
  for (const tab of tabs) {
    assert(await storedIn(tab) !== null);
    assertEquals((await toldOf(tab)).told, []);
  }
  await device.close();
});

Deno.test("a full storage keeps the session until reload, and the call succeeds", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const page = await openTab(device, project);
  await page.evaluate(() => {
    for (let size = 1 << 21; size >= 1; size >>= 1) {
      for (let n = 0;; n++) {
        try {
          localStorage.setItem(`filler-${size}-${n}`, "x".repeat(size));
        } catch {
          break;
        }
      }
    }
  });
  project.grant = () => {
    const session = sessionOf(3600, { more: "x".repeat(5000) }); // does not fit
    return json(200, project.begin(session));
  };
  assertEquals(await callMe(page), "in");
  assertEquals(await callMe(page), "in");
  const { told, errors } = await toldOf(page);
  assertEquals(told, []);
  assert(errors.includes("The session is not stored:"), errors.join());
  await device.close();
});
