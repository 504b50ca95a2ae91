import { callAuth } from "./call_auth.ts";
import type { BackendOptions } from "./core/backend.ts";

/** How long an answer about Auth's health is shared. */
const TTL_MS = 5_000;
const TIMEOUT_MS = 3_000;

/**
 * Builds a health check that may be called as often as one likes: is Auth reachable? An answer, good
 * or bad, is shared by all who ask within five seconds of the moment it was asked for. Auth answers
 * without its database: reachable does not mean that sessions can be checked.
 *
 * @param options Where to ask.
 * @returns Resolves when Auth answers; rejects with the `ProblemError` of {@linkcode callAuth}.
 */
export function authHealth(options: BackendOptions = {}): () => Promise<void> {
  let askedAtMs = -Infinity;
  let answer: Promise<void> | undefined;
  return function health() {
    const nowMs = performance.now();
    if (answer === undefined || nowMs - askedAtMs >= TTL_MS) {
      askedAtMs = nowMs;
      answer = callAuth({ ...options, method: "GET", path: "/health", timeout: TIMEOUT_MS })
        .then(() => undefined);
    }
    return answer;
  };
}
