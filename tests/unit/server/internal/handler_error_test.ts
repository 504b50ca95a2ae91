import { assert, assertEquals } from "@std/assert";
import {
  AuthApiError,
  AuthInvalidCredentialsError,
  AuthInvalidJwtError,
  AuthPKCECodeVerifierMissingError,
  AuthRetryableFetchError,
  AuthSessionMissingError,
  AuthUnknownError,
  AuthWeakPasswordError,
  createClient,
  StorageApiError,
} from "@supabase/supabase-js";
import { basicAuth } from "hono/basic-auth";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import * as mini from "zod/mini";
import { z as z3 } from "zod/v3";
import { edgeFunction, ProblemError } from "../../../../shared/mod.ts";
import {
  fromThrown,
  relay,
  weakPassword,
} from "../../../../shared/server/internal/handler_error.ts";
import {
  assertRefusal,
  bearer,
  fakeAuth,
  json,
  logged,
  token,
  UPSTREAM_TEXT,
} from "../../../support/server.ts";

const codeOf = (thrown: unknown) => fromThrown(thrown).code;

Deno.test("fromThrown() keeps the code of an AuthApiError, known or new", () => {
  for (const code of ["email_exists", "session_not_found", "user_not_found", "brand_new_code"]) {
    assertEquals(codeOf(new AuthApiError(UPSTREAM_TEXT, 422, code)), code);
  }
});

Deno.test("fromThrown() finds the code that a class of supabase-js has lost", () => {
  const cases: [unknown, string][] = [
    [new AuthSessionMissingError(), "session_not_found"],
    [new AuthRetryableFetchError(UPSTREAM_TEXT, 0), "auth_unavailable"],
    [new AuthRetryableFetchError(UPSTREAM_TEXT, 504), "auth_unavailable"],
    [new AuthUnknownError(UPSTREAM_TEXT, new Error("x")), "auth_unavailable"],
    [new AuthInvalidCredentialsError(UPSTREAM_TEXT), "invalid_credentials"],
    [new AuthInvalidJwtError(UPSTREAM_TEXT), "bad_jwt"],
    [new AuthPKCECodeVerifierMissingError(), "bad_code_verifier"],
    [new AuthApiError(UPSTREAM_TEXT, 429, undefined), "over_request_rate_limit"],
    [new AuthApiError("Invalid API key", 401, undefined), "auth_misconfigured"],
    [new AuthApiError(UPSTREAM_TEXT, 400, undefined), "validation_failed"],
    [new AuthApiError(UPSTREAM_TEXT, 500, undefined), "auth_unavailable"],
  ];
  for (const [thrown, code] of cases) assertEquals([thrown, codeOf(thrown)], [thrown, code]);
});

Deno.test("fromThrown() turns the reasons of a weak password into issues", () => {
  const { code, details } = fromThrown(
    new AuthWeakPasswordError(UPSTREAM_TEXT, 422, ["length", "characters", "pwned"]),
  );
  assertEquals(code, "weak_password");
  assertEquals(details.issues?.map(({ path, code }) => [path, code]), [
    [["password"], "length"],
    [["password"], "characters"],
    [["password"], "pwned"],
  ]);
  assertEquals(weakPassword([]).details, {});
  assertEquals(weakPassword(["new_reason"]).details.issues?.[0]?.code, "new_reason");
});

Deno.test("fromThrown() reads PostgREST's codes, SQLSTATEs and their classes", () => {
  const cases: Record<string, string> = {
    PGRST116: "not_found",
    PGRST301: "auth_misconfigured",
    PGRST303: "unexpected_failure",
    PGRST003: "request_timeout",
    PGRST000: "unexpected_failure",
    "23505": "validation_failed",
    "23503": "validation_failed",
    "23514": "validation_failed",
    "22P02": "validation_failed",
    "22001": "validation_failed",
    "42501": "insufficient_scope",
    "42P01": "internal_error",
    "42703": "internal_error",
    "40001": "conflict",
    "40P01": "conflict",
    "57014": "request_timeout",
    "57P01": "unexpected_failure",
    "53300": "unexpected_failure",
    "08006": "unexpected_failure",
    P0001: "validation_failed",
    P0002: "not_found",
    XX000: "internal_error",
    PGRST999: "internal_error",
    "": "unexpected_failure",
    constructor: "internal_error",
    toString: "internal_error",
    hasOwnProperty: "internal_error",
  };
  for (
    const [code, expected] of [...Object.entries(cases), ["__proto__", "internal_error"] as const]
  ) {
    const plain = { code, message: UPSTREAM_TEXT, details: UPSTREAM_TEXT, hint: null };
    assertEquals([code, codeOf(plain)], [code, expected]);
    assertEquals([code, codeOf(Object.assign(new Error("x"), plain))], [code, expected]);
  }
});

