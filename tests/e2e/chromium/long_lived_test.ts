// Server-sent events and WebSockets of functions, from a page of another origin, as the browser's
// page of the documentation reads them. What ends them, and what does not.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { bundle } from "../../../supabase/local/bundle.ts";
import { problem } from "../../../shared/problems/problem.ts";
import { decodeClaims } from "../../../supabase/local/jwt.ts";
import { createStackClient } from "../scenarios/client.ts";
import type { App } from "./long_lived_page.ts";
import { newDevice, placeOfFile } from "./visit.ts";

const place = placeOfFile();
let site: Deno.HttpServer<Deno.NetAddr>;
Deno.test.beforeAll(() => {
  site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const isScript = new URL(request.url).pathname === "/app.js";
    const entry = new URL("long_lived_page.ts", import.meta.url);
    const text = isScript
      ? await bundle(entry, false, "tests/deno.lock")
      : `<!doctype html><title>A page</title><script type="module" src="/app.js"></script>`;
    const type = isScript ? "text/javascript" : "text/html";
    return new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });
  });
});
Deno.test.afterAll(() => site.shutdown());

/** A page on which a new user is signed in, and the token. */
async function openSignedIn(): Promise<{ page: Page; token: string }> {
  const page = await (await newDevice(place)).newPage();
  const { url, keys } = place.stack;
  const query = new URLSearchParams({ url, key: keys.publishable });
  await page.goto(`http://127.0.0.1:${site.addr.port}/?${query}`);
  await page.waitForFunction(() => "app" in globalThis);
  const token = await page.evaluate(async () => {
    const { supabase } = (globalThis as unknown as { app: App }).app;
    const email = `${crypto.randomUUID()}@example.com`;
    const { data, error } = await supabase.auth.signUp({ email, password: crypto.randomUUID() });
    if (error) throw error;
    return data.session!.access_token;
  });
  return { page, token };
}

/** Ends a session, as another device or an administrator does. */
async function endSession(token: string): Promise<void> {
  await place.stack.store.endSession(String(decodeClaims(token).session_id));
}

/** What the page has of a list, once it has so many. */
async function untilCount(
  page: Page,
  list: "signedOut" | "events" | "messages" | "closes" | "endings",
  count: number,
): Promise<string[]> {
  const all = await page.waitForFunction(([list, count]) => {
    const found = (globalThis as unknown as { app: App }).app[list];
    return found.length >= count ? found : null;
  }, [list, count] as const);
  return (await all.jsonValue())!;
}

/** Answers the next request for events with a stream that has ended. */
async function answerOnce(page: Page, body: string): Promise<void> {
  const headers = { "access-control-allow-origin": "*", "content-type": "text/event-stream" };
  const answer = { status: 200, headers, body };
  await page.route("**/functions/v1/events", (route) => route.fulfill(answer), { times: 1 });
}

const hasSession = (page: Page) =>
  page.evaluate(async () => {
    const { supabase } = (globalThis as unknown as { app: App }).app;
    return (await supabase.auth.getSession()).data.session !== null;
  });

Deno.test("a page that reads events is signed out when its session ends elsewhere", async () => {
  const { page, token } = await openSignedIn();
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.read());
  assertEquals(await untilCount(page, "events", 1), ["[]"]);

  await endSession(token);

  assertEquals(await untilCount(page, "signedOut", 1), ["session_not_found"]);
  assertEquals(await untilCount(page, "endings", 1), ["events session_not_found"]);
  assertEquals(await hasSession(page), false);
  await page.context().close();
});

Deno.test("a page that reads events refreshes its token when that has expired, and goes on", async () => {
  const { page, token } = await openSignedIn();
  const now = Math.floor(Date.now() / 1000);
  const claims = { iat: now - 3600, exp: now - 60 };
  const expired = await createStackClient(place.stack).withClaims(token, claims);
  // The clock of the page is late: so supabase-js does not refresh before the function has said it.
  await page.evaluate((expired) => {
    const key = Object.keys(localStorage).find((key) => key.endsWith("-auth-token"))!;
    const session = { ...JSON.parse(localStorage.getItem(key)!), access_token: expired };
    localStorage.setItem(key, JSON.stringify(session));
  }, expired);
  // The end of a stream that began while the token was alive.
  const data = JSON.stringify(problem("token_expired", "credential", { request_id: "r1" }));
  const body = `event: todos\ndata: old\n\nevent: problem\ndata: ${data}\n\n`;
  await answerOnce(page, body);
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.read());

  assertEquals(await untilCount(page, "events", 2), ["old", "[]"]);

  const tokens = await page.evaluate(async () => {
    const { supabase, signedOut } = (globalThis as unknown as { app: App }).app;
    const { data } = await supabase.auth.getSession();
    return [data.session?.access_token, signedOut.join()];
  });
  assert(![undefined, expired].includes(tokens[0]));
  assertEquals(tokens[1], "");
  await page.context().close();
});

