import type { Target } from "./args.ts";
import { CHECKS, isAdmitted, type Outcome, REVOKED } from "./checks.ts";
import { type Answer, Probe, SignInError } from "./probe.ts";

/** One check, and what came out of it. */
export type CheckResult = Outcome & {
  readonly id: string;
  readonly guarantee: number;
  readonly title: string;
};

/** What a run has shown. */
export interface Report {
  readonly function: string;
  /** The user that was signed up and is left behind; `null` where one was given. */
  readonly user: string | null;
  /** Why nothing could be tried; `null` where it could. */
  readonly problem: string | null;
  readonly checks: readonly CheckResult[];
}

/**
 * Tries a function from outside, as its callers reach it.
 *
 * @param target The function, and Auth.
 * @param fetch The fetch to use. @default globalThis.fetch
 * @returns What was kept, broken and not tried. Every session of the run has ended by then.
 */
export async function tryFunction(
  target: Target,
  fetch?: typeof globalThis.fetch,
): Promise<Report> {
  const probe = new Probe(target, fetch);
  const report = (problem: string | null, checks: readonly CheckResult[]): Report => ({
    function: target.functionUrl,
    user: probe.signedUp ?? null,
    problem,
    checks,
  });
  try {
    const live = await probe.signIn();
    const admitted = await probe.callAs(live.token);
    if (!isAdmitted(admitted)) return report(notAdmitted(admitted, target.method), []);
    const context = { probe, live, admitted, refusals: new Map<string, Answer>() };
    const results: CheckResult[] = [];
    for (const { id, guarantee, title, run } of CHECKS) {
      results.push({ id, guarantee, title, ...await tryCheck(() => run(context)) });
    }
    return report(null, results);
  } catch (error) {
    if (error instanceof SignInError) return report(error.message, []);
    throw error;
  } finally {
    await probe.close();
  }
}

/**
 * The exit code of a report: 0 only if nothing is broken and a revoked token was tried; 1 if a
 * guarantee is broken; 2 if it is not proven.
 */
export function exitCodeOf({ checks }: Report): 0 | 1 | 2 {
  if (checks.some(({ result }) => result === "broken")) return 1;
  return checks.some(({ id, result }) => id === REVOKED && result === "kept") ? 0 : 2;
}

async function tryCheck(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SignInError) return { result: "not_tried", detail: error.message };
    throw error;
  }
}

function notAdmitted({ status }: Answer, method: string): string {
  return status === 0
    ? "The function does not answer."
    : `The function answers ${status} to ${method} of a signed-in caller, so nothing can be tried. ` +
      "Give a route that answers 2xx, or another --method.";
}
