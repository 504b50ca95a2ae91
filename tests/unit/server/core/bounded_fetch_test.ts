import { assert, assertEquals } from "@std/assert";
import { boundedFetch, MAX_ANSWER_BYTES } from "../../../../shared/server/core/bounded_fetch.ts";
import { deferred, FakeTime, SANITIZED, settle } from "../../../support/server.ts";

const fetchOnce = (response: () => Response | Promise<Response>, timeout = 1000) =>
  boundedFetch(() => Promise.resolve(response()), "https://x.example/", {}, timeout);

Deno.test("boundedFetch() keeps the status, headers and text of every answer", async () => {
  const got = await fetchOnce(() =>
    new Response("naïve ☃", { status: 418, headers: { "X-A": "b" } })
  );
  assert(got.kind === "answer");
  assertEquals([got.status, got.headers.get("x-a"), got.text], [418, "b", "naïve ☃"]);
  const empty = await fetchOnce(() => new Response(null, { status: 204 }));
  assert(empty.kind === "answer");
  assertEquals([empty.status, empty.text], [204, ""]);
});

Deno.test("boundedFetch() hands on method, headers and body, and follows no redirect", async () => {
  let seen: RequestInit | undefined;
  await boundedFetch(
    (_url, init) => {
      seen = init;
      return Promise.resolve(new Response());
    },
    "https://x.example/",
    { method: "PUT", body: "x", headers: { a: "b" } },
    1000,
  );
  assertEquals([seen?.method, seen?.body, seen?.redirect], ["PUT", "x", "manual"]);
  assert(seen?.signal instanceof AbortSignal);
});

Deno.test("boundedFetch() joins characters that were cut between two chunks", async () => {
  const bytes = new TextEncoder().encode("a😀b");
  const got = await fetchOnce(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
          controller.close();
        },
      }),
    )
  );
  assert(got.kind === "answer");
  assertEquals(got.text, "a😀b");
});

Deno.test("boundedFetch() reads 2 MiB and no more, and cancels the rest", async () => {
  for (
    const [size, kind] of [[MAX_ANSWER_BYTES, "answer"], [MAX_ANSWER_BYTES + 1, "fault"]] as const
  ) {
    assertEquals((await fetchOnce(() => new Response("x".repeat(size)))).kind, kind);
  }
  let cancelled = false;
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(64 * 1024));
    },
    cancel: () => void (cancelled = true),
  });
  assertEquals(await fetchOnce(() => new Response(endless)), {
    kind: "fault",
    reason: "too_large",
    status: 200,
  });
  assert(cancelled && pulled < 40);
  // Bytes count, not characters.
  const wide = await fetchOnce(() => new Response("☃".repeat(MAX_ANSWER_BYTES / 2)));
  assertEquals(wide, { kind: "fault", reason: "too_large", status: 200 });
});

Deno.test("boundedFetch() reads no body when its Content-Length is too large", async () => {
  const got = await fetchOnce(() =>
    new Response("x".repeat(MAX_ANSWER_BYTES + 1), {
      headers: { "Content-Length": `${MAX_ANSWER_BYTES + 1}` },
    })
  );
  assertEquals(got, { kind: "fault", reason: "too_large", status: 200 });
});

Deno.test("boundedFetch() returns a network fault, and never rejects, when a body breaks or fetch throws", async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.error(new Error("cut")),
  });
  assertEquals(await fetchOnce(() => new Response(broken)), { kind: "fault", reason: "network" });
  const thrown = await boundedFetch(
    () => {
      throw new Error("at once");
    },
    "https://x.example/",
    {},
    1000,
  );
  assertEquals(thrown, { kind: "fault", reason: "network" });
});

Deno.test("boundedFetch() aborts at its timeout, and returns also when fetch ignores the abort signal", async () => {
  using time = new FakeTime();
  let signal: AbortSignal | null | undefined;
  const hung = boundedFetch(
    (_url, init) => {
      signal = init?.signal;
      return deferred<Response>().promise;
    },
    "https://x.example/",
    {},
    50,
  );
  await settle(2);
  time.tick(49);
  assertEquals(signal?.aborted, false);
  time.tick(1);
  assertEquals(await hung, { kind: "fault", reason: "timeout" });
  assertEquals(signal?.aborted, true);
});

Deno.test("boundedFetch() leaves no timer", SANITIZED, async () => {
  const answer = await boundedFetch(
    () => Promise.resolve(new Response("x")),
    "https://a.example",
    {},
    60_000,
  );
  assertEquals(answer.kind, "answer");
});

Deno.test("boundedFetch() reads no more than the bound when Content-Length is wrong", async () => {
  for (const name of ["Transfer-Encoding", "Content-Encoding"]) {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const headers = { "Content-Length": "10", [name]: "chunked" };
    const got = await fetchOnce(() => new Response(endless, { headers }));
    assertEquals(got, { kind: "fault", reason: "too_large", status: 200 });
    assert(pulled < 40, `${pulled} chunks`);
  }
});

Deno.test("boundedFetch() reads no more than the bound when a server sends Content-Length: 10 and chunks", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    const write = (text: string) => connection.write(new TextEncoder().encode(text));
    await write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    try {
      for (let n = 0; n < 1000; n++) await write(chunk);
      return "all of it was read";
    } catch {
      return "the reader hung up";
    } finally {
      connection.close();
    }
  })();
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const got = await boundedFetch(globalThis.fetch, url, {}, 60_000);
  assertEquals(got, { kind: "fault", reason: "too_large", status: 200 });
  assertEquals(await serving, "the reader hung up");
  listener.close();
});
