/// <reference lib="dom" />
// Calls in a real browser: how long they wait, what they ask for, and what they are sent again for.
import { assert, assertEquals } from "@std/assert";
import {
  callMe,
  deviceOf,
  openTab,
  projectOfFile,
  refuses,
  runClock,
  sessionOf,
  startCall,
  storedIn,
  toldOf,
  waitForDialogs,
} from "./fake_project.ts";
import type { App } from "./fake_project_page.ts";
import { json } from "../../support/server.ts";

const file = projectOfFile();
const html = (status: number) =>
  new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });

/** Sends headers and no end of the body, until whoever asked is gone. */
function hang(): Response {
  return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
}

Deno.test("offline: the call waits, and goes on when the device is online again", async () => {
  const { project, browser } = file;
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

Deno.test("a call waits no longer than its patience when Auth hangs", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const page = await openTab(device, project, "?patience=30000", Date.now());
  project.grant = hang;
  const call = startCall(page);
  const elapsedMs = await runClock(page, () => call.isDone, 60_000);
  assertEquals(await call.outcome, "auth_unavailable");
  assert(elapsedMs <= 31_000, `${elapsedMs} ms`);
  assert(await storedIn(page) !== null);
  await device.close();
});

Deno.test("a call succeeds within two seconds of the end of an outage, and at once when the page gets the focus", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, sessionOf(-100));
  project.grant = () => html(503);
  const page = await openTab(device, project, "?patience=0", Date.now());
  for (let n = 0; n < 5; n++) {
    const call = startCall(page);
    await runClock(page, () => call.isDone, 20_000);
    assertEquals(await call.outcome, "auth_unavailable");
  }
  await runClock(page, () => false, 20_000);
  project.grant = null;
  const call = startCall(page);
  const elapsedMs = await runClock(page, () => call.isDone, 20_000);
  assertEquals(await call.outcome, "in");
  assert(elapsedMs <= 2500, `${elapsedMs} ms`);

  const other = await openTab(device, project, "", Date.now());
  project.routes["/functions/v1/me"] = () => refuses("auth_unavailable");
  const waiting = startCall(other);
  await other.waitForFunction(() =>
    (globalThis as unknown as { app: App }).app.outages.at(-1) === 1
  );
  delete project.routes["/functions/v1/me"];
  await other.evaluate(() => dispatchEvent(new Event("focus")));
  assertEquals(await waiting.outcome, "in"); // no time went by on its clock
  await device.close();
});

Deno.test("ten calls share one dialog, which can be cancelled, and the next call opens another", async () => {
  const { project, browser } = file;
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

Deno.test("ten calls that want a code share one dialog, and the code is sent with each", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  project.routes["/functions/v1/me"] = async (request) => {
    const { nonce } = await request.json().catch(() => ({}));
    return nonce === "123456" ? json(200, '"in"') : refuses("reauthentication_needed", "handler");
  };
  const page = await openTab(device, project);
  const calls = Promise.all(Array.from({ length: 10 }, () => callMe(page)));
  await waitForDialogs(page, 1);
  await page.evaluate(() =>
    (globalThis as unknown as { app: App }).app.dialogs[0]?.complete({ nonce: "123456" })
  );
  assertEquals(await calls, Array(10).fill("in"));
  assertEquals(
    await page.evaluate(() => (globalThis as unknown as { app: App }).app.dialogs.length),
    1,
  );
  await device.close();
});

Deno.test("a call sent before a factor was confirmed in another tab asks for none", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  const [arrived, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const strong = new Set<string>();
  let calls = 0;
  project.routes["/functions/v1/me"] = async ({ headers }) => {
    if (++calls === 1) {
      arrived.resolve();
      await gate.promise;
    }
    const bearer = headers.get("authorization")?.slice("Bearer ".length) ?? "";
    return strong.has(bearer)
      ? json(200, '"in"')
      : refuses("insufficient_aal", "credential", { required_aal: "aal2" });
  };
  const [one, two] = [await openTab(device, project), await openTab(device, project)];
  const late = startCall(one);
  await arrived.promise;
  const asking = startCall(two);
  await waitForDialogs(two, 1);
  // The verification of a factor gives a new token, which the first tab has not seen.
  const stronger = project.begin(sessionOf(3600, { aal: "aal2" }));
  strong.add(stronger.access_token);
  await two.evaluate(async ([key, value]) => {
    localStorage.setItem(key ?? "", value ?? "");
    await new Promise((resolve) => setTimeout(resolve));
    (globalThis as unknown as { app: App }).app.dialogs[0]?.complete();
  }, ["sb-test-auth-token", JSON.stringify(stronger)]);
  assertEquals(await asking.outcome, "in");
  gate.resolve();
  assertEquals(await late.outcome, "in");
  assertEquals(
    await one.evaluate(() => (globalThis as unknown as { app: App }).app.dialogs.length),
    0,
  );
  await device.close();
});

Deno.test("a token of the future is sent again in a moment, by from()", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  let calls = 0;
  project.routes["/rest/v1/todos"] = () =>
    ++calls < 3
      ? json(401, { code: "PGRST303", message: "JWT issued at future", details: null, hint: null })
      : json(200, ["in"]);
  const page = await openTab(device, project, "", Date.now());
  let data: unknown;
  page.evaluate(async () => {
    const { app } = globalThis as unknown as { app: App };
    return (await app.supabase.from("todos").select()).data;
  }).then((rows) => data = rows).catch(() => {});
  const elapsedMs = await runClock(page, () => data !== undefined, 60_000);
  assertEquals([data, calls, project.count("/auth/v1/token")], [["in"], 3, 0]);
  assert(elapsedMs <= 10_000, `${elapsedMs} ms`);
  await device.close();
});

