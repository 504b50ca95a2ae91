import { TIMED_OUT } from "./bounded_fetch.ts";
import type { GetUser } from "./get_user.ts";

/** Runs a bounded number of tasks at once; the others wait, each for so many milliseconds. */
export type Limit = <T>(task: () => Promise<T>, waitMs: number) => Promise<T | null>;

/**
 * Builds a limit on concurrent tasks. The task that came last runs next: under more load than can
 * be served, first come, first served lets every task wait until its time is used up.
 *
 * @param maxRunning How many tasks may run at once.
 * @returns Runs a task when it is its turn; `null` if that took longer than it may wait.
 */
export function createLimit(maxRunning: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;

  function enter(waitMs: number): Promise<boolean> | true {
    if (running < maxRunning) {
      running++;
      return true;
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const place = waiting.indexOf(run);
        if (place >= 0) waiting.splice(place, 1);
        resolve(false);
      }, waitMs);
      const run = () => {
        clearTimeout(timer);
        resolve(true);
      };
      waiting.push(run);
    });
  }

  /** Hands the place on, or frees it. */
  function leave(): void {
    const next = waiting.pop();
    if (next === undefined) running--;
    else next();
  }

  return async (task, waitMs) => {
    if (!await enter(waitMs)) return null;
    try {
      return await task();
    } finally {
      leave();
    }
  };
}

/** Calls about unverified tokens in flight at once, per isolate. */
const MAX_UNVERIFIED_CALLS = 8;

/**
 * Keeps a flood of forged tokens that cannot be verified here from starving everybody else: only a
 * few unverified tokens are asked about at once. Each waits for half of its time at most, so that
 * the call that follows has the other half.
 *
 * @param getUser The call about one token.
 * @param isUnverified Whether a token may be part of such a flood.
 */
export function limitUnverified(
  getUser: GetUser,
  isUnverified: (token: string) => boolean,
): GetUser {
  const limit = createLimit(MAX_UNVERIFIED_CALLS);
  return async (token, timeoutMs) => {
    if (!isUnverified(token)) return await getUser(token, timeoutMs);
    const beganMs = performance.now();
    const leftMs = () => Math.max(0, timeoutMs - (performance.now() - beganMs));
    const result = await limit(() => getUser(token, leftMs()), timeoutMs / 2);
    return result ?? { user: null, answer: TIMED_OUT };
  };
}
