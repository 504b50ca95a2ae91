import { type Claims, decodeClaims, type Session, sessionOf } from "./claims.ts";
import type { Clock } from "./clock.ts";
import type { BearerToken, Credential } from "./credential.ts";
import type { Refusal } from "./verdict.ts";

/** A token that is worth a question to Auth. */
export interface Candidate extends BearerToken {
  readonly ok: true;
  readonly claims: Claims;
  /** `null` only where sessionless tokens are allowed. */
  readonly session: Session | null;
}

/** What the precheck has to know of the time. */
export type LocalClock = Pick<Clock, "now" | "mayRefuse">;

/** What the precheck goes by. */
export interface PrecheckRules {
  /** Seconds that two clocks may differ. */
  readonly skew: number;
  /** Whether tokens that can never be revoked may pass. */
  readonly allowSessionless: boolean;
}

/**
 * Refuses what is certainly dead, without a call. It never admits: everything else is for Auth.
 *
 * @param credential What the Authorization header held.
 * @param rules How strict to be.
 * @param clock The project's clock; a wrong one refuses nothing.
 * @param decoded What the token holds, if it was decoded before.
 * @returns The token to ask Auth about, or a refusal.
 */
export function precheck(
  credential: Credential,
  rules: PrecheckRules,
  clock: LocalClock,
  decoded?: Pick<Candidate, "claims" | "session">,
): Candidate | Refusal {
  switch (credential.kind) {
    case "none":
      return { ok: false, code: "no_authorization" };
    case "malformed":
      return { ok: false, code: "invalid_authorization_header" };
    case "secret_key":
      return { ok: false, code: "bad_jwt", operator: SECRET_KEY_WARNING };
  }
  const claims = decoded?.claims ?? decodeClaims(credential.token);
  if (claims === null) return { ok: false, code: "bad_jwt" };
  const session = decoded ? decoded.session : sessionOf(claims);
  if (session === null && !rules.allowSessionless) return { ok: false, code: "session_required" };
  if (expired(claims, rules.skew, clock)) return { ok: false, code: "token_expired" };
  const { kind, token, bearer } = credential;
  return { ok: true, kind, token, bearer, claims, session };
}

const SECRET_KEY_WARNING =
  "a caller sends a secret or service_role key as a bearer token. It was refused. " +
  "If that caller is a browser or an app, the key has leaked: rotate it";

/** Past the skew only: inside it, Auth decides whose clock is right. */
function expired({ exp }: Claims, skew: number, clock: LocalClock): boolean {
  return typeof exp === "number" && exp + skew < clock.now(skew) && clock.mayRefuse(skew);
}