Deno.test("a page that reads events goes on while Auth is down, and is not signed out", async () => {
  const { page } = await openSignedIn();
  const streams: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/functions/v1/events") && request.method() === "GET") {
      streams.push(request.url());
    }
  });
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.read());
  await untilCount(page, "events", 1);

  place.stack.faults.mode = "off";
  try {
    await page.evaluate(async () => {
      const { supabase } = (globalThis as unknown as { app: App }).app;
      const { data } = await supabase.auth.getSession();
      const row = { title: "tea", user_id: data.session!.user.id };
      const { error } = await supabase.from("todos").insert(row);
      if (error) throw error;
    });
    // The next event comes behind a check that Auth did not answer.
    const [, second] = await untilCount(page, "events", 2);
    assertMatch(String(second), /"title":"tea"/);
  } finally {
    place.stack.faults.mode = "on";
  }
  assertEquals([streams.length, await hasSession(page)], [1, true]);
  await page.context().close();
});

Deno.test("a page that reads events connects again when the stream breaks", async () => {
  const { page } = await openSignedIn();
  // It ends as that of a worker which the platform retires: without a word.
  await answerOnce(page, "event: todos\ndata: old\n\n");
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.read());
  assertEquals(await untilCount(page, "events", 2), ["old", "[]"]);
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.stop());
  assertEquals(await untilCount(page, "endings", 1), ["events done"]);
  await page.context().close();
});

Deno.test("a page with a WebSocket is signed out when its session ends elsewhere", async () => {
  const { page, token } = await openSignedIn();
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.connect());
  const opened = await page.waitForFunction(() => {
    const [socket] = (globalThis as unknown as { app: App }).app.sockets;
    socket?.send("tea");
    return socket && [socket.protocol, socket.url];
  });
  const [protocol, url] = (await opened.jsonValue())!;
  // Neither in the answer nor in the address, which servers write down.
  assertEquals([protocol, new URL(url!).search], ["echo", ""]);
  assertEquals(await untilCount(page, "messages", 1), ["tea"]);

  await endSession(token);

  assertEquals(await untilCount(page, "closes", 1), ["3000 session_not_found"]);
  assertEquals(await untilCount(page, "signedOut", 1), ["session_not_found"]);
  assertEquals(await untilCount(page, "endings", 1), ["socket session_not_found"]);
  assertEquals(await hasSession(page), false);
  await page.context().close();
});

Deno.test("a WebSocket does not open for a session that has ended, nor for a token of nobody", async () => {
  const { page, token } = await openSignedIn();
  const opens = (token: string | null) =>
    page.evaluate(([url, token]) => {
      const protocols = token === null ? ["echo"] : ["echo", `jwt-${token}`];
      const socket = new WebSocket(`${url!.replace("http", "ws")}/functions/v1/socket`, protocols);
      return new Promise((resolve) => {
        socket.onopen = () => (socket.close(), resolve("open"));
        socket.onclose = ({ code }) => resolve(code);
      });
    }, [place.stack.url, token]);
  assertEquals(await opens(token), "open");
  await endSession(token);
  assertEquals([await opens(token), await opens(null), await opens("a.b.c")], [1006, 1006, 1006]);

  // The page finds out by a request, and recovers from what that says.
  await page.evaluate(() => (globalThis as unknown as { app: App }).app.connect());
  assertEquals(await untilCount(page, "signedOut", 1), ["session_not_found"]);
  await page.context().close();
});

Deno.test("a page that uploads 10 MB is signed out when its session has ended", async () => {
  const { page, token } = await openSignedIn();
  await endSession(token);
  const { code, action } = await page.evaluate(async () => {
    const { supabase, problemOf } = (globalThis as unknown as { app: App }).app;
    const body = new Blob([new Uint8Array(10_000_000)]);
    const { error } = await supabase.functions.invoke("todos", { body });
    return problemOf(error) ?? { code: String(error), action: "" };
  });
  assertEquals([code, action], ["session_not_found", "sign_in"]);
  assertEquals(await untilCount(page, "signedOut", 1), ["session_not_found"]);
  await page.context().close();
});
