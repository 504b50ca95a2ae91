import type { User } from "@supabase/supabase-js";
import type { Allow, KeyKind } from "./allow.ts";
import { readApiKey } from "./api_keys.ts";
import { CACHED_ANSWER } from "./auth_answer.ts";
import { type Backend, type BackendOptions, getBackend } from "./backend.ts";
import type { Claims } from "./claims.ts";
import type { Clock } from "./clock.ts";
import { type Credential, isBearer, readCredential } from "./credential.ts";
import type { DecisionSource } from "./decision.ts";
import { deepFreeze } from "./deep_freeze.ts";
import type { GetUserResult } from "./get_user.ts";
import { type Candidate, precheck, type PrecheckRules, refuseCredential } from "./precheck.ts";
import { EnvironmentError } from "./project.ts";
import { kidOf, type SignatureStatus } from "./signature.ts";
import { secondsSince, type Timestamp } from "./timestamp.ts";
import { type CacheEntry, freshVerdict, isCacheable } from "./token_cache.ts";
import { isFromAuth, judge, type Refusal, type Verdict } from "./verdict.ts";

/** Who may call, and how strictly a token is checked. */
export interface AuthenticateOptions extends BackendOptions, PrecheckRules {
  readonly allow: Allow;
  /** Whether the route needs a secret key of the project, whoever calls. */
  readonly admin: boolean;
  /** Milliseconds that Auth may take, from the arrival of the request. */
  readonly timeout: number;
  /** Seconds that an admitting answer may be old; 0 is strict. */
  readonly freshness: number;
  /** Milliseconds after which a call in flight is not waited for. */
  readonly patience: number;
}

/** The headers of a request that name its caller, `null` when absent. */
export interface CredentialHeaders {
  readonly authorization: string | null;
  readonly apikey: string | null;
}

/** A user whom Auth admits. */
export interface UserAdmission
  extends Pick<Candidate, "ok" | "token" | "claims" | "session" | "client"> {
  readonly kind: "user";
  readonly user: User;
  readonly backend: Backend;
  readonly skew: number;
  /** When Auth was asked, if that was after the request had arrived. */
  readonly askedAt: Timestamp | undefined;
}

/** A caller with an API key of the project. */
export interface KeyAdmission {
  readonly ok: true;
  readonly kind: KeyKind;
  readonly name: string;
  readonly key: string;
  /** Whether the route admits users as well. */
  readonly usersAllowed: boolean;
  readonly backend: Backend;
}

/** Anybody, on a route that is open to anybody. */
export interface NoneAdmission {
  readonly ok: true;
  readonly kind: "none";
  /** Whether the route admits users as well. */
  readonly usersAllowed: boolean;
  readonly backend: Backend;
}

/** A caller who is admitted. */
export type Admission = UserAdmission | KeyAdmission | NoneAdmission;

/** Who calls, or why nobody is admitted, and how that was found out. */
export interface AuthResult {
  readonly outcome: Admission | Refusal;
  readonly source: DecisionSource;
  readonly upstreamCalls: number;
}

/**
 * The path of a request: credential, precheck, cache, signature, batched getUser, verdict. It knows
 * nothing of Hono.
 *
 * @param headers What the request says of its caller.
 * @param options How strict to be.
 * @param arrivedAt When the request arrived: its time runs from there.
 * @param earlier Whom another check of this very request has admitted. Its answer is used again if
 * Auth was asked for it.
 * @returns The result. Rejects only on a bug of ours.
 */
