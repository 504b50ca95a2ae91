import {
  type Claims,
  type DecodedToken,
  decodeToken,
  readSession,
  type Session,
} from "./claims.ts";
import type { Clock } from "./clock.ts";
import type { BearerToken, Credential } from "./credential.ts";
import type { Refusal } from "./verdict.ts";

/** A token that is worth a question to Auth. */
export interface Candidate extends BearerToken, DecodedToken {
  readonly ok: true;
  /** `null` only where sessionless tokens are allowed. */
  readonly session: Session | null;
  /** The OAuth client that the token was issued to, by its id; `null` for the project's own apps. */
  readonly client: string | null;
}

/** What the precheck needs to know of the time. */
export type PrecheckClock = Pick<Clock, "now" | "mayRefuseExpired">;

/** What the precheck goes by. */
export interface PrecheckRules {
  /** Seconds that two clocks may differ. */
  readonly skew: number;
  /** Whether tokens that can never be revoked may pass. */
  readonly allowSessionless: boolean;
  /** The OAuth clients whose tokens may pass, by their ids. */
  readonly oauthClients: ReadonlySet<string> | "*";
}

/**
 * Refuses what is certainly dead, without a call. It never admits: all else is for Auth to decide.
 *
 * @param credential What the Authorization header held.
 * @param rules How strict to be.
 * @param clock The project's clock; one that is wrong refuses nothing.
 * @param known What the token holds, if it was decoded before.
 * @returns The token to ask Auth about, or a refusal.
 */
export function precheck(
  credential: Credential,
  rules: PrecheckRules,
  clock: PrecheckClock,
  known?: Pick<Candidate, "header" | "claims" | "session">,
): Candidate | Refusal {
  if (credential.kind !== "token") return refuseCredential(credential);
  const { kind, token } = credential;
  const decoded = known ?? decodeToken(token);
  if (decoded === null) return { ok: false, code: "bad_jwt" };
  const { header, claims } = decoded;
  const client = claims.client_id;
  if (client !== undefined && !isAllowedClient(client, rules.oauthClients)) {
    return { ok: false, code: "oauth_client_not_allowed" };
  }
  const session = known ? known.session : readSession(claims);
  if (session === null && !rules.allowSessionless) return { ok: false, code: "session_required" };
  if (isExpired(claims, rules.skew, clock)) return { ok: false, code: "token_expired" };
  return { ok: true, kind, token, header, claims, session, client: client ?? null };
}

/** The refusal of what is not a token. */
export function refuseCredential({ kind }: Exclude<Credential, BearerToken>): Refusal {
  switch (kind) {
    case "none":
      return { ok: false, code: "no_authorization" };
    case "malformed":
      return { ok: false, code: "invalid_authorization_header" };
    case "too_large":
      return { ok: false, code: "token_too_large", operator: TOKEN_TOO_LARGE };
    case "secret_key":
      return { ok: false, code: "bad_jwt", operator: SECRET_KEY_WARNING };
  }
}

/**
 * Auth lets a token of an OAuth client do whatever the user may, so a route has to name the clients
 * that it is meant for. Nobody has verified the token yet: a forged one is refused here too, and
 * learns nothing by it that its claims do not say.
 */
function isAllowedClient(
  client: unknown,
  allowed: PrecheckRules["oauthClients"],
): client is string {
  return typeof client === "string" && client !== "" && (allowed === "*" || allowed.has(client));
}

const TOKEN_TOO_LARGE =
  "a caller's token is larger than 32 KiB and was refused: keep large data out of app_metadata, " +
  "user_metadata and the claims that a hook adds";

const SECRET_KEY_WARNING =
  "a caller sends a secret or service_role key as a bearer token. It was refused. " +
  "If that caller is a browser or an app, the key has leaked: rotate it";

/** Only past the skew: within it, Auth decides whose clock is right. */
function isExpired({ exp }: Claims, skew: number, clock: PrecheckClock): boolean {
  return typeof exp === "number" && exp + skew < clock.now(skew) && clock.mayRefuseExpired(skew);
}
