import { assert, assertEquals, assertMatch } from "@std/assert";
import { edgeFunction, type OnError, ProblemError } from "../../../../shared/mod.ts";
import { MAX_LOG_BYTES } from "../../../../shared/server/internal/log.ts";
import { mask } from "../../../../shared/server/internal/mask.ts";
import { bearer, fakeAuth, logged, token, UPSTREAM_TEXT } from "../../../support/server.ts";

/** What is logged, and what the hook sees, when a handler throws. */
async function thrownBy(thrown: unknown, hook?: (...args: Parameters<OnError>) => unknown) {
  const seen: unknown[] = [];
  const onError: OnError = (error, about) => {
    seen.push([error, about]);
    return hook?.(error, about);
  };
  const app = edgeFunction("f", { public: ["/"], ...(hook && { onError }) });
  app.get("/", () => {
    throw thrown;
  });
  let status = 0;
  const log = await logged(async () => {
    const response = await app.request("/f", { headers: { "X-Request-Id": "r1" } });
    status = response.status;
    await response.body?.cancel();
  });
  return { log, seen, status };
}

Deno.test("edgeFunction() logs an error once: request, name, message, place and causes", async () => {
  const cause = new RangeError("the file has no line 7", { cause: new Error("disk") });
  const { log } = await thrownBy(new TypeError("the report cannot be read", { cause }));
  assertMatch(
    log,
    /^edge-auth: a handler failed \(request r1\): TypeError: the report cannot be read\n/,
  );
  assertMatch(log, /\n {4}at .*log_test\.ts:\d+:\d+/);
  assertMatch(log, /\n {2}caused by RangeError: the file has no line 7\n/);
  assertMatch(log, /\n {2}caused by Error: disk\n/);
  assertEquals(log.match(/a handler failed/g)?.length, 1);
});

Deno.test("edgeFunction() logs a database error with its code and hint, and no refusal", async () => {
  const thrown = {
    code: "42P01",
    message: 'relation "todo" does not exist',
    details: null,
    hint: "todos?",
  };
  const { log } = await thrownBy(thrown);
  assertMatch(log, /object 42P01: relation "todo" does not exist Hint: todos\?/);
  assertEquals((await thrownBy({ ...thrown, code: "23505" })).log, "");
  assertEquals((await thrownBy(new ProblemError("not_found"))).log, "");
  assertMatch(
    // @ts-expect-error: no code of the table
    (await thrownBy(new ProblemError("insufficient_permissions"))).log,
    /insufficient_permissions/,
  );
});

Deno.test("edgeFunction() masks tokens, keys, addresses and values of secret names in the log", async () => {
  const secrets = [
    token(),
    "sb_secret_abc",
    "Authorization: Bearer abc.def",
    "ada@example.com",
    "https://svc.example/u?apikey=hunter2:443:1",
    '{"password":"correct horse battery"}',
    "password=hunter2",
    "postgres://postgres:hunter2@db.example.com/x",
    "ghp_0123456789abcdef",
    "access_token: abc",
    `x`.repeat(10) + "1".repeat(30),
    "ada%40example.com",
  ];
  const hidden = /eyJ|abc|ada|hunter2|horse|0123456789|1111111111/;
  for (const secret of secrets) {
    const framed = new Error("x");
    framed.stack =
      `Error: x\n    at f (https://svc.example/u?apikey=hunter2:443:1)\n    at ${secret}`;
    const named = new Error("x");
    named.name = secret;
    const things = [
      new Error(`it failed with ${secret}`),
      new Error("it failed", { cause: new Error(secret) }),
      `${secret}`,
      { message: secret, code: "42703", details: null, hint: secret },
      new Error(`a\n    at ${secret} (file:///x:1:1)\nb`),
      framed,
      named,
    ];
    for (const thing of things) {
      const { log } = await thrownBy(thing);
      assert(!hidden.test(log), `${secret}\n${log}`);
    }
  }
});

Deno.test("mask() knows a part of a token, however short", () => {
  assertEquals(mask("got eyJhbGci and a.eyJz.b"), "got [masked] and [masked]");
});

