import type { User } from "@supabase/supabase-js";
import { isOwnCode, outcomeOf } from "../../problems/table.ts";
import type { Claims } from "./claims.ts";
import {
  type Answer,
  isApiKeyRefusal,
  readAuthError,
  readObject,
  retryAfter,
} from "./auth_answer.ts";

/** The caller may not pass: why, under which code, and what else the body should say. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  /** Seconds. */
  readonly retry_after?: number;
  /** One line for the operator's log. Never holds a token, a key or upstream text. */
  readonly operator?: string;
}

/** Auth says the session of this token is alive. */
export interface Admission {
  readonly ok: true;
  readonly user: User;
}

/** What Auth's answer means. */
export type Verdict = Admission | Refusal;

/**
 * Judges Auth's answer to GET /user. Everything that is not clearly Auth speaking about this very
 * token is a fault of the way to Auth, never of the caller.
 *
 * @param answer The raw answer.
 * @param claims The claims of the token that was sent.
 * @param now By Auth's clock, seconds since the epoch.
 * @param skew Seconds that two clocks may differ.
 * @returns The verdict. Never throws.
 */
export function judge(answer: Answer, claims: Claims, now: number, skew: number): Verdict {
  if (answer.kind === "fault") return { ok: false, code: "auth_unavailable" };
  if (answer.status === 200) return admit(answer, claims, now);
  if (answer.status === 429) return unavailable(answer, "over_request_rate_limit");
  const error = answer.status >= 400 && answer.status < 500 ? readAuthError(answer) : null;
  if (error !== null) return { ok: false, ...refuse(error.code, answer, claims, now, skew) };
  if (isApiKeyRefusal(answer)) {
    return {
      ok: false,
      code: "auth_misconfigured",
      operator: "the gateway refuses this function's API key: check SUPABASE_PUBLISHABLE_KEYS " +
        "(or SUPABASE_ANON_KEY) and that SUPABASE_URL names the same project",
    };
  }
  return unavailable(answer);
}

function refuse(code: string, answer: Answer, claims: Claims, now: number, skew: number) {
  // Auth has one code for forged and for expired; a token without `aud` is validation_failed.
  if (code === "bad_jwt" || code === "validation_failed") {
    const expired = claims.exp !== undefined && claims.exp - now < skew;
    return { code: expired ? "token_expired" : "bad_jwt" };
  }
  // We sent a bearer: if Auth saw none, something on the way took it off.
  if (code === "no_authorization") {
    return {
      ...unavailable(answer),
      operator: "Supabase Auth did not receive the bearer this function sent: " +
        "a proxy in front of SUPABASE_URL removes the Authorization header",
    };
  }
  if (isOwnCode(code)) return unavailable(answer); // a name nobody but us uses: not Auth speaking
  if (outcomeOf(code, "credential").retryable) {
    return unavailable(answer, code.startsWith("over_") ? "over_request_rate_limit" : undefined);
  }
  return { code };
}

function admit(answer: Answer, claims: Claims, now: number): Verdict {
  const user = readObject(answer) as (Partial<User> & { banned_until?: unknown }) | null;
  // A wrong or missing id is somebody else's answer: a cache, a captive portal, another service.
  if (user === null || user.id !== claims.sub || user.id === "") return unavailable(answer);
  // Auth before 2.195.0 answers 200 for a banned user.
  if (user.banned_until !== undefined && user.banned_until !== null) {
    const until = Date.parse(String(user.banned_until)) / 1000;
    if (Number.isNaN(until)) return unavailable(answer);
    if (until > now) return { ok: false, code: "user_banned" };
  }
  return { ok: true, user: user as User };
}

function unavailable(answer: Answer, code = "auth_unavailable"): Refusal {
  const seconds = retryAfter(answer);
  return { ok: false, code, ...(seconds === undefined ? {} : { retry_after: seconds }) };
}
