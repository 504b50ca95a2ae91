/// <reference lib="dom" />
// The whole client in a real browser, with tabs: who loses a session, who is told, and when calls go on.
import { assert, assertEquals } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import {
  authSays,
  callMe,
  deviceOf,
  FakeProject,
  openTab,
  refuses,
  sessionOf,
  STORAGE_KEY,
  storedIn,
  toldOf,
} from "./fake_project.ts";
import type { App } from "./fake_project_page.ts";
import { json } from "../../support/server.ts";

let browser: Browser;
let project: FakeProject;
Deno.test.beforeAll(async () => {
  browser = await launchChromium();
});
Deno.test.afterAll(() => browser.close());
Deno.test.beforeEach(() => {
  project = new FakeProject();
});
Deno.test.afterEach(() => project.close());

const html = (status: number) =>
  new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });

/** Waits until something in a tab is so. */
async function until(page: Page, told: number): Promise<void> {
  await page.waitForFunction(
    (told) => (globalThis as unknown as { app: App }).app.told.length >= told,
    told,
  );
}

Deno.test("no answer but Auth's own word ends a session, in a call, in the background, in another tab", async () => {
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
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  await one.evaluate(() => (globalThis as unknown as { app: App }).app.supabase.auth.signOut());
  for (const tab of [one, two]) {
    await until(tab, 1);
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
  const mine = sessionOf(3600);
  const device = await deviceOf(browser, mine);
  project.routes["/functions/v1/me"] = () => refuses("session_not_found");
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  assertEquals(await Promise.all([callMe(one), callMe(one)]), [
    "session_not_found",
    "session_not_found",
  ]);
  await until(two, 1);
  assertEquals((await toldOf(one)).told, ["session_not_found"]);
  assertEquals((await toldOf(two)).told, ["no_authorization"]);
  assertEquals(project.count("/auth/v1/logout"), 0);
  await device.close();
});

Deno.test("a dead refresh token ends the session in the background, told once in each tab", async () => {
  const device = await deviceOf(browser, sessionOf(20)); // about to run out, and still good
  project.grant = () => html(503);
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  project.grant = () => authSays(400, "refresh_token_not_found");
  await one.evaluate((key) => {
    const session = JSON.parse(localStorage.getItem(key) ?? "{}");
    localStorage.setItem(key, JSON.stringify({ ...session, expires_at: 1 }));
    // The background refresh of supabase-js, as it comes every 30 seconds.
    const { auth } = (globalThis as unknown as { app: App }).app.supabase;
    return new Promise((resolve) => setTimeout(resolve, 2100)).then(() => auth.startAutoRefresh());
  }, STORAGE_KEY);
  for (const tab of [one, two]) {
    await until(tab, 1);
    assertEquals((await toldOf(tab)).told.length, 1);
    assertEquals(await storedIn(tab), null);
  }
  await device.close();
});

Deno.test("cleared site data is told in every tab", async () => {
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  assertEquals(await callMe(one), "in");
  await one.evaluate(() => localStorage.clear());
  await until(two, 1); // by the storage's event
  await callMe(one);
  assertEquals((await toldOf(one)).told, ["no_authorization"]);
  assertEquals((await toldOf(two)).told, ["no_authorization"]);
  await device.close();
});

Deno.test("offline: the call waits, and goes on when the device is online again", async () => {
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const page = await openTab(device, project);
  project.grant = null;
  await device.setOffline(true);
  const call = callMe(page);
  await page.waitForFunction(() =>
    (globalThis as unknown as { app: App }).app.outages.at(-1) === 1
  );
  await device.setOffline(false);
  assertEquals(await call, "in");
  assertEquals((await toldOf(page)).outages.at(-1), 0);
  assertEquals((await toldOf(page)).told, []);
  await device.close();
});

Deno.test("a device whose clock is two hours ahead renews once for ten calls", async () => {
  const device = await deviceOf(browser, sessionOf(-100));
  const page = await device.newPage();
  await page.clock.setFixedTime(Date.now() + 7_200_000);
  await page.goto(`${project.url}/`);
  await page.waitForFunction(() => "app" in globalThis);
  for (let n = 0; n < 10; n++) assertEquals(await callMe(page), "in");
  assertEquals(project.count("/auth/v1/token"), 1);
  assert(await storedIn(page) !== null);
  await device.close();
});

Deno.test("ten calls share one dialog, which can be cancelled, and the next call opens another", async () => {
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  let strong = false;
  project.routes["/functions/v1/me"] = () =>
    strong
      ? json(200, '"in"')
      : refuses("insufficient_aal", "credential", { required_aal: "aal2" });
  const page = await openTab(device, project);
  const dialogs = (count: number) =>
    page.waitForFunction(
      (count) => (globalThis as unknown as { app: App }).app.dialogs.length === count,
      count,
    );
  const calls = Promise.all(Array.from({ length: 10 }, () => callMe(page)));
  await dialogs(1);
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.dialogs[0]?.cancel());
  assertEquals(await calls, Array(10).fill("insufficient_aal"));
  const next = callMe(page);
  await dialogs(2);
  strong = true;
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.dialogs[1]?.complete());
  assertEquals(await next, "in");
  await device.close();
});

Deno.test("a redirect to a file is followed", async () => {
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  project.routes["/functions/v1/me"] = () =>
    new Response(null, { status: 303, headers: { location: "/file.txt" } });
  project.routes["/file.txt"] = () =>
    new Response("the file", { headers: { "content-type": "text/plain" } });
  assertEquals(await callMe(await openTab(device, project)), "the file");
  await device.close();
});

Deno.test("a refusal whose body never ends does not hold the call", async () => {
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const beat = new TextEncoder().encode("x");
  const timers: ReturnType<typeof setInterval>[] = [];
  project.routes["/functions/v1/me"] = () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          timers.push(setInterval(() => {
            try {
              controller.enqueue(beat);
            } catch {
              timers.forEach((timer) => clearInterval(timer));
            }
          }, 50));
        },
        cancel: () => timers.forEach((timer) => clearInterval(timer)),
      }),
      { status: 403 },
    );
  assertEquals(
    await callMe(await openTab(device, project, "?patience=1000")),
    "insufficient_scope",
  );
  timers.forEach((timer) => clearInterval(timer));
  await device.close();
});

Deno.test("a full storage keeps the session until reload, and the call succeeds", async () => {
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
  assertEquals((await toldOf(page)).told, []);
  await device.close();
});

Deno.test("a browser as old as Safari 16.4 can do without what it lacks", async () => {
  const device = await deviceOf(browser, sessionOf(-100));
  await device.addInitScript(() => {
    Reflect.deleteProperty(Promise, "withResolvers");
    Reflect.deleteProperty(Response, "json");
    Reflect.deleteProperty(AbortSignal, "any");
    Reflect.deleteProperty(AbortSignal, "timeout");
    Reflect.deleteProperty(globalThis, "reportError");
    Reflect.deleteProperty(Array.prototype, "toSorted");
  });
  assertEquals(await callMe(await openTab(device, project)), "in");
  await device.close();
});
