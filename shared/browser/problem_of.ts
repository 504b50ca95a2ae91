/** The problem of an error or answer, without reading the answer's body again. @module */
import { CODE_PATTERN, type Issue, type Problem } from "../problems/problem.ts";
import { ACTIONS } from "../problems/table.ts";

const problems = /* @__PURE__ */ new WeakMap<object, Problem>();

/** Keeps the problem of an answer or an error for {@linkcode problemOf}; returns the latter. */
export function withProblem<T extends object>(value: T, problem: Problem): T {
  problems.set(value, problem);
  return value;
}

/**
 * Where errors keep what they are about: functions-js the Response or what fetch threw, ky the
 * Response, Axios the parsed body, others their cause.
 */
const LINKS = ["context", "cause", "response", "data"];

/**
 * The typed problem of an error or an answer.
 *
 * Its `action` is `sign_in` only if nobody is signed in here any more, so a page may act on it: for
 * everything that went through the client's own calls, and for bodies of another fetch as they came.
 *
 * @param value The `error` of a supabase-js call, a Response, what a fetch threw, an error of Axios
 * or ky, or the parsed body itself.
 * @returns The problem; `undefined` for a success, an abort, and what holds none.
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
  const known = problems.get(value) ?? (isProblem(value) ? value : undefined);
  for (let n = 0; known === undefined && n < LINKS.length; n++) {
    const found = find(value[LINKS[n] ?? ""], depth - 1);
    if (found) return found;
  }
  return known;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isSeconds: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is Issue {
  return isRecord(value) && isText(value.code) && isText(value.message) &&
    Array.isArray(value.path) && value.path.every((key) => isText(key) || Number.isFinite(key));
}

/** As `problemSchema` has it; zod would be most of what a page has to load. */
const CHECKS: { readonly [K in keyof Required<Problem>]: Check } = {
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

/** Members that only some problems have, in the order of {@linkcode CHECKS}. */
const REQUIRED = 6;

/**
 * Whether a value is a problem. Members beyond those may come along.
 *
 * @param value What an answer carried, parsed.
 * @returns Whether it fits, and narrows its type.
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
    Object.entries(CHECKS).every(([key, check], n) =>
      (n >= REQUIRED && !(key in value)) || check(value[key])
    );
}