Deno.test("mask() leaves what a developer needs", () => {
  for (
    const text of [
      "    at handler (file:///src/functions/todos/index.ts:12:7)",
      "    at Hono.dispatch (https://jsr.example/@hono/hono/4.13.19/mod.ts:3:1)",
      "npm:hono@4.13.19/dist/hono-base.js:1:2",
      'null value in column "user_id" of relation "todos" violates not-null constraint',
      "session 11111111-1111-4111-8111-111111111111 is not there",
      "Cannot read properties of undefined (reading 'createSignedUploadUrl')",
    ]
  ) assertEquals(mask(text), text);
});

Deno.test("edgeFunction() logs at most 8 KB, in a time that grows with the text and no faster", async () => {
  const shapes = [
    "a",
    "@",
    "a@",
    "eyJ.",
    "apikey=",
    '"',
    "Bearer ",
    ":1:1 ",
    "\n    at x:1:1",
    "€",
    "(",
    "?a=1",
  ];
  for (const shape of shapes) {
    const text = shape.repeat(Math.ceil(1_000_000 / shape.length));
    const began = performance.now();
    const { log } = await thrownBy(new Error(text, { cause: new Error(text) }));
    const ms = performance.now() - began;
    assert(new TextEncoder().encode(log).length <= MAX_LOG_BYTES, shape);
    // Quadratic code took 13 s for a fifth of this text.
    assert(ms < 5000, `${JSON.stringify(shape)} took ${ms} ms`);
  }
  // Some libraries add the stack of the cause, with its message, to their own.
  const wrapped = new Error("failed");
  wrapped.stack = `Error: failed\n    at f (file:///f.ts:1:1)\nCaused by: x\n    at ${
    "?".repeat(60_000)
  } x`;
  const began = performance.now();
  await thrownBy(wrapped);
  const ms = performance.now() - began;
  assert(ms < 5000, `${ms} ms`);
});

Deno.test("edgeFunction() hands errors to onError as they came, and lets it switch our line off", async () => {
  const error = new Error(UPSTREAM_TEXT);
  const plain = { code: "42P01", message: "m", details: null, hint: null };
  for (const thrown of [error, plain, "text"]) {
    const { seen, log } = await thrownBy(thrown, () => false);
    assertEquals(seen, [[thrown, { request_id: "r1", code: "internal_error" }]]);
    assertEquals(log, "");
  }
  const kept = [() => undefined, () => Promise.reject(new Error("tracker")), () => {
    throw new Error("tracker");
  }];
  for (const hook of kept) {
    const { log, status } = await thrownBy(error, hook);
    assertEquals([status, log.includes("a handler failed")], [500, true]);
  }
  assertEquals((await thrownBy(new ProblemError("not_found"), () => false)).seen, []);
});

Deno.test("edgeFunction() answers and logs what throws when it is read", async () => {
  const hostile = new Proxy({}, {
    get() {
      throw new Error("no");
    },
    has() {
      throw new Error("no");
    },
  });
  const getters = Object.defineProperty(new Error("x"), "cause", {
    get() {
      throw new Error("no");
    },
  });
  for (const thrown of [hostile, getters, Symbol("x"), () => 1, null, undefined]) {
    const { status, log } = await thrownBy(thrown);
    assertEquals(status, 500);
    assert(log.includes("r1"));
  }
});

Deno.test("edgeFunction() logs six places of a stack, and keeps Server-Timing where a handler throws", async () => {
  const deep = (n: number): never => {
    if (n === 0) throw new Error("deep");
    return deep(n - 1);
  };
  let thrown: unknown;
  try {
    deep(9);
  } catch (error) {
    thrown = error;
  }
  const { log } = await thrownBy(thrown);
  assertEquals(log.match(/^ {4}at /gm)?.length, 6);
  for (const one of [new Error("x"), { code: "42P01", message: "m", details: null, hint: null }]) {
    const app = edgeFunction("f", { auth: fakeAuth().options });
    app.get("/", () => {
      throw one;
    });
    await logged(async () => {
      const response = await app.request("/f", { headers: bearer(token()) });
      assertMatch(response.headers.get("Server-Timing") ?? "", /^auth;desc="check"/);
    });
  }
});
