/**
 * The shape of a problem as a plain check: zod would be most of what a page has to load. A test
 * holds it against the schema.
 *
 * @module
 */
import { CODE_PATTERN, type Issue, type Problem } from "../problems/problem.ts";
import { ACTIONS } from "../problems/table.ts";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const seconds: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ISSUE: Readonly<Record<keyof Issue, Check>> = {
  path: (value) =>
    Array.isArray(value) &&
    value.every((key) => typeof key === "string" || Number.isFinite(key)),
  code: text,
  message: text,
};

const REQUIRED = {
  code: (value) => typeof value === "string" && CODE_PATTERN.test(value),
  message: (value) => typeof value === "string" && value !== "",
  status: (value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599,
  action: (value) => ACTIONS.some((action) => action === value),
  replay: (value) => typeof value === "boolean",
  request_id: text,
} satisfies { readonly [K in keyof Problem]?: Check };

const OPTIONAL = {
  retry_after: seconds,
  required_aal: (value) => value === "aal1" || value === "aal2",
  max_age: seconds,
  issues: (value) => Array.isArray(value) && value.every((issue) => fits(issue, ISSUE)),
} satisfies Readonly<Record<Exclude<keyof Problem, keyof typeof REQUIRED>, Check>>;

function fits(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return isRecord(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
}

/**
 * Whether a value is a problem, as `problemSchema` has it. Members beyond it may come along.
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
  return fits(value, REQUIRED) && isRecord(value) &&
    Object.entries(OPTIONAL).every(([key, check]) => !(key in value) || check(value[key]));
}
