import { assert, assertEquals, assertMatch } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { defineProblems, edgeFunction, type EdgeFunctionOptions } from "../../../../shared/mod.ts";
import { problem } from "../../../../shared/problems/problem.ts";
import { PROBLEMS, type Source } from "../../../../shared/problems/table.ts";
import { readFunctionAnswer } from "../../../../shared/server/internal/function_answer.ts";
import { assertRefusal, FakeTime, json, logged, settle } from "../../../support/server.ts";
import { alive, bearer, fakeAuth, refuses, token, UPSTREAM_TEXT } from "../../../support/server.ts";

const problems = defineProblems({
  payment_required: {
    status: 402,
    action: "none",
    message: "This needs a paid plan.",
    details: { plan: z.string().max(20) },
  },
  warehouse_down: { status: 503, action: "retry", retry_after: 30, message: "Try again later." },
});

/** A problem of another function, which has text of its own in every member that can. */
function answered(code: string, source: Source, more: Record<string, unknown> = {}): Response {
  const body = {
    ...problem(code, source, {
      request_id: "r2",
      replay: true,
      issues: [{ path: [UPSTREAM_TEXT], code: "custom", message: UPSTREAM_TEXT }],
    }),
    message: UPSTREAM_TEXT,
    note: UPSTREAM_TEXT,
    ...more,
  };
  return json(body.status, body);
}

/**
 * What the caller of one function gets, when it calls another one and throws on what came back.
 *
 * @param other What the other function answers.
 */
async function throughTwo(other: () => Response | Promise<Response>, {
  how = "invoke",
  ...options
}: EdgeFunctionOptions & { how?: "invoke" | "fetch" } = {}) {
  const { options: auth, calls } = fakeAuth((request) =>
    request.url.includes("/functions/v1/") ? other() : alive()
  );
  const app = edgeFunction("one", { ...options, auth });
  app.post("/", async (c) => {
    if (how === "fetch") throw await other();
    const { data, error } = await c.var.auth.supabase.functions.invoke("two");
    if (error) throw error;
    return c.json(data);
  });
  let response = new Response();
  const log = await logged(async () => {
    const headers = { ...bearer(token()), "X-Request-Id": "r1" };
    response = await app.request("/one", { method: "POST", headers });
  });
  return { response, log, calls };
}

const HANDLER = { replay: false };
const NOT_FOUND = { status: 404, code: "not_found", action: "fix_request", ...HANDLER };
const BROKEN = { status: 500, code: "internal_error", action: "contact_support", ...HANDLER };
const LATER = {
  status: 503,
  code: "unexpected_failure",
  action: "retry",
  retry_after: true,
  ...HANDLER,
} as const;

Deno.test("edgeFunction() calls another function as the caller, and passes on the code it answers", async () => {
  const jwt = token();
  const { options: auth, calls } = fakeAuth((request) =>
    request.url.includes("/functions/v1/") ? answered("not_found", "handler") : alive()
  );
  const app = edgeFunction("one", { auth });
  app.post("/", async (c) => {
    const { error } = await c.var.auth.supabase.functions.invoke("two", { body: { a: 1 } });
    throw error;
  });
  const response = await app.request("/one", { method: "POST", headers: bearer(jwt) });
  await assertRefusal(response, NOT_FOUND);
  const call = calls.find(({ url }) => url.endsWith("/functions/v1/two"));
  assertEquals(call?.headers.get("authorization"), `Bearer ${jwt}`);
});

Deno.test("edgeFunction() passes on a Response of another function like the error of invoke()", async () => {
  for (const how of ["invoke", "fetch"] as const) {
    const { response, log } = await throughTwo(() => answered("not_found", "handler"), { how });
    await assertRefusal(response, NOT_FOUND);
    assertEquals(log, "");
  }
});

Deno.test("edgeFunction() never asks for a sign-in, a refresh or a step-up for another function's problem", async () => {
  for (const code of [...Object.keys(PROBLEMS), "a_code_of_tomorrow"]) {
    for (const source of ["credential", "handler"] as const) {
      for (const more of [{}, { action: "sign_in" }]) {
        const { response } = await throughTwo(() => answered(code, source, more));
        const text = await response.text();
        const body = JSON.parse(text);
        const what = `${code} ${source}`;
        assert(response.status >= 400 && response.status !== 401, what);
        assertEquals(response.headers.get("WWW-Authenticate"), null, what);
        assert(!["sign_in", "refresh", "step_up"].includes(body.action), what);
        assertEquals([body.replay, body.request_id, body.status], [false, "r1", response.status]);
        assert(!text.includes("UPSTREAM") && body.issues === undefined, what);
      }
    }
  }
});

