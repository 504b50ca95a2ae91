import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import {
  ACTIONS,
  type AuthErrorCode,
  isProblemCode,
  outcomeOf,
  type OwnCode,
  type ProblemCode,
  PROBLEMS,
  type Source,
} from "../../../shared/problems/table.ts";

const SOURCES: readonly Source[] = ["credential", "handler"];
const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** Typed, so that a code which leaves the table or the union stops this from compiling. */
const OWN: Record<OwnCode, true> = {
  token_expired: true,
  session_required: true,
  invalid_authorization_header: true,
  token_too_large: true,
  user_too_large: true,
  authentication_too_old: true,
  insufficient_scope: true,
  anonymous_not_allowed: true,
  oauth_client_not_allowed: true,
  invalid_api_key: true,
  api_key_not_allowed: true,
  auth_unavailable: true,
  auth_misconfigured: true,
  internal_error: true,
  webhook_signature_missing: true,
  webhook_signature_invalid: true,
  webhook_outside_window: true,
  not_found: true,
  method_not_allowed: true,
};

const FACTS: { code: string; category: string; upstream_statuses: number[]; get_user: number[] }[] =
  JSON.parse(
    await Deno.readTextFile(new URL("../../recordings/auth-error-codes.json", import.meta.url)),
  );

function summary(code: string, source: Source): string {
  const { status, action, challenge } = outcomeOf(code, source);
  return `${status} ${action} ${challenge}`;
}

Deno.test("PROBLEMS holds the 114 codes of Auth and our own, and nothing else", () => {
  const facts = FACTS.map(({ code }) => code);
  assertEquals(facts.length, 114);
  assertEquals([...CODES].sort(), [...facts, ...Object.keys(OWN)].sort());
});

Deno.test("ProblemCode is the union of Auth's codes and our own", () => {
  const auth: AuthErrorCode = "session_not_found";
  const own: OwnCode = "token_expired";
  const codes: ProblemCode[] = [auth, own];
  // @ts-expect-error: a code of ours is not one of Auth's
  const wrong: AuthErrorCode = own;
  assert(codes.every(isProblemCode) && isProblemCode(wrong));
});

Deno.test("outcomeOf() returns the answer to a code of the check", () => {
  const decided: Partial<Record<ProblemCode, string>> = {
    no_authorization: "401 sign_in bare",
    invalid_authorization_header: "400 fix_request invalid_request",
    bad_jwt: "401 refresh invalid_token",
    token_expired: "401 refresh invalid_token",
    session_required: "401 fix_request invalid_token",
    token_too_large: "400 fix_request invalid_request",
    user_too_large: "500 contact_support null",
    session_not_found: "401 sign_in invalid_token",
    session_expired: "401 sign_in invalid_token",
    user_not_found: "401 sign_in invalid_token",
    user_banned: "403 contact_support null",
    over_request_rate_limit: "429 retry null",
    auth_unavailable: "503 retry null",
    auth_misconfigured: "500 contact_support null",
    internal_error: "500 contact_support null",
    insufficient_aal: "401 step_up insufficient_user_authentication",
    authentication_too_old: "401 step_up insufficient_user_authentication",
    insufficient_scope: "403 none insufficient_scope",
    anonymous_not_allowed: "403 none insufficient_scope",
    not_admin: "403 none insufficient_scope",
    oauth_client_not_allowed: "403 none null",
    invalid_api_key: "401 fix_request bare",
    api_key_not_allowed: "403 none null",
    webhook_signature_missing: "401 none webhook",
    webhook_signature_invalid: "401 none webhook",
    webhook_outside_window: "401 none webhook",
  };
  for (const [code, expected] of Object.entries(decided)) {
    assertEquals(`${code} ${summary(code, "credential")}`, `${code} ${expected}`);
  }
});

Deno.test("outcomeOf() returns the answer to a code of a handler", () => {
  const decided: Partial<Record<ProblemCode, string>> = {
    no_authorization: "500 contact_support null",
    bad_jwt: "400 fix_request null",
    session_not_found: "404 fix_request null",
    session_expired: "400 restart_flow null",
    user_not_found: "404 fix_request null",
    user_banned: "403 contact_support null",
    refresh_token_not_found: "400 restart_flow null",
    refresh_token_already_used: "400 restart_flow null",
    invalid_credentials: "400 fix_request null",
    reauthentication_needed: "400 reauthenticate null",
    reauthentication_not_valid: "422 reauthenticate null",
    reauth_nonce_missing: "400 reauthenticate null",
    current_password_required: "400 reauthenticate null",
    current_password_invalid: "400 reauthenticate null",
    weak_password: "422 fix_request null",
    same_password: "422 fix_request null",
    insufficient_aal: "403 none null",
    insufficient_scope: "403 none null",
    otp_expired: "403 restart_flow null",
    flow_state_not_found: "404 restart_flow null",
    flow_state_expired: "422 restart_flow null",
    bad_code_verifier: "400 restart_flow null",
    validation_failed: "400 fix_request null",
    request_entity_too_large: "413 fix_request null",
    conflict: "409 retry null",
    over_request_rate_limit: "429 retry null",
    over_email_send_rate_limit: "429 retry null",
    over_sms_send_rate_limit: "429 retry null",
    unexpected_failure: "503 retry null",
    request_timeout: "504 retry null",
    auth_unavailable: "503 retry null",
    auth_misconfigured: "500 contact_support null",
    internal_error: "500 contact_support null",
    not_found: "404 fix_request null",
    method_not_allowed: "405 fix_request null",
  };
  for (const [code, expected] of Object.entries(decided)) {
    assertEquals(`${code} ${summary(code, "handler")}`, `${code} ${expected}`);
  }
});

