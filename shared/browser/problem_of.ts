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
  const problem = problems.get(value) ?? (isProblem(value) ? value : undefined);
  for (let n = 0; problem === undefined && n < LINKS.length; n++) {
    const found = find(value[LINKS[n] ?? ""], depth - 1);
    if (found) return found;
  }
  return problem;
}

type Validator = (value: unknown) => boolean;

const isText: Validator = (value) => typeof value === "string";
const isSeconds: Validator = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is Issue {
  return isRecord(value) && isText(value.code) && isText(value.message) &&
    Array.isArray(value.path) && value.path.every((key) => isText(key) || Number.isFinite(key));
}

/** The same rules as `problemSchema`, without zod to keep the page's script small. */
const VALIDATORS: { readonly [K in keyof Required<Problem>]: Validator } = {
  code: (value) => isText(value) && CODE_PATTERN.test(String(value)),
  message: (value) => isText(value) && value !== "",
  status: (value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599,
  action: (value) => ACTIONS.some((action) => action === value),
  replay: (value) => typeof value === "boolean",
  request_id: isText,
  retry_after: isSeconds,
  required_aal: (value) => value === "aal1" || value === "aal2",
  max_age: isSeconds,
  issues: (value) => Array.isArray(value) && value.every(isIssue),
};

/** How many of the first {@linkcode VALIDATORS} are for required members. */
const REQUIRED_COUNT = 6;

/**
 * Whether a value is a problem. Unknown members are allowed.
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
  return isRecord(value) &&
    Object.entries(VALIDATORS).every(([key, check], n) =>
      (n >= REQUIRED_COUNT && !(key in value)) || check(value[key])
    );
}
