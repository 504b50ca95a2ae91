// What socket() does with a WebSocket, over a local port, with a Supabase Auth in memory.
import assert from "node:assert/strict";
import { fakeAuth, FakeTime } from "../../shared/testing/mod.ts";
import socket from "./index.ts";

/** Serves the function; `connect` opens a WebSocket to it. */
function serve() {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, (request) => socket.fetch(request));
  const url = `ws://127.0.0.1:${server.addr.port}/socket`;
  return {
    connect(...protocols: string[]) {
      const client = new WebSocket(url, protocols);
      return {
        client,
        /** Whether it opened. */
        opened: new Promise<boolean>((resolve) => {
          client.addEventListener("open", () => resolve(true));
          client.addEventListener("error", () => resolve(false));
        }),
        message: new Promise<unknown>((resolve) => client.onmessage = ({ data }) => resolve(data)),
        closed: new Promise<[number, string]>((resolve) => {
          client.onclose = ({ code, reason }) => resolve([code, reason]);
        }),
      };
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("socket() opens for a caller with a session, and echoes messages", async () => {
  using auth = fakeAuth().install();
  await using server = serve();
  const ada = auth.signIn();

  const { client, opened, message, closed } = server.connect("echo", `jwt-${ada.token}`);
  assert(await opened);
  assert.equal(client.protocol, "echo");
  client.send("tea");

  assert.equal(await message, "tea");
  client.close();
  await closed;
});

Deno.test("socket() does not open for a caller whose session has ended, nor without a token", async () => {
  using auth = fakeAuth().install();
  await using server = serve();
  const ada = auth.signIn();
  ada.signOut();

  assert(!await server.connect("echo", `jwt-${ada.token}`).opened);
  assert(!await server.connect("echo").opened);
});

Deno.test("socket() never answers with the subprotocol that holds the token", async () => {
  using auth = fakeAuth().install();
  await using server = serve();
  const ada = auth.signIn();

  const { client, opened, closed } = server.connect(`jwt-${ada.token}`, "echo");
  assert(await opened);
  assert.equal(client.protocol, "echo");
  client.close();
  await closed;
  assert(!await server.connect(`jwt-${ada.token}`).opened);
});

Deno.test("socket() closes with the code of the problem when the session has ended", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  await using server = serve();
  const ada = auth.signIn();
  const { client, opened, closed, message } = server.connect("echo", `jwt-${ada.token}`);
  assert(await opened);
  client.send("so that the server's end is open too");
  await message;

  ada.signOut();
  await time.tickAsync(5000);

  assert.deepEqual(await closed, [3000, "session_not_found"]);
});

Deno.test("socket() stays open while Auth is down", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  await using server = serve();
  const { client, opened, closed, message } = server.connect(
    "echo",
    `jwt-${auth.signIn().token}`,
  );
  assert(await opened);
  auth.fault = "unavailable";

  await time.tickAsync(20_000);
  client.send("still here");

  assert.equal(await message, "still here");
  assert(auth.checks.length > 3);
  client.close();
  await closed;
});

Deno.test("socket() answers a plain GET with the refusal that a WebSocket would get", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  assert.equal((await socket.fetch(ada.request("/socket"))).status, 204);

  ada.signOut();
  const response = await socket.fetch(ada.request("/socket"));

  assert.equal((await response.json()).code, "session_not_found");
});
