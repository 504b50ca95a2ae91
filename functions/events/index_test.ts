// What events() sends, with a Supabase Auth in memory and fake time.
import assert from "node:assert/strict";
import { type FakeAuth, fakeAuth, FakeTime, type SignInOptions } from "../../shared/testing/mod.ts";
import events from "./index.ts";

/** Reads a stream of events, one at a time. */
function eventsOf(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    /** The next event, or `undefined` at the end. */
    async next(): Promise<{ event: string; data: unknown } | string | undefined> {
      const { value } = await reader.read();
      const match = value?.match(/^event: (\w+)\ndata: (.*)\n\n$/);
      return match ? { event: match[1]!, data: JSON.parse(match[2]!) } : value;
    },
    cancel: () => reader.cancel(),
  };
}

/** Opens the stream of a new user who has no todos, and reads its first event. */
async function open(auth: FakeAuth, session: SignInOptions = {}) {
  const user = auth.signIn(session);
  auth.onRequest(() => Response.json([]));
  const stream = eventsOf(await events.fetch(user.request("/events")));
  await stream.next();
  return { user, stream };
}

Deno.test("events() sends the todos when it opens and when they have changed", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  let rows: unknown[] | null = [{ id: 1, title: "tea", done: false }];
  auth.onRequest(() =>
    rows === null ? new Response("Bad gateway", { status: 502 }) : Response.json(rows)
  );

  const response = await events.fetch(ada.request("/events"));
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const stream = eventsOf(response);

  assert.deepEqual(await stream.next(), { event: "todos", data: rows });
  await time.tickAsync(5000);
  assert.equal(await stream.next(), ": nothing new\n\n");
  rows = null;
  await time.tickAsync(5000);
  assert.equal(await stream.next(), ": nothing new\n\n");
  rows = [];
  await time.tickAsync(5000);
  assert.deepEqual(await stream.next(), { event: "todos", data: [] });
  await stream.cancel();
});

Deno.test("events() ends with the problem when the session has ended", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  const { user, stream } = await open(auth);

  user.signOut();
  await time.tickAsync(5000);

  const last = await stream.next();
  assert(typeof last === "object");
  const { code, action } = last.data as { code: string; action: string };
  assert.deepEqual([last.event, code, action], ["problem", "session_not_found", "sign_in"]);
  assert.equal(await stream.next(), undefined);
});

Deno.test("events() ends with the action refresh when the token has expired", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  const { stream } = await open(auth, { expiresIn: 1 });

  // The clocks of the function and of Auth may differ by 30 seconds.
  let last = await (await time.tickAsync(5000), stream.next());
  while (typeof last === "string") last = await (await time.tickAsync(5000), stream.next());

  const { code, action } = last?.data as { code: string; action: string };
  assert.deepEqual([code, action], ["token_expired", "refresh"]);
});

Deno.test("events() goes on while Auth is down", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  const { stream } = await open(auth);

  auth.fault = "unavailable";
  await time.tickAsync(5200);
  assert.equal(await stream.next(), ": nothing new\n\n");
  await stream.cancel();
});

Deno.test("events() stops asking Auth when nobody reads any more", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  const { stream } = await open(auth);

  await stream.cancel();
  await time.tickAsync(60_000);

  assert.equal(auth.checks.length, 1);
});

Deno.test("events() opens no stream for a caller whose session has ended", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  ada.signOut();

  const response = await events.fetch(ada.request("/events"));

  assert.equal(response.status, 401);
  assert.equal((await response.json()).code, "session_not_found");
});
