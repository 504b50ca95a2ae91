import type { BackendOptions } from "./core/backend.ts";
import { callAuth } from "./call_auth.ts";

/** How long an answer about Auth's health is remembered, in milliseconds. */
const REMEMBERED = 5_000;

/**
 * Builds a question that may be asked as often as one likes: is Auth reachable? An answer, good or
 * bad, is shared by all who ask within five seconds of the moment the question began. Auth answers
 * it without its database: reachable does not say that sessions can be checked.
 *
 * @param options Where to ask.
 * @returns Resolves when Auth answers; rejects with the `ProblemError` of {@linkcode callAuth}.
 */
export function authHealth(options: BackendOptions = {}): () => Promise<void> {
  let began = -Infinity;
  let answer: Promise<void> | undefined;
  return function health() {
    const now = performance.now();
    if (answer === undefined || now - began >= REMEMBERED) {
      began = now;
      answer = callAuth({ ...options, method: "GET", path: "/health", timeout: 3000 })
        .then(() => undefined);
    }
    return answer;
  };
}
