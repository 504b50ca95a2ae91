import type { User } from "@supabase/supabase-js";
import { isOwnCode, outcomeOf } from "../../problems/table.ts";
import {
  API_KEY_REFUSED,
  type AuthAnswer,
  CACHED_ANSWER,
  isApiKeyRefusal,
  isFromCache,
  readAuthError,
  retryAfterSeconds,
} from "./auth_answer.ts";
import type { Claims } from "./claims.ts";
import type { GetUserResult } from "./get_user.ts";

/** The caller may not pass: why, under which code, and what else the body should say. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  /** Seconds. */
  readonly retry_after?: number;
  /** One line for the operator's log. Never holds a token, a key or upstream text. */
  readonly operator?: string;
}

/** Auth says that the session of this token is alive. */
export interface Alive {
  readonly ok: true;
  readonly user: User;
}

/** What Auth's answer means. */
export type Verdict = Alive | Refusal;

/**
 * Judges Auth's answer about a token. What is not clearly Auth speaking about this very token is a
 * fault of the way to Auth, never of the caller.
 *
 * @param result What `getUser(token)` returned, and the raw answer.
 * @param claims The claims of the token that was sent.
 * @param now By Auth's clock, seconds since the epoch.
 * @param skewSeconds How far two clocks may differ.
 * @returns The verdict. Never throws.
 */
export function judge(
  { user, answer }: GetUserResult,
  claims: Claims,
  now: number,
  skewSeconds: number,
): Verdict {
  if (answer.kind === "fault") {
    return answer.reason === "too_large" && answer.status === 200
      ? { ok: false, code: "user_too_large", operator: USER_TOO_LARGE }
      : { ok: false, code: "auth_unavailable" };
  }
  if (answer.status === 429) return unavailable(answer, "over_request_rate_limit");
  if (isFromCache(answer)) return { ...unavailable(answer), operator: CACHED_ANSWER };
  if (answer.status === 200) return admit(user, answer, claims, now);
  const error = mayBeAboutToken(answer.status) ? readAuthError(answer) : null;
  if (error !== null) return refuse(error.code, answer, claims, now, skewSeconds);
  if (isApiKeyRefusal(answer)) {
    return { ok: false, code: "auth_misconfigured", operator: API_KEY_REFUSED };
  }
  return unavailable(answer);
}

const USER_TOO_LARGE =
  "a user's record is larger than 2 MiB or has more than 50,000 values, so it is not read and the " +
  "user is refused: keep large data out of user_metadata and app_metadata";

/**
 * Whether Auth may speak about the token under this status. It answers GET /user with 400, 401 and
 * 403; a 404 or 408 is of something on the way, whatever it holds.
 */
function mayBeAboutToken(status: number): boolean {
  return status >= 400 && status < 500 && status !== 404 && status !== 408;
}

/** Whether this is Auth itself, now: a user, or an error in its own shape. Not a gateway or a page. */
export function isFromAuth({ user, answer }: GetUserResult): boolean {
  if (answer.kind === "fault" || isFromCache(answer)) return false;
  return answer.status === 200 ? hasId(user, answer) : readAuthError(answer) !== null;
}

function refuse(
  code: string,
  answer: AuthAnswer,
  claims: Claims,
  now: number,
  skewSeconds: number,
): Refusal {
  // Auth has one code for forged and for expired; a token without `aud` is validation_failed.
  if (code === "bad_jwt" || code === "validation_failed") {
    const isExpired = claims.exp !== undefined && claims.exp - now < skewSeconds;
    return { ok: false, code: isExpired ? "token_expired" : "bad_jwt" };
  }
  // We sent a bearer: if Auth saw none, something on the way removed it.
  if (code === "no_authorization") {
    return {
      ...unavailable(answer),
      operator: "Supabase Auth did not receive the bearer this function sent: " +
        "a proxy in front of SUPABASE_URL removes the Authorization header",
    };
  }
  if (isOwnCode(code)) return unavailable(answer); // a code that only this library uses: not Auth
  if (outcomeOf(code, "credential").retryable) {
    return unavailable(answer, code.startsWith("over_") ? "over_request_rate_limit" : undefined);
  }
  return { ok: false, code };
}

function admit(user: unknown, answer: AuthAnswer, claims: Claims, now: number): Verdict {
  // A wrong or missing id is somebody else's answer: a cache, a captive portal, another service.
  if (!hasId(user, answer) || user.id !== claims.sub) return unavailable(answer);
  // Auth before 2.195.0 answers 200 for a banned user.
  const { banned_until } = user as { banned_until?: unknown };
  if (banned_until !== undefined && banned_until !== null) {
    const untilSeconds = Date.parse(String(banned_until)) / 1000;
    if (Number.isNaN(untilSeconds)) return unavailable(answer);
    if (untilSeconds > now) return { ok: false, code: "user_banned" };
  }
  return { ok: true, user };
}

/** Whether the whole body is a user: supabase-js also takes one out of `{ user: … }`. */
function hasId(user: unknown, answer: AuthAnswer): user is User {
  return answer.kind === "answer" && answer.body !== null && answer.body === user &&
    typeof answer.body.id === "string" && answer.body.id !== "";
}

function unavailable(answer: AuthAnswer, code = "auth_unavailable"): Refusal {
  const seconds = retryAfterSeconds(answer);
  return { ok: false, code, ...(seconds === undefined ? {} : { retry_after: seconds }) };
}