Deno.test("fromThrown() knows what supabase-js makes of a gateway's page or wrong key", () => {
  assertEquals(codeOf({ message: "<html>502 Bad Gateway</html>" }), "unexpected_failure");
  assertEquals(codeOf({ message: "Invalid API key", hint: UPSTREAM_TEXT }), "auth_misconfigured");
  assertEquals(codeOf({ message: "x", name: "y" }), "internal_error");
});

Deno.test("fromThrown() goes by what Storage means, not by the status it comes with", async () => {
  const cases = [
    [400, "404", "not_found"],
    [400, "403", "insufficient_scope"],
    [400, "409", "conflict"],
    [400, "413", "request_entity_too_large"],
    [400, "InvalidKey", "validation_failed"],
    [404, "NoSuchKey", "not_found"],
    [403, "", "insufficient_scope"],
    [429, "429", "over_request_rate_limit"],
    [500, "500", "unexpected_failure"],
    [503, "503", "unexpected_failure"],
    [504, "504", "request_timeout"],
    [544, "DatabaseTimeout", "unexpected_failure"],
  ] as const;
  for (const [status, statusCode, expected] of cases) {
    const thrown = new StorageApiError(UPSTREAM_TEXT, status, statusCode);
    assertEquals([status, statusCode, codeOf(thrown)], [status, statusCode, expected]);
  }
  const offline = createClient("https://project.example", "k", {
    auth: { autoRefreshToken: false, persistSession: false },
    global: { fetch: () => Promise.reject(new TypeError("offline")) },
  });
  const { error } = await offline.storage.from("photos").list();
  assertEquals(codeOf(error), "unexpected_failure");
  assertEquals(codeOf(new StorageApiError("Invalid API key", 401, "401")), "auth_misconfigured");
});

Deno.test("fromThrown() keeps the 4xx status of an HTTPException, of any copy of Hono", () => {
  class OtherCopy extends Error {
    constructor(readonly status: number, readonly options: { res: Response; message: string }) {
      super(options.message);
    }
    get res() {
      return this.options.res;
    }
    getResponse = () => this.options.res;
  }
  const cases = [
    [400, "validation_failed", 400],
    [401, "insufficient_scope", undefined], // somebody was admitted: 403 is the code's own status
    [402, "validation_failed", 402],
    [403, "insufficient_scope", 403],
    [404, "not_found", 404],
    [405, "method_not_allowed", 405],
    [409, "conflict", 409],
    [410, "validation_failed", 410],
    [413, "request_entity_too_large", 413],
    [415, "validation_failed", 415],
    [418, "validation_failed", 418],
    [422, "validation_failed", 422],
    [423, "validation_failed", 423],
    [429, "over_request_rate_limit", 429],
    [500, "internal_error", undefined],
    [503, "unexpected_failure", undefined],
    [504, "request_timeout", undefined],
  ] as const;
  for (const [status, code, kept] of cases) {
    const options = { message: UPSTREAM_TEXT, res: new Response("x") };
    for (
      const thrown of [new HTTPException(status as 400, options), new OtherCopy(status, options)]
    ) {
      const problem = fromThrown(thrown);
      assertEquals([status, problem.code, problem.status], [status, code, kept]);
    }
  }
  assertEquals(codeOf(new OtherCopy(200, { message: "", res: new Response() })), "internal_error");
});

Deno.test("edgeFunction() keeps a challenge of the handler's own where nobody was admitted", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: options, public: ["/basic"] });
  app.use("/basic", basicAuth({ username: "ada", password: "x" }));
  app.get("/basic", (c) => c.text("in"));
  app.get("/checked", basicAuth({ username: "ada", password: "x" }), (c) => c.text("in"));
  const open = await app.request("/f/basic");
  assertEquals([open.status, open.headers.get("WWW-Authenticate")], [
    401,
    'Basic realm="Secure Area"',
  ]);
  const { status, code, action } = await open.json();
  assertEquals([status, code, action], [401, "insufficient_scope", "none"]);
  await assertRefusal(await app.request("/f/checked", { headers: bearer(token()) }), {
    status: 403,
    code: "insufficient_scope",
    action: "none",
    replay: false,
  });
});

