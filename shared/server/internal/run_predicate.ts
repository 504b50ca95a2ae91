import { deadline } from "../core/bounded_fetch.ts";
import type { GuardRefusal } from "./guard.ts";

type TestResult =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: unknown }
  | { readonly kind: "late" };

/**
 * Runs the test of a guard that an application wrote. Only `true` lets a user through. A value other
 * than `true` or `false` counts as `false`, and one line in the log says so. A test that takes too long
 * is 503, and what it returns later is ignored.
 *
 * @param name The guard's name in the log.
 * @param timeoutMs How long the test may take.
 * @param test The test.
 * @throws What the test threw or rejected with.
 */
export async function runPredicate(
  name: string,
  timeoutMs: number,
  test: () => unknown,
): Promise<GuardRefusal | undefined> {
  const outcome = await deadline<TestResult>(timeoutMs, { kind: "late" }, async () => {
    try {
      return { kind: "returned", value: await test() };
    } catch (thrown) {
      return { kind: "threw", thrown };
    }
  });
  if (outcome.kind === "threw") throw outcome.thrown;
  if (outcome.kind === "late") {
    return {
      code: "request_timeout",
      operator: `${name} took longer than ${timeoutMs} ms: the request was answered with 503`,
    };
  }
  const { value } = outcome;
  if (value === true) return undefined;
  if (value === false) return { code: "insufficient_scope" };
  const kind = value === null ? "null" : typeof value;
  const operator = `${name} returned ${kind} instead of true or false, which counts as false`;
  return { code: "insufficient_scope", operator };
}