Deno.test("readFunctionAnswer() keeps each code that the table has for a handler, with the table's outcome", async () => {
  const mistakes = [
    "no_authorization",
    "invalid_authorization_header",
    "token_too_large",
    "invalid_api_key",
    "api_key_not_allowed",
    "method_not_allowed",
    "bad_json",
  ];
  for (const code of Object.keys(PROBLEMS)) {
    const { code: passedOn } = await readFunctionAnswer(answered(code, "handler"));
    assertEquals([code, passedOn], [code, mistakes.includes(code) ? "internal_error" : code]);
  }
});

Deno.test("edgeFunction() answers 503 when the session ended between two checks, so that the next call reports it", async () => {
  for (const code of ["session_not_found", "session_expired", "user_not_found", "token_expired"]) {
    const { response, log } = await throughTwo(() => answered(code, "credential"));
    await assertRefusal(response, LATER);
    assertMatch(log, new RegExp(`another function answered 401 ${code} \\(its request r2\\)`));
  }
});

Deno.test("edgeFunction() answers 500 when another function refuses the credential of the call", async () => {
  const others: [Response, RegExp][] = [
    [
      answered("no_authorization", "credential"),
      /answered 401 no_authorization \(its request r2\)/,
    ],
    [answered("bad_jwt", "credential"), /answered 401 bad_jwt/],
    [answered("invalid_authorization_header", "credential"), /answered 400 invalid_auth/],
    [answered("invalid_api_key", "credential"), /answered 401 invalid_api_key/],
    [answered("api_key_not_allowed", "credential"), /answered 403 api_key_not_allowed/],
    [json(401, { code: 401, message: "Invalid JWT" }), /answered 401$/m], // verify_jwt
    [refuses(401, "bad_jwt"), /answered 401$/m], // Auth itself
  ];
  for (const [other, line] of others) {
    const { response, log } = await throughTwo(() => other);
    await assertRefusal(response, BROKEN);
    assertMatch(log, line);
    assertEquals(log.match(/a handler failed \(request r1\)/g)?.length, 1);
  }
});

Deno.test("edgeFunction() passes on that a stronger sign-in is needed, without asking for one", async () => {
  const other = () => answered("authentication_too_old", "credential", { max_age: 300 });
  const { response, log } = await throughTwo(other);
  const expected = { status: 403, code: "authentication_too_old", action: "none", ...HANDLER };
  assertEquals((await assertRefusal(response, expected)).max_age, 300);
  assertEquals(log, "");
  const aal = await throughTwo(() =>
    answered("insufficient_aal", "credential", { required_aal: "aal9" })
  );
  const weak = { ...expected, code: "insufficient_aal" };
  assertEquals((await assertRefusal(aal.response, weak)).required_aal, undefined);
});

Deno.test("edgeFunction() passes on limits and outages with the seconds to wait", async () => {
  const limited = { status: 429, code: "over_request_rate_limit", action: "retry", ...HANDLER };
  const timeout = { ...LATER, status: 504, code: "request_timeout" };
  const cases = [
    [answered("over_request_rate_limit", "handler"), "7", { ...limited, retry_after: 7 }],
    [answered("auth_unavailable", "credential"), "9", {
      ...LATER,
      code: "auth_unavailable",
      retry_after: 9,
    }],
    [json(429, { message: "slow down" }), "5", { ...limited, retry_after: 5 }],
    [json(429, {}), null, { ...limited, retry_after: 10 }],
    [json(546, { code: "WORKER_LIMIT", message: "x" }), null, LATER],
    [json(503, { code: "BOOT_ERROR", message: "x" }), "99999", { ...LATER, retry_after: 3600 }],
    [json(504, { code: "IDLE_TIMEOUT", message: "x" }), null, timeout],
    [json(500, {}, { "x-relay-error": "true" }), null, LATER],
    [json(500, { error: UPSTREAM_TEXT }), null, BROKEN],
    [json(404, { code: "NOT_FOUND", message: UPSTREAM_TEXT }), null, BROKEN],
    [json(400, UPSTREAM_TEXT), null, BROKEN],
  ] as const;
  for (const [other, wait, expected] of cases) {
    if (wait !== null) other.headers.set("Retry-After", wait);
    const { response } = await throughTwo(() => other);
    await assertRefusal(response, expected);
  }
});