Deno.test("outcomeOf() never answers sign_in, refresh or step_up when the source is a handler", () => {
  for (const code of [...CODES, "a_code_of_tomorrow"]) {
    const { status, action, challenge } = outcomeOf(code, "handler");
    assert(!["sign_in", "refresh", "step_up"].includes(action), code);
    assertNotEquals(status, 401, code);
    assertEquals(challenge, null, code);
  }
});

Deno.test("outcomeOf() answers sign_in only when the caller has no live session", () => {
  const found = CODES.filter((code) => outcomeOf(code, "credential").action === "sign_in").sort();
  assertEquals(found, [
    "no_authorization",
    "session_expired",
    "session_not_found",
    "user_not_found",
  ]);
});

Deno.test("outcomeOf() has a challenge for every 401, and for no fault, limit or ban", () => {
  for (const code of CODES) {
    const { status, challenge } = outcomeOf(code, "credential");
    if (status === 401) assert(challenge !== null, code);
    if (status >= 500 || status === 429) assertEquals(challenge, null, code);
    // RFC 6750, section 3.1 ties each error to its status.
    if (challenge === "invalid_request") assertEquals(status, 400, code);
    if (challenge === "insufficient_scope") assertEquals(status, 403, code);
  }
  assertEquals(outcomeOf("user_banned", "credential").challenge, null);
});

Deno.test("outcomeOf() answers retry with 503 or 429 for the check when it does for a handler", () => {
  for (const code of CODES.filter((code) => outcomeOf(code, "handler").retryable)) {
    const { status, action } = outcomeOf(code, "credential");
    assertEquals([status === 503 || status === 429, action], [true, "retry"], code);
  }
});

Deno.test("outcomeOf() answers refresh when GET /user is not known to return the code", () => {
  for (const code of ["weak_password", "otp_expired", "mfa_factor_not_found"]) {
    assertEquals(summary(code, "credential"), "401 refresh invalid_token");
  }
});

Deno.test("outcomeOf() derives retryable from the action, with a status that fits it", () => {
  for (const source of SOURCES) {
    for (const code of CODES) {
      const { status, action, retryable } = outcomeOf(code, source);
      assertEquals(retryable, action === "retry", code);
      assert(ACTIONS.includes(action), code);
      assert(Number.isInteger(status) && status >= 400 && status <= 599, code);
      if (status >= 500) assert(retryable || action === "contact_support", code);
    }
  }
});

Deno.test("outcomeOf() uses each action of the closed set", () => {
  const used = new Set(SOURCES.flatMap((s) => CODES.map((code) => outcomeOf(code, s).action)));
  assertEquals([...used].sort(), [...ACTIONS].sort());
});

Deno.test("outcomeOf() keeps the 4xx status of Auth for a handler unless the table has another", () => {
  const otherwise = FACTS.filter(({ code, upstream_statuses }) => {
    const { status } = outcomeOf(code, "handler");
    return status < 500 && upstream_statuses.length > 0 && !upstream_statuses.includes(status);
  });
  assertEquals(otherwise.map(({ code }) => code), ["session_not_found"]);
});

Deno.test("outcomeOf() answers refresh to an unknown code of the check, and 400 to one of a handler", () => {
  assertEquals(summary("a_code_of_tomorrow", "credential"), "401 refresh invalid_token");
  assertEquals(summary("a_code_of_tomorrow", "handler"), "400 fix_request null");
});

Deno.test("outcomeOf() treats names of the prototype as unknown codes", () => {
  for (const name of ["toString", "__proto__", "constructor", "hasOwnProperty", "valueOf", ""]) {
    assert(!isProblemCode(name), name);
    for (const source of SOURCES) {
      assertStrictEquals(outcomeOf(name, source), outcomeOf("a_code_of_tomorrow", source));
    }
  }
});

Deno.test("outcomeOf() returns one frozen object per code and source", () => {
  for (const source of SOURCES) {
    for (const code of [...CODES, "a_code_of_tomorrow"]) {
      const outcome = outcomeOf(code, source);
      assert(Object.isFrozen(outcome), code);
      assertStrictEquals(outcomeOf(code, source), outcome);
    }
  }
});
