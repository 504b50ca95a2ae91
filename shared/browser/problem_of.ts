/** The problem of an error or answer, without reading the answer's body again. @module */
import type { Problem } from "../problems/problem.ts";

const problems = new WeakMap<object, Problem>();

/** Keeps the problem of an answer or an error for {@linkcode problemOf}; returns the latter. */
export function withProblem<T extends object>(value: T, problem: Problem): T {
  problems.set(value, problem);
  return value;
}

/**
 * The typed problem of what `invoke` or `fetch` of `withRecovery()` gave.
 *
 * Its `action` is `sign_in` only if nobody is signed in here any more, so a page may act on it.
 *
 * @param value The `error` of `invoke`, the Response of `fetch`, or what `fetch` threw.
 * @returns The problem; `undefined` for a success, an abort, and what did not come from there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(problemOf(new Error("from elsewhere")), undefined);
 * ```
 */
export function problemOf(value: unknown): Problem | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  // functions-js wraps the Response, or what fetch threw.
  const { context }: { context?: unknown } = value;
  return problems.get(value) ??
    (typeof context === "object" && context !== null ? problems.get(context) : undefined);
}
