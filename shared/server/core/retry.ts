import type { AuthAnswer } from "./auth_answer.ts";
import type { GetUser } from "./get_user.ts";

/** The pause before the second try is drawn from this range, so that many do not come at once. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 80;
/** What has to be left of the caller's time for a second try. */
const MIN_LEFT_MS = 100;

/**
 * Tries once more, within the caller's time, where a connection broke or Auth answered 5xx: the
 * connection of an isolate that was idle is often closed on the other side. Never after a 429, a
 * time-out or an answer that says when to come back.
 *
 * @param getUser The call about one token.
 */
export function retryOnce(getUser: GetUser): GetUser {
  return async function getUserWithRetry(token, timeoutMs) {
    const beganMs = performance.now();
    const first = await getUser(token, timeoutMs);
    if (!isWorthATry(first.answer)) return first;
    const pauseMs = MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS);
    const leftMs = timeoutMs - (performance.now() - beganMs) - pauseMs;
    if (leftMs < MIN_LEFT_MS) return first;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const second = await getUser(token, leftMs);
    return { ...second, calls: first.calls + second.calls };
  };
}

function isWorthATry(answer: AuthAnswer): boolean {
  if (answer.kind === "fault") return answer.reason === "network";
  return answer.status >= 500 && !answer.headers.has("retry-after");
}
