import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import {
  type Answer,
  ask,
  isApiKeyRefusal,
  MAX_BODY,
  readAuthError,
  readObject,
  retryAfter,
} from "../../../../shared/server/core/auth_answer.ts";
import { deferred, SANITIZED, settle } from "../../../support/server.ts";

const answer = (
  status: number,
  text: string,
  headers: Record<string, string> = { "Content-Type": "application/json" },
): Answer => ({ kind: "answer", status, headers: new Headers(headers), text });

const askOf = (response: () => Response | Promise<Response>, timeout = 1000) =>
  ask(() => Promise.resolve(response()), "https://x.example/", {}, timeout);

Deno.test("ask() keeps status, headers and text of whatever comes", async () => {
  const got = await askOf(() => new Response("naïve ☃", { status: 418, headers: { "X-A": "b" } }));
  assert(got.kind === "answer");
  assertEquals([got.status, got.headers.get("x-a"), got.text], [418, "b", "naïve ☃"]);
  const empty = await askOf(() => new Response(null, { status: 204 }));
  assert(empty.kind === "answer");
  assertEquals([empty.status, empty.text], [204, ""]);
});

Deno.test("ask() hands on method, headers and body, and follows no redirect", async () => {
  let seen: RequestInit | undefined;
  await ask(
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

Deno.test("ask() joins characters that were cut between two chunks", async () => {
  const bytes = new TextEncoder().encode("a😀b");
  const got = await askOf(() =>
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

Deno.test("ask() reads 256 KiB and not a byte more, and lets go of the rest", async () => {
  for (const [size, kind] of [[MAX_BODY, "answer"], [MAX_BODY + 1, "fault"]] as const) {
    assertEquals((await askOf(() => new Response("x".repeat(size)))).kind, kind);
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
  assertEquals(await askOf(() => new Response(endless)), { kind: "fault", reason: "too_large" });
  assert(cancelled && pulled < 10);
  // Bytes count, not characters.
  const wide = await askOf(() => new Response("☃".repeat(MAX_BODY / 2)));
  assertEquals(wide, { kind: "fault", reason: "too_large" });
});

Deno.test("ask() reads no body whose length is told to be too much", async () => {
  const got = await askOf(() =>
    new Response("x".repeat(MAX_BODY + 1), { headers: { "Content-Length": `${MAX_BODY + 1}` } })
  );
  assertEquals(got, { kind: "fault", reason: "too_large" });
});

Deno.test("ask() never rejects: a body that breaks is a network fault", async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.error(new Error("cut")),
  });
  assertEquals(await askOf(() => new Response(broken)), { kind: "fault", reason: "network" });
  const thrown = await ask(
    () => {
      throw new Error("at once");
    },
    "https://x.example/",
    {},
    1000,
  );
  assertEquals(thrown, { kind: "fault", reason: "network" });
});

Deno.test("ask() aborts what takes too long, and answers also if nobody listens to that", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let signal: AbortSignal | null | undefined;
    const hung = ask(
      (_url, init) => {
        signal = init?.signal;
        return deferred<Response>().promise;
      },
      "https://x.example/",
      {},
      50,
    );
    await settle(2);
    mock.timers.tick(49);
    assertEquals(signal?.aborted, false);
    mock.timers.tick(1);
    assertEquals(await hung, { kind: "fault", reason: "timeout" });
    assertEquals(signal?.aborted, true);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("readAuthError() reads both wire shapes, the body first and the header second", () => {
  const header = { "Content-Type": "application/json", "x-sb-error-code": "from_header" };
  const code = (body: unknown, headers?: Record<string, string>) =>
    readAuthError(answer(403, JSON.stringify(body), headers))?.code ?? null;
  assertEquals(code({ code: 403, error_code: "old", msg: "x" }), "old");
  assertEquals(code({ code: "new", message: "x" }), "new");
  assertEquals(code({ code: "new", message: "x" }, header), "new");
  assertEquals(code({ code: 403, error_code: "old", msg: "x" }, header), "old");
  assertEquals(code({}, header), "from_header");
  assertEquals(code({ code: 500, msg: "x" }, header), "from_header");
  for (
    const body of [
      {},
      null,
      [],
      "text",
      { code: "no_message" },
      { error_code: "no_msg" },
      { code: 403, message: "x" },
      { code: "Bad-Code", message: "x" },
      { code: "__proto__", message: "x" },
      { code: "a\n", message: "x" },
      { code: "x".repeat(65), message: "x" },
      { code: "", message: "x" },
      { error: "invalid_grant", error_description: "x" },
    ]
  ) assertEquals([body, code(body)], [body, null]);
  assertEquals(code({ code: "fine", message: "x" }, { "Content-Type": "text/html" }), null);
  assertEquals(readAuthError({ kind: "fault", reason: "network" }), null);
});

Deno.test("readAuthError() reads the reasons of a weak password, and only texts", () => {
  const reasons = (weak_password: unknown) =>
    readAuthError(
      answer(422, JSON.stringify({ code: "weak_password", message: "x", weak_password })),
    )?.reasons;
  assertEquals(reasons({ reasons: ["length", 5, null, "pwned"] }), ["length", "pwned"]);
  for (const wrong of [undefined, null, {}, { reasons: "length" }, "length"]) {
    assertEquals(reasons(wrong), []);
  }
});

Deno.test("readObject() wants JSON by type and by text", () => {
  const types = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.x+json",
  ];
  for (const type of types) {
    assertEquals(readObject(answer(200, '{"a":1}', { "Content-Type": type })), { a: 1 });
  }
  for (
    const type of ["text/plain", "text/json", "application/jsonp", "application/javascript", ""]
  ) {
    assertEquals(readObject(answer(200, '{"a":1}', { "Content-Type": type })), null);
  }
  assertEquals(readObject(answer(200, '{"a":1}', {})), null);
  for (const text of ["", "null", "[1]", "1", '"a"', "{", "true", "<html>"]) {
    assertEquals(readObject(answer(200, text)), null);
  }
});

Deno.test("isApiKeyRefusal() knows the gateway's sentence, and takes Auth's codes for Auth", () => {
  const is = (status: number, body: unknown) =>
    isApiKeyRefusal(answer(status, JSON.stringify(body)));
  assert(is(401, { message: "Invalid API key", hint: "x" }));
  assert(is(403, { message: "No API key found in request" }));
  assert(!is(400, { message: "Invalid API key" }));
  assert(!is(500, { message: "Invalid API key" }));
  assert(!is(401, { message: "Unauthorized" }));
  assert(!is(401, { message: 5 }));
  assert(!is(401, { code: "bad_jwt", message: "Invalid API key" }));
  assert(!isApiKeyRefusal(answer(401, "Invalid API key", { "Content-Type": "text/plain" })));
  assert(!isApiKeyRefusal({ kind: "fault", reason: "network" }));
});

Deno.test("retryAfter() reads seconds and HTTP dates, from one second to an hour", () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-11-23T12:00:00Z") });
  try {
    const read = (value: string) => retryAfter(answer(429, "", { "Retry-After": value }));
    assertEquals([read("7"), read(" 7 "), read("007")], [7, 7, 7]);
    assertEquals([read("3600"), read("3601"), read("9".repeat(400))], [3600, 3600, 3600]);
    assertEquals(read("Mon, 23 Nov 2026 12:00:30 GMT"), 30);
    assertEquals(read("Tue, 24 Nov 2026 12:00:30 GMT"), 3600);
    for (const garbage of ["", "-5", "1.5", "soon 5", "5, 5", "1e3", "0x10"]) {
      assertEquals([garbage, read(garbage)], [garbage, undefined]);
    }
    assert((read("0") ?? 0) >= 1 && (read("Sun, 22 Nov 2026 12:00:00 GMT") ?? 0) >= 1);
    assertEquals(retryAfter(answer(429, "")), undefined);
    assertEquals(retryAfter({ kind: "fault", reason: "network" }), undefined);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("ask() leaves no timer", SANITIZED, async () => {
  const answer = await ask(
    () => Promise.resolve(new Response("x")),
    "https://a.example",
    undefined,
    60_000,
  );
  assertEquals(answer.kind, "answer");
});
