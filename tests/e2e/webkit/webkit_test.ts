// The whole client in WebKit, with tabs, on the fake project of the tests in Chromium: what differs by
// engine is Web Locks, BroadcastChannel, storage events and response streams.
import { assertEquals } from "@std/assert";
import { json } from "../../support/server.ts";
import {
  authSays,
  FakeProject,
  refuses,
  sessionOf,
  STORAGE_KEY,
  type TestSession,
} from "../chromium/fake_project.ts";
import { WebKit } from "./webkit.ts";

let webKit: WebKit;
let project: FakeProject;
Deno.test.beforeAll(async () => {
  webKit = await WebKit.launch();
});
Deno.test.afterAll(() => webKit[Symbol.asyncDispose]());
Deno.test.beforeEach(() => {
  project = new FakeProject(); // another port is another origin, with a storage of its own
});
Deno.test.afterEach(() => project.close());

const html = (status: number) =>
  new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });

/** Stores a session, and opens two tabs. */
async function openTabs(session: TestSession, query = ""): Promise<[string, string]> {
  const seed = await webKit.open(`${project.url}/ping`);
  const value = JSON.stringify(JSON.stringify(session));
  await webKit.run(seed, `localStorage.setItem("${STORAGE_KEY}", ${value})`);
  const open = async () => {
    const tab = await webKit.open(`${project.url}/${query}`);
    await waitFor(tab, "globalThis.app !== undefined");
    return tab;
  };
  return [await open(), await open()];
}

/** Waits until an expression holds in a tab. */
async function waitFor(tab: string, expression: string): Promise<void> {
  await webKit.run(
    tab,
    `while (!(${expression})) await new Promise((resolve) => setTimeout(resolve, 20));`,
  );
}

function callMe(tab: string): Promise<string> {
  return webKit.run(
    tab,
    `const { data, error } = await app.supabase.functions.invoke("me");
    return data ?? app.problemOf(error)?.code ?? String(error);`,
  );
}

const toldOf = (tab: string): Promise<string[]> => webKit.run(tab, "return app.told");
const storedIn = (tab: string): Promise<TestSession | null> =>
  webKit.run(tab, `return JSON.parse(localStorage.getItem("${STORAGE_KEY}"))`);

Deno.test("WebKit keeps the session when Auth has not ended it", async () => {
  for (const answer of [() => html(429), () => html(403), () => html(544), () => json(200, {})]) {
    project.grant = answer;
    const mine = sessionOf(-100);
    const tabs = await openTabs(mine, "?patience=0");
    for (const tab of tabs) {
      assertEquals(await callMe(tab), "auth_unavailable");
      await webKit.run(tab, "await app.supabase.auth.refreshSession()");
      assertEquals((await storedIn(tab))?.refresh_token, mine.refresh_token);
      assertEquals(await toldOf(tab), []);
    }
  }
});

Deno.test("WebKit renews a session once for two tabs", async () => {
  project.grant = () => html(503);
  const [one, two] = await openTabs(sessionOf(-100));
  project.grant = null;
  const before = project.count("/auth/v1/token");
  // Both at once: one is told to by a message, as only one is driven at a time.
  await webKit.run(
    two,
    `globalThis.outcome = undefined;
    new BroadcastChannel("go").onmessage = () =>
      app.supabase.functions.invoke("me").then(({ data }) => globalThis.outcome = data);`,
  );
  await webKit.run(one, `new BroadcastChannel("go").postMessage("")`);
  assertEquals(await callMe(one), "in");
  await waitFor(two, "globalThis.outcome !== undefined");
  assertEquals(await webKit.run(two, "return globalThis.outcome"), "in");
  assertEquals(project.count("/auth/v1/token") - before, 1);
});

Deno.test("WebKit tells each tab once that the user signed out", async () => {
  const [one, two] = await openTabs(project.begin(sessionOf(3600)));
  assertEquals([await callMe(one), await callMe(two)], ["in", "in"]);
  await webKit.run(one, "await app.supabase.auth.signOut()");
  for (const tab of [one, two]) {
    await waitFor(tab, "app.told.length > 0");
    assertEquals(await toldOf(tab), ["no_authorization"]);
  }
});

Deno.test("WebKit tells each tab once that the session ended elsewhere", async () => {
  project.routes["/functions/v1/me"] = () => refuses("session_not_found");
  const [one, two] = await openTabs(sessionOf(3600));
  assertEquals(await callMe(one), "session_not_found");
  await waitFor(two, "app.told.length > 0");
  assertEquals([await toldOf(one), await toldOf(two)], [
    ["session_not_found"],
    ["no_authorization"],
  ]);
  assertEquals(await storedIn(two), null);
});

Deno.test("WebKit tells every tab that the site's data was cleared", async () => {
  const [one, two] = await openTabs(project.begin(sessionOf(3600)));
  assertEquals([await callMe(one), await callMe(two)], ["in", "in"]);
  await webKit.run(one, "localStorage.clear()");
  await callMe(one);
  for (const tab of [one, two]) {
    await waitFor(tab, "app.told.length > 0");
    assertEquals(await toldOf(tab), ["no_authorization"]);
  }
});

Deno.test("WebKit keeps a suspended user signed in, and renews when the ban is lifted", async () => {
  project.grant = () => authSays(400, "user_banned");
  const [one] = await openTabs(sessionOf(-100));
  assertEquals(await callMe(one), "user_banned");
  assertEquals(await toldOf(one), []);
  project.grant = null;
  assertEquals(await callMe(one), "in");
});

Deno.test("WebKit reads a refusal whose body never ends no further than its limit", async () => {
  const stopped = Promise.withResolvers<void>();
  project.routes["/functions/v1/me"] = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
        cancel: () => stopped.resolve(),
      }),
      { status: 403 },
    );
  const [one] = await openTabs(project.begin(sessionOf(3600)));
  assertEquals(await callMe(one), "insufficient_scope");
  await stopped.promise; // the browser has closed the connection
});
