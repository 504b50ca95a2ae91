import type { User } from "@supabase/supabase-js";
import type { Problem } from "../../problems/problem.ts";

/**
 * The result of `c.var.auth.recheck()`: whether the caller would still be admitted.
 *
 * @typeParam U `null` for callers who are not users. @default {User}
 */
export type RecheckResult<U extends User | null = User> =
  /** The caller would be admitted now. */
  | {
    readonly outcome: "admitted";
    /** The user, as Auth has just returned it. */
    readonly user: U;
  }
  /** The caller would be refused now: the session has ended, or the token has expired. */
  | {
    readonly outcome: "refused";
    /** Why, with the client's next step. */
    readonly problem: Problem;
  }
  /** Auth could not be asked, which says nothing about the session. */
  | {
    readonly outcome: "unknown";
    /** What went wrong, with status 429, 500 or 503. */
    readonly problem: Problem;
  };

/** The least time between the starts of two checks of one context. */
export const MIN_RECHECK_INTERVAL_MS = 1000;

/**
 * Limits how often one context is checked again. A call that comes too soon waits instead of getting
 * an old answer, and calls that wait share one check: so no check begins before the calls that it
 * answers.
 *
 * @param check Checks now. Never rejects.
 * @returns The limited check.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * let checks = 0;
 * const recheck = limitRechecks(() => Promise.resolve(++checks));
 * assertEquals(await recheck(), 1);
 * assertEquals(await Promise.all([recheck(), recheck(), recheck()]), [2, 2, 2]);
 * ```
 */
export function limitRechecks<T>(check: () => Promise<T>): () => Promise<T> {
  let beganMs = -Infinity;
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    beganMs = performance.now();
    next = undefined;
    return check();
  }

  return function recheck() {
    if (next !== undefined) return next;
    const waitMs = beganMs + MIN_RECHECK_INTERVAL_MS - performance.now();
    if (waitMs <= 0) return begin();
    return next = new Promise<void>((resolve) => setTimeout(resolve, waitMs)).then(begin);
  };
}