Deno.test("the whole client renews when PostgREST, Storage or a gateway refuses its token", async () => {
  const { project, browser } = file;
  const refusals = {
    "/rest/v1/todos": () =>
      json(401, { code: "PGRST303", message: "JWT expired", details: null, hint: null }),
    "/storage/v1/object/files/a.txt": () =>
      json(400, {
        statusCode: "403",
        error: "Unauthorized",
        message: '"exp" claim timestamp check failed',
      }),
    "/functions/v1/me": () => json(401, { msg: "Invalid JWT" }),
  };
  for (const [path, refusal] of Object.entries(refusals)) {
    // The server says that the token has run out, and this device does not know.
    const device = await deviceOf(browser, sessionOf(1800));
    const renewed = new Set<string>();
    project.grant = () => {
      const session = project.begin(sessionOf(3600));
      renewed.add(session.access_token);
      return json(200, session);
    };
    project.routes[path] = ({ headers }) =>
      renewed.has(headers.get("authorization")?.slice("Bearer ".length) ?? "")
        ? json(200, ["in"])
        : refusal();
    const page = await openTab(device, project);
    const before = project.count("/auth/v1/token");
    const error = await page.evaluate(async (path) => {
      const { supabase } = (globalThis as unknown as { app: App }).app;
      const calls: Readonly<Record<string, () => PromiseLike<{ error: unknown }>>> = {
        "/rest/v1/todos": () => supabase.from("todos").select(),
        "/storage/v1/object/files/a.txt": () => supabase.storage.from("files").download("a.txt"),
        "/functions/v1/me": () => supabase.functions.invoke("me"),
      };
      return String((await calls[path]?.())?.error);
    }, path);
    assertEquals([path, error, project.count("/auth/v1/token") - before], [path, "null", 1]);
    await device.close();
  }
});

Deno.test("a redirect to a file is followed", async () => {
  const { project, browser } = file;
  const device = await deviceOf(browser, project.begin(sessionOf(3600)));
  project.routes["/functions/v1/me"] = () =>
    new Response(null, { status: 303, headers: { location: "/file.txt" } });
  project.routes["/file.txt"] = () =>
    new Response("the file", { headers: { "content-type": "text/plain" } });
  assertEquals(await callMe(await openTab(device, project)), "the file");
  await device.close();
});

Deno.test("a refusal whose body never ends does not hold the call", async () => {
  const { project, browser } = file;
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

Deno.test("a browser as old as Safari 16.4 can do without what it lacks", async () => {
  const { project, browser } = file;
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