Deno.test("fromThrown() takes no schema's error for the caller's fault: what it parsed is not known", () => {
  const wrong = { a: [1, "x"] };
  for (
    const { error } of [
      z.object({ a: z.array(z.number()) }).safeParse(wrong),
      mini.object({ a: mini.array(mini.number()) }).safeParse(wrong),
      z3.object({ a: z3.array(z3.number()) }).safeParse(wrong),
    ]
  ) {
    assertEquals(codeOf(error), "internal_error");
  }
});

Deno.test("fromThrown() makes 429 of the platform's limit on calls between functions", () => {
  class RateLimitError extends Error {
    override readonly name = "RateLimitError";
    constructor(readonly retryAfterMs?: unknown) {
      super("Rate limit exceeded for trace");
    }
  }
  const read = (ms?: unknown) => fromThrown(new RateLimitError(ms));
  assertEquals([read(1500).code, read(1500).details], ["over_request_rate_limit", {
    retry_after: 2,
  }]);
  for (const odd of [undefined, "5", -1000, NaN, Infinity]) assertEquals(read(odd).details, {});
});

Deno.test("fromThrown() relays what a hook of Auth refuses, and calls no typing mistake a 400", () => {
  assertEquals(codeOf(new AuthApiError(UPSTREAM_TEXT, 403, "unknown")), "insufficient_scope");
  assertEquals(codeOf(new AuthApiError(UPSTREAM_TEXT, 422, "unknown")), "validation_failed");
  assertEquals(codeOf(new AuthApiError(UPSTREAM_TEXT, 500, "unknown")), "unknown");
  // @ts-expect-error: no code of the table
  assertEquals(codeOf(new ProblemError("insufficient_permissions")), "internal_error");
  assertEquals(codeOf(relay("brand_new_code")), "brand_new_code");
});

Deno.test("fromThrown() makes internal_error of everything else, and never throws", () => {
  const hostile = new Proxy({}, {
    get(_, key) {
      if (key === Symbol.toPrimitive || key === "then") return undefined;
      return undefined;
    },
  });
  const others = [
    null,
    undefined,
    "text",
    5,
    true,
    Symbol("x"),
    10n,
    {},
    [],
    new Error("boom"),
    new Response("x"),
    new DOMException("x"),
    new AggregateError([]),
    Object.create(null),
    { code: 5, details: "", hint: "" },
    { code: "23505" },
    () => {},
    hostile,
  ];
  for (const thrown of others) assertEquals(codeOf(thrown), "internal_error");
  const { code, details } = fromThrown(new ProblemError("conflict", { retry_after: 3 }));
  assertEquals({ code, details }, { code: "conflict", details: { retry_after: 3 } });
});

/** A public route that throws; what the caller sees of it. */
async function thrownBy(thrown: unknown) {
  const app = edgeFunction("f", { auth: fakeAuth().options, public: ["/"] });
  app.get("/", () => {
    throw thrown;
  });
  let response = new Response();
  const log = await logged(async () => {
    response = await app.request("/f", { headers: { "X-Request-Id": "r1" } });
  });
  return { response, log };
}

Deno.test("edgeFunction() answers whatever is thrown in the one shape, without its text", async () => {
  const crash = { status: 500, code: "internal_error", action: "contact_support", replay: false };
  const text = `${UPSTREAM_TEXT} eyJhbGciOi.J9.x`;
  const things = [
    new Error(text),
    new TypeError(text),
    text,
    null,
    undefined,
    5,
    Symbol(text),
    { text },
    new Response(text),
    json(200, { text }),
    Promise.resolve(text),
    new DOMException(text),
  ];
  for (const thing of things) {
    const { response, log } = await thrownBy(thing);
    await assertRefusal(response, crash);
    assert(log.includes("r1") && !log.includes("@") && !log.includes("eyJ"), log);
  }
  const known = await thrownBy(new AuthApiError(text, 422, "email_exists"));
  await assertRefusal(known.response, {
    status: 422,
    code: "email_exists",
    action: "fix_request",
    replay: false,
  });
  assertEquals(known.log, "");
});

Deno.test("edgeFunction() is not confused by the error of an AuthError that somebody bent", async () => {
  const bent = new AuthWeakPasswordError("x", 422, ["length"]);
  (bent as { reasons: unknown }).reasons = 5;
  const { response } = await thrownBy(bent);
  assert(response.status === 422 || response.status === 500);
  const body = await response.json();
  assert(["weak_password", "internal_error"].includes(body.code));
});
