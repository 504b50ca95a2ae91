// WebSockets of functions on the local stack: the function in its worker, the client over HTTP.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";

/** Serves one function, and runs a test with the URL of it. */
async function withFunction(
  code: string,
  run: (url: string, stack: RunningStack, root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/functions/it`, { recursive: true });
  await Deno.writeTextFile(`${root}/functions/it/index.ts`, code);
  await Deno.mkdir(`${root}/supabase`);
  await Deno.writeTextFile(
    `${root}/supabase/config.toml`,
    "[functions.it]\nverify_jwt = false\n",
  );
  try {
    await using stack = await bootStack({ port: 0, root });
    await run(`${stack.url.replace("http", "ws")}/functions/v1/it`, stack, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** A WebSocket, what came over it, and how it ended. */
interface Client {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  /** Waits for the next message. */
  next(): Promise<unknown>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

function connect(url: string, protocols?: string | string[]): Client {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  let arrived = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    messages.push(data);
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  return {
    socket,
    opened: new Promise((resolve) => socket.onopen = () => resolve()),
    closed: new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    }),
    async next() {
      while (messages.length === 0) await arrived.promise;
      return messages.shift();
    },
  };
}

const ECHO = `export default { fetch(request) {
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "b" });
  socket.onopen = () => socket.send("open " + socket.readyState + " " + socket.protocol);
  socket.addEventListener("message", ({ data }) => {
    if (data === "close") socket.close(3000, "told to");
    else if (data === "end") socket.close();
    else socket.send(data);
  });
  return response;
} }`;

Deno.test("bootStack() passes messages to a function's WebSocket and back, text and bytes", () =>
  withFunction(ECHO, async (url) => {
    const client = connect(url, ["a", "b"]);
    await client.opened;
    assertEquals(client.socket.protocol, "b");
    assertEquals(await client.next(), "open 1 b");
    client.socket.send("tea");
    assertEquals(await client.next(), "tea");
    client.socket.send(new Uint8Array([1, 2, 3]).subarray(1));
    assertEquals(new Uint8Array(await client.next() as ArrayBuffer), new Uint8Array([2, 3]));
    client.socket.close();
    await client.closed;
  }));

Deno.test("bootStack() closes a WebSocket with the code and reason of the function", () =>
  withFunction(ECHO, async (url) => {
    const client = connect(url, "b");
    await client.opened;
    client.socket.send("close");
    assertEquals(await client.closed, { code: 3000, reason: "told to" });
    const other = connect(url, "b");
    await other.opened;
    other.socket.send("end");
    assertEquals((await other.closed).code, 1005);
  }));

Deno.test("bootStack() tells a function how its WebSocket was closed", () =>
  withFunction(
    `let closed = Promise.withResolvers(); export default { async fetch(request) {
      if (!request.headers.has("upgrade")) return Response.json(await closed.promise);
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onclose = ({ code, reason }) => closed.resolve({ code, reason, state: socket.readyState });
      return response;
    } }`,
    async (url) => {
      const client = connect(url);
      await client.opened;
      client.socket.close(4001, "bye");
      const answer = await fetch(url.replace("ws", "http"));
      assertEquals(await answer.json(), { code: 4001, reason: "bye", state: 3 });
      await client.closed;
    },
  ));

Deno.test("bootStack() closes the WebSockets of a function that crashes", () =>
  withFunction(
    ECHO.replace('data === "end"', 'data === "crash"').replace("socket.close()", "boom()"),
    async (url) => {
      const client = connect(url, "b");
      await client.opened;
      client.socket.send("crash");
      assertEquals(await client.closed, { code: 1012, reason: "the function has ended" });
    },
  ));

Deno.test("bootStack() closes every WebSocket when it is closed, and does not wait for them", async () => {
  let client: Client | undefined;
  await withFunction(ECHO, async (url) => {
    client = connect(url, "b");
    await client.opened;
  });
  assert([1001, 1012].includes((await client!.closed).code));
});

Deno.test("bootStack() refuses what Deno.upgradeWebSocket() refuses", () =>
  withFunction(
    `export default { fetch(request) {
      try {
        return Deno.upgradeWebSocket(request, { protocol: "b" }).response;
      } catch (error) {
        return Response.json(String(error), { status: 400 });
      }
    } }`,
    async (url) => {
      const plain = await fetch(url.replace("ws", "http"));
      assertStringIncludes(await plain.json(), "'upgrade' header must contain 'websocket'");
      const client = connect(url, ["a"]);
      await client.closed;
      assert(client.socket.readyState === WebSocket.CLOSED);
      assertEquals(client.socket.protocol, "");
    },
  ));

Deno.test("bootStack() fails as the edge runtime where a function changes the headers of an upgrade", () =>
  withFunction(
    `export default { fetch(request) {
      const { socket, response } = Deno.upgradeWebSocket(request);
      try {
        response.headers.set("x-own", "yes");
      } catch (error) {
        socket.onopen = () => socket.send(String(error));
      }
      return response;
    } }`,
    async (url) => {
      const client = connect(url);
      assertEquals(await client.next(), "TypeError: Cannot change headers: headers are immutable");
      client.socket.close();
      await client.closed;
    },
  ));

Deno.test("bootStack() answers without a port that it cannot open a WebSocket", () =>
  withFunction(ECHO, async (url, stack) => {
    const headers = {
      host: new URL(stack.url).host,
      upgrade: "websocket",
      "sec-websocket-protocol": "b",
    };
    const answer = await stack.fetch(new Request(url.replace("ws", "http"), { headers }));
    assertEquals(answer.status, 501);
    await answer.body?.cancel();
  }));
