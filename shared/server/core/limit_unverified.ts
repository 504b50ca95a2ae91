import type { Check } from "./get_user.ts";
import { LATE } from "./auth_answer.ts";

/** Runs at most so many tasks at once; the others wait, each for so long. */
export type Limit = <T>(task: () => Promise<T>, patience: number) => Promise<T | null>;

/**
 * Builds a limit. Who came last is next: with more to do than can be done, a line that is served in
 * its order makes everybody wait until nobody has time left.
 *
 * @param most How many tasks may be under way.
 * @returns Runs a task when its turn comes; `null` if that took longer than `patience` (ms).
 */
export function createLimit(most: number): Limit {
  const line: (() => void)[] = [];
  let running = 0;

  function enter(patience: number): Promise<boolean> | true {
    if (running < most) {
      running++;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const go = () => resolve(true);
    line.push(go);
    const timer = setTimeout(() => {
      const place = line.indexOf(go);
      if (place >= 0) line.splice(place, 1);
      resolve(false);
    }, patience);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Hands the place on, or frees it. */
  function leave(): void {
    const next = line.pop();
    if (next === undefined) running--;
    else next();
  }

  return async (task, patience) => {
    if (!await enter(patience)) return null;
    try {
      return await task();
    } finally {
      leave();
    }
  };
}

/** Checks of suspect tokens under way at once, in one isolate. */
const MOST_SUSPECTS = 8;

/**
 * Keeps a flood of forged tokens whose signature cannot be judged here from starving the others:
 * only so many suspects are asked about at a time. One waits for half of its time at most, so that
 * each call that is made has the other half.
 *
 * @param check The check of one token.
 * @param isSuspect Whether a token may be part of such a flood.
 */
export function limitSuspects(check: Check, isSuspect: (bearer: string) => boolean): Check {
  const limit = createLimit(MOST_SUSPECTS);
  return (bearer, timeout) => {
    if (!isSuspect(bearer)) return check(bearer, timeout);
    const began = performance.now();
    const left = () => Math.max(0, timeout - (performance.now() - began));
    return limit(() => check(bearer, left()), timeout / 2).then((answer) => answer ?? LATE);
  };
}