export async function authenticate(
  { authorization, apikey }: CredentialHeaders,
  options: AuthenticateOptions,
  arrivedAt: Timestamp,
  earlier?: Admission,
): Promise<AuthResult> {
  let backend: Backend;
  try {
    backend = getBackend(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return refuseLocally({ ok: false, code: "auth_misconfigured", operator: error.message });
  }
  const { project, clock, tokens } = backend;
  const { skew, freshness, allow } = options;
  if (options.admin && project.secretKey === undefined) {
    return refuseLocally({ ok: false, code: "auth_misconfigured", operator: NO_SECRET_KEY });
  }
  if (freshness > 0) tokens.keepAdmissions();
  const credential = readCredential(authorization, project.keys, apikey);
  if (!allow.isUsersOnly && !(allow.user && credential.kind === "token")) {
    return await admitOther(credential, { authorization, apikey }, backend, options);
  }
  const known = credential.kind === "token" ? tokens.get(credential.token) : undefined;
  const candidate = precheck(credential, options, clock, known);
  if (!candidate.ok) return refuseLocally(candidate);

  const asked = isReusable(earlier, backend, candidate, arrivedAt) ? earlier : undefined;
  const verdict = known && freshVerdict(known, freshness, clock.latest(), arrivedAt);
  if (verdict) {
    return result(candidate, verdict, { backend, skew, askedAt: asked?.askedAt }, "memory", 0);
  }
  if (asked) return { outcome: { ...asked, skew }, source: "memory", upstreamCalls: 0 };
  return await askAuth(candidate, backend, options, arrivedAt.monotonicMs, known);
}

/**
 * How long the answer for one check of a request serves the next check of it. A request that lives
 * long, such as a stream of events, is checked again.
 */
const SAME_REQUEST_SECONDS = 1;

/** Whether Auth was asked for an earlier check of this request, and a moment ago. */
function isReusable(
  earlier: Admission | undefined,
  backend: Backend,
  { token }: Candidate,
  arrivedAt: Timestamp,
): earlier is UserAdmission {
  return earlier?.kind === "user" && earlier.askedAt !== undefined && earlier.backend === backend &&
    earlier.token === token &&
    secondsSince(earlier.askedAt, arrivedAt) < SAME_REQUEST_SECONDS;
}

const NO_SECRET_KEY = "auth() has `admin: true`, but SUPABASE_SECRET_KEYS holds no key: add one";

/**
 * Callers without a user's token that this route could use: API keys, and anybody. A credential that
 * is there and cannot be used is refused, whatever else the request holds.
 */
async function admitOther(
  credential: Credential,
  { authorization, apikey }: CredentialHeaders,
  backend: Backend,
  options: AuthenticateOptions,
): Promise<AuthResult> {
  const { allow } = options;
  if (!allow.user && allow.secret === null && allow.publishable === null) {
    return admitAnybody(backend, allow); // "none" alone: no credential is read
  }
  if (credential.kind === "token") {
    return refuseLocally({ ok: false, code: "insufficient_scope", operator: USER_NOT_ALLOWED });
  }
  if (credential.kind === "secret_key" && allow.secret !== null) {
    if (apikey === null || !isBearer(authorization, apikey)) {
      return refuseLocally({ ok: false, code: "invalid_api_key", operator: KEY_AS_BEARER });
    }
  } else if (credential.kind !== "none") return refuseLocally(refuseCredential(credential));

  const read = await readApiKey(apikey, allow, backend.project, backend.apiKeys);
  if (read.kind === "admitted") {
    const { kind, name, key } = read.apiKey;
    const outcome = { ok: true, kind, name, key, usersAllowed: allow.user, backend } as const;
    return { outcome, source: "key", upstreamCalls: 0 };
  }
  if (read.kind === "refused") return { outcome: read.refusal, source: "key", upstreamCalls: 0 };
  if (allow.none) return admitAnybody(backend, allow);
  // Nobody can sign in to a route that is for machines only.
  return refuseLocally(allow.user ? refuseCredential({ kind: "none" }) : NO_KEY);
}

function admitAnybody(backend: Backend, { user }: Allow): AuthResult {
  const outcome = { ok: true, kind: "none", usersAllowed: user, backend } as const;
  return { outcome, source: "precheck", upstreamCalls: 0 };
}

const NO_KEY: Refusal = Object.freeze({ ok: false, code: "invalid_api_key" });

const USER_NOT_ALLOWED =
  'a user\'s token came to a route whose `allow` has no "user", and was refused: add "user" to it, ' +
  "or send no Authorization header";

const KEY_AS_BEARER =
  "a caller sends a secret key as bearer only, and was refused: send it in the apikey header";

/** The rest of the path, for which Auth has to be asked. */
async function askAuth(
  candidate: Candidate,
  backend: Backend,
  { timeout, skew, patience }: AuthenticateOptions,
  arrivedMs: number,
  known: CacheEntry | undefined,
): Promise<AuthResult> {
  const { getUser, clock, signatures } = backend;
  const { token, claims } = candidate;
  // Fetching keys may take half of the time: the other half belongs to the call to Auth.
  const signature = known?.isVerified
    ? "verified"
    : await signatures.verify(candidate, arrivedMs + timeout / 2);
  const deadlineMs = arrivedMs + timeout;
  const asked = await getUser(token, deadlineMs, patience, signature, kidOf(candidate));
  const { beganAt, isLeader, calls } = asked;
  const verdict = deepFreeze(readVerdict(asked, claims, clock, skew));
  recordSignature(candidate, verdict, signature, backend);
  remember(candidate, verdict, signature, beganAt, backend, known);
  const source = isLeader ? "check" : "shared_check";
  const details = { backend, skew, askedAt: beganAt };
  return result(candidate, verdict, details, source, isLeader ? calls : 0);
}

/** Learns from Auth's answer about a signature that could not be verified here. */
function recordSignature(
  candidate: Candidate,
  verdict: Verdict,
  signature: SignatureStatus,
  { signatures, limits }: Backend,
): void {
  if (signature === "verified") return;
  if (verdict.ok) {
    void signatures.recordGenuine(candidate);
    const kid = kidOf(candidate);
    if (signature === "doubtful" && kid !== "") limits.recordKey(kid);
  } // A forger chooses `exp`: a token that is refused as expired may be forged all the same.
  else if (verdict.code === "bad_jwt" || verdict.code === "token_expired") {
    signatures.recordForged();
    if (signature === "unverifiable") limits.recordForged();
  }
}

/** Keeps what the next request with this token can use. */
function remember(
  { token, header, claims, session }: Candidate,
  verdict: Verdict,
  signature: SignatureStatus,
  beganAt: Timestamp,
  { tokens }: Backend,
  known: CacheEntry | undefined,
): void {
  if (!isCacheable(verdict)) return;
  const isVerified = verdict.ok || signature === "verified";
  const kept = verdict.ok && !tokens.keepsAdmissions ? null : verdict;
  // Where every route is strict, a token that is alive is set once.
  if (kept === null && known?.isVerified && known.verdict === null) return;
  const entry = { header, claims, session, isVerified, verdict: kept, beganAt };
  tokens.set(token, Object.freeze(entry));
}

/** Judges an answer, and compares the clocks by it. */
function readVerdict(
  asked: GetUserResult,
  claims: Claims,
  clock: Clock,
  skew: number,
): Verdict {
  if (asked.answer.kind === "answer" && isFromAuth(asked)) {
    const date = asked.answer.headers.get("date");
    if (clock.isOutdated(date, skew)) {
      return { ok: false, code: "auth_unavailable", operator: CACHED_ANSWER };
    }
    clock.observe(date);
  }
  return judge(asked, claims, clock.now(skew), skew);
}

function refuseLocally(refusal: Refusal): AuthResult {
  return { outcome: refusal, source: "precheck", upstreamCalls: 0 };
}

function result(
  { token, claims, session, client }: Candidate,
  verdict: Verdict,
  { backend, skew, askedAt }: Pick<UserAdmission, "backend" | "skew" | "askedAt">,
  source: DecisionSource,
  upstreamCalls: number,
): AuthResult {
  return {
    outcome: verdict.ok
      ? {
        ok: true,
        kind: "user",
        token,
        claims,
        session,
        client,
        user: verdict.user,
        backend,
        skew,
        askedAt,
      }
      : verdict,
    source,
    upstreamCalls,
  };
}
