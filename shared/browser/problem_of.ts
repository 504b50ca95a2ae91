/** The problem of an error or a response, without reading the response's body again. @module */
import { CODE_PATTERN, type Issue, type Problem } from "../problems/problem.ts";
import { ACTIONS } from "../problems/table.ts";

const problems = /* @__PURE__ */ new WeakMap<object, Problem>();

/** Attaches a problem to a response or an error for {@linkcode problemOf}; returns that value. */
export function withProblem<T extends object>(value: T, problem: Problem): T {
  problems.set(value, problem);
  return value;
}

/**
 * The properties to search: functions-js has the Response or fetch's error in `context`, ky the
 * Response in `response`, Axios the parsed body in `response.data`, others a `cause`.
 */
const LINKS = ["context", "cause", "response", "data"];

/**
 * The typed problem of an error or a response.
 *
 * For the client's own calls, its `action` is `sign_in` only if nobody is signed in on this device
 * any more, so a page may act on it. The body of another fetch is returned as it came.
 *
 * @param value The `error` of a supabase-js call, a Response, an error of fetch, Axios or ky, or
 * the parsed body itself.
 * @returns The problem; `undefined` for a success, an abort, and any value without a problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { problem } from "../problems/problem.ts";
 *
 * const data = problem("session_not_found", "credential", { request_id: "r1" });
 * assertEquals(problemOf({ name: "AxiosError", response: { data } })?.action, "sign_in");
 * assertEquals(problemOf(new Error("from elsewhere")), undefined);
 * ```
 */
export function problemOf(value: unknown): Problem | undefined {
  return find(value, 4);
}

function find(value: unknown, depth: number): Problem | undefined {
  if (!isRecord(value) || depth === 0) return undefined;
  const own = problems.get(value) ?? (isProblem(value) ? value : undefined);
  if (own) return own;
  for (const link of LINKS) {
    const found = find(value[link], depth - 1);
    if (found) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isSeconds(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIssue(value: unknown): value is Issue {
  return isRecord(value) && isText(value.code) && isText(value.message) &&
    Array.isArray(value.path) && value.path.every((key) => isText(key) || Number.isFinite(key));
}

/**
 * Whether a value is a problem, by the same rules as `problemSchema`, without zod to keep the page's
 * script small. Unknown members are allowed.
 *
 * @param value A parsed body.
 * @returns Whether it is one; narrows its type.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { problem } from "../problems/problem.ts";
 *
 * assert(isProblem(problem("session_not_found", "credential", { request_id: "r1" })));
 * assert(!isProblem({ code: "session_not_found", message: "This is not all of it." }));
 * ```
 */
export function isProblem(value: unknown): value is Problem {
  if (!isRecord(value)) return false;
  const { code, message, status, action, replay, request_id } = value;
  const { retry_after = 0, required_aal = "aal1", max_age = 0, issues = [] } = value;
  return isText(code) && CODE_PATTERN.test(code) && isText(message) && message !== "" &&
    Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599 &&
    (ACTIONS as readonly unknown[]).includes(action) && typeof replay === "boolean" &&
    isText(request_id) &&
    isSeconds(retry_after) && (required_aal === "aal1" || required_aal === "aal2") &&
    isSeconds(max_age) && Array.isArray(issues) && issues.every(isIssue);
}