Deno.test("edgeFunction() keeps a 4xx status other than the code's own", async () => {
  const { response } = await throughTwo(() =>
    answered("validation_failed", "handler", { status: 422 })
  );
  await assertRefusal(response, {
    status: 422,
    code: "validation_failed",
    action: "fix_request",
    ...HANDLER,
  });
});

Deno.test("readFunctionAnswer() passes on no status but one of 400 to 499, and never 401 or 407", async () => {
  for (const status of [300, 302, 399, 407, 500, 599]) {
    const other = answered("validation_failed", "handler", { status });
    const passedOn = await readFunctionAnswer(other);
    assertEquals([status, passedOn.code, passedOn.status], [
      status,
      "validation_failed",
      undefined,
    ]);
  }
  const refused = await readFunctionAnswer(
    answered("validation_failed", "handler", { status: 401 }),
  );
  assertEquals([refused.code, refused.status], ["internal_error", undefined]);
});

Deno.test("edgeFunction() sets no header that another function puts into a declared problem", async () => {
  const withHeaders = defineProblems({
    limited: {
      status: 402,
      action: "none",
      message: "x",
      details: { headers: z.record(z.string(), z.string()), source: z.string() },
    },
  });
  const body = {
    ...PAID,
    code: "limited",
    headers: { "Set-Cookie": "sb-access-token=x", "WWW-Authenticate": "Bearer" },
    source: "credential",
  };
  const { response } = await throughTwo(() => json(402, body), { problems: withHeaders });
  assertEquals(response.headers.getSetCookie(), []);
  await assertRefusal(response, { status: 402, code: "limited", action: "none", ...HANDLER });
});

const PAID = {
  code: "payment_required",
  message: UPSTREAM_TEXT,
  status: 402,
  action: "none",
  replay: false,
  request_id: "r2",
  plan: "pro",
  internal_note: UPSTREAM_TEXT,
};

Deno.test("edgeFunction() passes on a declared problem that it was given, with its own members only", async () => {
  const { response, log } = await throughTwo(() => json(402, PAID), { problems });
  const body = await assertRefusal(response, {
    status: 402,
    code: "payment_required",
    action: "none",
    ...HANDLER,
  });
  assertEquals([body.message, (body as unknown as typeof PAID).plan], [
    "This needs a paid plan.",
    "pro",
  ]);
  assert(!("internal_note" in body));
  assertEquals(log, "");
});

Deno.test("edgeFunction() passes on a declared problem's seconds to wait", async () => {
  const body = { ...PAID, code: "warehouse_down", status: 503, action: "retry" };
  const other = () => json(503, body, { "Retry-After": "4" });
  const { response } = await throughTwo(other, { problems });
  await assertRefusal(response, { ...LATER, code: "warehouse_down", retry_after: 4 });
});

Deno.test("edgeFunction() answers 500 to a code that is not declared or does not fit, and logs the code", async () => {
  const others = [
    { ...PAID, plan: 5 },
    { ...PAID, plan: undefined },
    { ...PAID, plan: "x".repeat(21) },
    { ...PAID, code: "a_code_of_tomorrow" },
    { ...PAID, code: "constructor" },
  ];
  for (const other of others) {
    const { response, log } = await throughTwo(() => json(402, other), { problems });
    await assertRefusal(response, BROKEN);
    assertMatch(log, new RegExp(`answered 402 ${other.code} \\(its request r2\\): to pass it on`));
    assertEquals(log.match(/a handler failed/g)?.length, 1);
    assert(!log.includes("UPSTREAM"));
  }
  const without = await throughTwo(() => json(402, PAID));
  await assertRefusal(without.response, BROKEN);
  const outage = await throughTwo(() =>
    json(503, { ...PAID, status: 503, action: "retry" }, { "Retry-After": "3" })
  );
  await assertRefusal(outage.response, { ...LATER, retry_after: 3 });
});

