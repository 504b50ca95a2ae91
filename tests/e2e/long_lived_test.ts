// Streams, WebSockets and uploads over HTTP, on a stack of this test's own.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { edgeFunction } from "../../shared/mod.ts";
import { fakeAuth } from "../../shared/testing/mod.ts";
import { bootStack } from "../../supabase/local/stack.ts";
import { beginUpload } from "../support/raw_http.ts";
import { createStackClient } from "./scenarios/client.ts";

Deno.test("events() and socket() on the local stack end when the session does", async () => {
  await using stack = await bootStack({ port: 0, functions: ["events", "socket"] });
  const client = createStackClient(stack);
  const { access_token: token } = await client.signUp();
  const url = `${stack.url}/functions/v1`;
  const stream = await fetch(`${url}/events`, { headers: { Authorization: `Bearer ${token}` } });
  assertEquals(stream.headers.get("Content-Type"), "text/event-stream");
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket`, ["echo", `jwt-${token}`]);
  const closed = new Promise<[number, string]>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve([code, reason]);
  });
  await new Promise<unknown>((resolve, reject) => {
    socket.onopen = () => socket.send("tea");
    socket.onmessage = resolve;
    socket.onerror = reject;
  });

  assertEquals((await client.auth("POST", "/logout", { token })).status, 204);

  assertMatch(
    await stream.text(),
    /\nevent: problem\ndata: \{"code":"session_not_found",.*\}\n\n$/,
  );
  assertEquals(await closed, [3000, "session_not_found"]);
  // From now on it does not even open.
  const again = new WebSocket(`${url.replace("http", "ws")}/socket`, ["echo", `jwt-${token}`]);
  assert(
    !await new Promise((resolve) => {
      again.onopen = () => resolve(true);
      again.onclose = () => resolve(false);
    }),
  );
});

Deno.test("edgeFunction() refuses an upload before its body has come, and reads nothing of it", async () => {
  const auth = fakeAuth();
  const bodiesUsed: boolean[] = [];
  const app = edgeFunction("upload", { auth: auth.options });
  app.post("/", async (c) => c.json((await c.req.arrayBuffer()).byteLength));
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, async (request) => {
    const response = await app.fetch(request);
    bodiesUsed.push(request.bodyUsed);
    return response;
  });
  const url = `http://127.0.0.1:${server.addr.port}/upload`;
  const ada = auth.signIn();
  ada.signOut();
  for (
    const [headers, status, code] of [
      [{}, 401, "no_authorization"],
      [{ ...ada.headers }, 401, "session_not_found"],
      [{ Authorization: "Bearer a b" }, 400, "invalid_authorization_header"],
    ] as const
  ) {
    const answer = await beginUpload(url, headers);
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*"code":"${code}"`));
  }
  assertEquals(bodiesUsed, [false, false, false]);
});
