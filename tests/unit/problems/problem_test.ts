import { assert, assertEquals } from "@std/assert";
import { problem } from "../../../shared/problems/problem.ts";
import { outcomeOf, PROBLEMS, type Source } from "../../../shared/problems/table.ts";

const SOURCES: readonly Source[] = ["credential", "handler"];
const CODES = Object.keys(PROBLEMS);

Deno.test("problem() returns the documented body, in its order, when a session has ended", () => {
  const body = problem("session_not_found", "credential", { request_id: "r1", replay: true });
  assertEquals(
    JSON.stringify(body),
    '{"code":"session_not_found","message":"This session has ended. Sign in again.","status":401,' +
      '"action":"sign_in","replay":true,"request_id":"r1"}',
  );
});

Deno.test("problem() has replay: true only for the check of a credential", () => {
  for (const code of CODES) {
    assertEquals(problem(code, "handler", { request_id: "r", replay: true }).replay, false, code);
    assertEquals(problem(code, "credential", { request_id: "r", replay: true }).replay, true, code);
    assertEquals(problem(code, "credential", { request_id: "r" }).replay, false, code);
    assertEquals(problem(code, "credential", { request_id: "r", replay: undefined }).replay, false);
  }
});

Deno.test("problem() has retry_after exactly when the action is retry", () => {
  for (const source of SOURCES) {
    for (const code of CODES) {
      const { retryable, status } = outcomeOf(code, source);
      const limit = /email|sms/.test(code) ? 60 : 10; // Auth sends a message a minute
      const expected = retryable ? (status === 429 ? limit : 2) : undefined;
      assertEquals(problem(code, source, { request_id: "r" }).retry_after, expected, code);
      const given = problem(code, source, { request_id: "r", retry_after: 33 }).retry_after;
      assertEquals(given, retryable ? 33 : undefined, code);
    }
  }
});

Deno.test("problem() uses the default when retry_after is not a whole number of 0 or more", () => {
  const wait = (retry_after: number | undefined) =>
    problem("auth_unavailable", "credential", { request_id: "r", retry_after }).retry_after;
  assertEquals([0, 1, 3600].map(wait), [0, 1, 3600]);
  for (const wrong of [-1, 0.5, NaN, Infinity, 1e300, undefined]) assertEquals(wait(wrong), 2);
});

Deno.test("problem() keeps details, except undefined ones", () => {
  const issues = [{ path: ["title", 0], code: "too_small", message: "Too short." }];
  const body = problem("insufficient_aal", "credential", {
    request_id: "r",
    required_aal: "aal2",
    max_age: 0,
    issues,
  });
  assertEquals([body.required_aal, body.max_age, body.issues], ["aal2", 0, issues]);
  const bare = problem("insufficient_aal", "credential", {
    request_id: "r",
    required_aal: undefined,
    max_age: undefined,
    issues: undefined,
    retry_after: undefined,
  });
  assertEquals(Object.keys(bare), ["code", "message", "status", "action", "replay", "request_id"]);
});

Deno.test("problem() keeps an unknown code", () => {
  const body = problem("a_code_of_tomorrow", "credential", { request_id: "r" });
  assertEquals([body.code, body.status, body.action], ["a_code_of_tomorrow", 401, "refresh"]);
  assertEquals(problem("constructor", "handler", { request_id: "r" }).status, 400);
});

Deno.test("problem() replaces text that is not a code", () => {
  const texts = ["", "Invalid login", "toString", "__proto__", "a\nb", "9lives", "a".repeat(65)];
  for (const text of texts) {
    const credential = problem(text, "credential", { request_id: "r" });
    assertEquals([credential.code, credential.status], ["auth_unavailable", 503], text);
    const handler = problem(text, "handler", { request_id: "r" });
    assertEquals([handler.code, handler.status], ["internal_error", 500], text);
    assert(text === "" || !JSON.stringify([credential, handler]).includes(JSON.stringify(text)));
  }
});
