import { assert, assertEquals } from "@std/assert";
import { isProblem } from "../../../shared/browser/problem_of.ts";
import { networkProblem, platformProblem } from "../../../shared/browser/failure.ts";

type Case = readonly [status: number, body: unknown, code: string, action: string, replay: boolean];

const html = undefined;
const cases: readonly Case[] = [
  [401, { code: "UNAUTHORIZED_NO_AUTH_HEADER" }, "no_authorization", "sign_in", true],
  [401, { code: "UNAUTHORIZED_INVALID_JWT_FORMAT" }, "bad_jwt", "refresh", true],
  [401, { code: "UNAUTHORIZED_ASYMMETRIC_JWT" }, "bad_jwt", "refresh", true],
  [401, { code: "UNAUTHORIZED_LEGACY_JWT" }, "bad_jwt", "refresh", true],
  [401, { code: "UNAUTHORIZED_SOMETHING_NEW" }, "bad_jwt", "refresh", true],
  [401, { code: 401, message: "Invalid JWT" }, "bad_jwt", "refresh", true],
  [
    401,
    { code: 401, message: "Missing authorization header" },
    "no_authorization",
    "sign_in",
    true,
  ],
  [401, { msg: "Invalid JWT" }, "bad_jwt", "refresh", true],
  [401, { msg: "Error: Missing authorization header" }, "no_authorization", "sign_in", true],
  [
    400,
    { statusCode: "403", error: "Unauthorized", message: '"exp" claim timestamp check failed' },
    "token_expired",
    "refresh",
    true,
  ],
  [
    400,
    { statusCode: "400", error: "InvalidJWT", message: "jwt expired" },
    "token_expired",
    "refresh",
    true,
  ],
  [
    403,
    { error: "Unauthorized", message: "signature verification failed" },
    "bad_jwt",
    "refresh",
    true,
  ],
  [400, { message: "jwt expired" }, "validation_failed", "fix_request", false],
  [401, { message: "Legacy API keys are disabled" }, "auth_misconfigured", "contact_support", true],
  [
    401,
    { message: "Invalid authentication credentials" },
    "auth_misconfigured",
    "contact_support",
    true,
  ],
  [401, { message: "Invalid API key", hint: "…" }, "auth_misconfigured", "contact_support", true],
  [401, { message: "No API key found in request" }, "auth_misconfigured", "contact_support", true],
  [404, { code: "NOT_FOUND" }, "not_found", "fix_request", false],
  [503, { code: "BOOT_ERROR" }, "unexpected_failure", "retry", true],
  [546, { code: "WORKER_LIMIT" }, "unexpected_failure", "retry", false],
  [546, { code: "WORKER_RESOURCE_LIMIT" }, "unexpected_failure", "retry", false],
  [500, { code: "WORKER_ERROR" }, "internal_error", "contact_support", false],
  [504, { code: "IDLE_TIMEOUT" }, "unexpected_failure", "retry", false],
  [401, { code: "PGRST303", message: "JWT expired" }, "token_expired", "refresh", true],
  [401, { code: "PGRST303", message: "JWT issued at future" }, "auth_unavailable", "retry", true],
  [401, { code: "PGRST303", message: "something new" }, "token_expired", "refresh", true],
  [401, { code: "PGRST301" }, "bad_jwt", "refresh", true],
  [401, { code: "PGRST301", message: "JWT issued at future" }, "auth_unavailable", "retry", true],
  [503, { code: "PGRST002" }, "unexpected_failure", "retry", true],
  // The connection was lost while a command ran.
  [503, { code: "PGRST001" }, "unexpected_failure", "retry", false],
  [401, { message: "Order 5: signature missing" }, "insufficient_scope", "none", false],
  [
    400,
    { error: "invalid", message: "Signature is required" },
    "validation_failed",
    "fix_request",
    false,
  ],
  [409, { code: "23505" }, "validation_failed", "fix_request", false],
  [502, html, "unexpected_failure", "retry", false],
  [522, html, "unexpected_failure", "retry", false],
  [504, html, "unexpected_failure", "retry", false],
  [500, html, "internal_error", "contact_support", false],
  [429, html, "over_request_rate_limit", "retry", false],
  [413, html, "request_entity_too_large", "fix_request", false],
  [405, html, "validation_failed", "fix_request", false],
  [404, html, "not_found", "fix_request", false],
  [403, { error: "no" }, "insufficient_scope", "none", false],
  [401, { error: "no" }, "insufficient_scope", "none", false],
  [400, { code: "constructor", message: "toString" }, "validation_failed", "fix_request", false],
  [0, html, "internal_error", "contact_support", false],
  [302, html, "internal_error", "contact_support", false],
];

