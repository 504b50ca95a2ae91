import type { AuthAnswer } from "./auth_answer.ts";
import { decodeToken } from "./claims.ts";
import type { GetUser, GetUserResult } from "./get_user.ts";

/** So many users in a row whose calls failed: one caller, with many tokens, proves nothing about Auth. */
const FAILED_USERS = 5;
/** Failures that are further apart are not one outage. */
const OUTAGE_MS = 10_000;
/** How often Auth is asked while it is away. */
const PROBE_INTERVAL_MS = 1_000;
const PROBE_TIMEOUT_MS = 3_000;
/** A time-out of less than this says more about who set it than about Auth. */
const MIN_TIMEOUT_MS = 1_000;

/**
 * Answers for an Auth that is away, so that it is not overloaded when it comes back, and nobody waits
 * in vain. It opens after time-outs, broken connections or 5xx answers for the tokens of five different
 * users in a row, without anything else between. Open, it refuses as a fault (503), and at most once per second it
 * asks about a token of somebody who has already been answered. Any answer below 500 closes it.
 *
 * @param getUser The call about one token.
 */
export function createBreaker(getUser: GetUser): GetUser {
  let failedUsers = new Set<string>();
  let failedAtMs = -Infinity;
  let isOpen = false;
  let probedAtMs = -Infinity;

  function record(token: string, timeoutMs: number, { answer }: GetUserResult): void {
    if (!isFault(answer)) {
      isOpen = false;
      failedUsers = new Set();
      return;
    }
    if (answer.kind === "fault" && answer.reason === "timeout" && timeoutMs < MIN_TIMEOUT_MS) {
      return;
    }
    const nowMs = performance.now();
    if (nowMs - failedAtMs > OUTAGE_MS) failedUsers = new Set();
    failedAtMs = nowMs;
    if (failedUsers.size < FAILED_USERS) failedUsers.add(decodeToken(token)?.claims.sub ?? token);
    if (failedUsers.size < FAILED_USERS || isOpen) return;
    isOpen = true;
    probedAtMs = nowMs;
  }

  function probe(token: string): void {
    const nowMs = performance.now();
    if (nowMs - probedAtMs < PROBE_INTERVAL_MS) return;
    probedAtMs = nowMs;
    // Beside one that hangs: it may have begun while Auth was away.
    void getUser(token, PROBE_TIMEOUT_MS).then((result) => record(token, PROBE_TIMEOUT_MS, result));
  }

  return async function getUserThroughBreaker(token, timeoutMs) {
    if (isOpen) {
      probe(token);
      return OPEN;
    }
    const result = await getUser(token, timeoutMs);
    record(token, timeoutMs, result);
    return result;
  };
}

const OPEN: GetUserResult = Object.freeze({
  user: null,
  answer: Object.freeze({ kind: "fault", reason: "breaker_open" }),
  calls: 0,
});

function isFault(answer: AuthAnswer): boolean {
  return answer.kind === "fault" ? answer.reason !== "too_large" : answer.status >= 500;
}