Deno.test("readFunctionAnswer() takes only this library's own shape for a problem", async () => {
  const others: [unknown, Record<string, string>?][] = [
    [{ ...PAID, status: 403 }],
    [{ ...PAID, code: "Payment Required" }],
    [{ ...PAID, code: 402 }],
    [{ ...PAID, request_id: undefined }],
    [PAID, { "Content-Type": "text/plain" }],
    ["{"],
    ["null"],
    ["[]"],
  ];
  for (const [body, headers] of others) {
    const passedOn = await readFunctionAnswer(json(402, body, headers), problems);
    assertEquals([body, passedOn.code], [body, "internal_error"]);
  }
});

Deno.test("readFunctionAnswer() goes by the status when the body was read, is too large or never ends", async () => {
  const read = json(429, PAID, { "Retry-After": "6" });
  await read.text();
  assertEquals(await readFunctionAnswer(read), {
    code: "over_request_rate_limit",
    details: { retry_after: 6 },
    note: "another function answered 429",
  });
  const large = json(503, { ...PAID, status: 503, plan: "x".repeat(3 * 1024 * 1024) });
  assertEquals((await readFunctionAnswer(large, problems)).code, "unexpected_failure");

  using time = new FakeTime();
  let isCancelled = false;
  const endless = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const reading = readFunctionAnswer(new Response(endless, { status: 503 }));
  await settle();
  time.tick(2000);
  assertEquals((await reading).code, "unexpected_failure");
  await settle();
  assert(isCancelled);
});

Deno.test("edgeFunction() answers 429 when the platform limits calls from function to function", async () => {
  class RateLimitError extends Error {
    override readonly name = "RateLimitError";
    constructor(readonly retryAfterMs?: unknown) {
      super("Rate limit exceeded for trace 4bf92f3577b34da6a3ce929d0e0e4736");
    }
  }
  const limited = { status: 429, code: "over_request_rate_limit", action: "retry", ...HANDLER };
  for (const how of ["invoke", "fetch"] as const) {
    const reject = (ms?: unknown) => () => Promise.reject(new RateLimitError(ms));
    const { response, log } = await throughTwo(reject(41_500), { how });
    await assertRefusal(response, { ...limited, retry_after: 42 });
    assertEquals(log, "");
    const odd = await throughTwo(reject("soon"), { how });
    await assertRefusal(odd.response, { ...limited, retry_after: 10 });
  }
});

Deno.test("edgeFunction() answers 503 when another function cannot be reached, and 504 when invoke() times out", async () => {
  const unreachable = () => Promise.reject(new TypeError(`error sending request ${UPSTREAM_TEXT}`));
  const { response, log } = await throughTwo(unreachable);
  await assertRefusal(response, LATER);
  assertMatch(log, /FunctionsFetchError/);
  assertMatch(log, /caused by TypeError: error sending request UPSTREAM-TEXT \[masked\]/);
  const aborted = () => Promise.reject(new DOMException("signal timed out", "AbortError"));
  const late = await throughTwo(aborted);
  await assertRefusal(late.response, { ...LATER, status: 504, code: "request_timeout" });
});

Deno.test("edgeFunction() hands what was thrown to onError, with the code that is answered", async () => {
  const seen: unknown[] = [];
  const onError = (error: unknown, { code }: { code: string }) => {
    seen.push([(error as Error).name, code]);
    return false;
  };
  const { log } = await throughTwo(() => answered("bad_jwt", "credential"), { onError });
  assertEquals([seen, log], [[["FunctionsHttpError", "internal_error"]], ""]);
});

Deno.test("findFunctionAnswer() finds the error of the supabase-js that throws it", async () => {
  const supabase = createClient("https://project.example", "k", {
    auth: { autoRefreshToken: false, persistSession: false },
    global: { fetch: () => Promise.resolve(answered("not_found", "handler")) },
  });
  const { error } = await supabase.functions.invoke("two");
  const app = edgeFunction("one", { auth: fakeAuth().options, public: ["/"] });
  app.get("/", () => {
    throw error;
  });
  await assertRefusal(await app.request("/one"), NOT_FOUND);
});