const request = { method: "POST", url: new URL("https://project.example/functions/v1/me") };
const insert = { method: "POST", url: new URL("https://project.example/rest/v1/todos") };
const count = { ...insert, method: "HEAD" };

for (const [status, body, code, action, replay] of cases) {
  Deno.test(`platformProblem() returns ${code} when the answer is ${status} ${JSON.stringify(body)}`, () => {
    const { code: said = "" } = Object(body);
    const sent = String(said).startsWith("PGRST") ? insert : request;
    const made = platformProblem(status, new Headers(), body, sent);
    assertEquals([made.code, made.action, made.replay], [code, action, replay]);
    assert(isProblem(made));
  });
}

Deno.test("platformProblem() is no replay when a function passes on what PostgREST said", () => {
  for (const [status, code] of [[401, "PGRST303"], [503, "PGRST002"], [500, "PGRST003"]] as const) {
    const body = { code, message: "JWT expired" };
    assertEquals(platformProblem(status, new Headers(), body, insert).replay, true);
    assertEquals(platformProblem(status, new Headers(), body, request).replay, false);
  }
});

Deno.test("platformProblem() refreshes when an answer to HEAD is 401, which has no body", () => {
  const of = (status: number, sent: typeof request) =>
    platformProblem(status, new Headers(), {}, sent).action;
  assertEquals([of(401, count), of(403, count), of(401, insert)], ["refresh", "none", "none"]);
});

Deno.test("platformProblem() reads the code from the header when the body has none", () => {
  const headers = new Headers({ "sb-error-code": "WORKER_RESOURCE_LIMIT" });
  assertEquals(platformProblem(546, headers, undefined, request).code, "unexpected_failure");
  assertEquals(
    platformProblem(500, new Headers({ "sb-error-code": "BOOT_ERROR" }), undefined, request).replay,
    true,
  );
});

Deno.test("platformProblem() keeps the delay and the id when the headers have them", () => {
  const headers = { "retry-after": "7", "sb-request-id": "abc" };
  const { retry_after, request_id } = platformProblem(
    502,
    new Headers(headers),
    undefined,
    request,
  );
  assertEquals([retry_after, request_id], [7, "abc"]);
  const date = new Headers({ "retry-after": "Mon, 23 Nov 2026 12:00:00 GMT" });
  assertEquals(platformProblem(502, date, undefined, request).retry_after, 2);
  for (const [text, seconds] of [["0", 0], ["-5", 2], ["Infinity", 2], ["1e3", 2], ["0x10", 2]]) {
    const headers = new Headers({ "retry-after": String(text) });
    assertEquals(
      platformProblem(502, headers, undefined, request).retry_after,
      seconds,
      String(text),
    );
  }
});

Deno.test("platformProblem() leaves out the text when the body has some", () => {
  const text = "UPSTREAM someone@elsewhere.example";
  const made = platformProblem(502, new Headers(), { code: text, message: text }, request);
  assert(!JSON.stringify(made).includes("UPSTREAM"));
});

Deno.test("networkProblem() is a retry without replay when there is no answer", () => {
  const made = networkProblem();
  assert(isProblem(made));
  assertEquals([made.action, made.replay], ["retry", false]);
});
