import type { User } from "@supabase/supabase-js";
import { type Backend, type BackendOptions, getBackend } from "./backend.ts";
import { readCredential } from "./credential.ts";
import type { DecisionSource } from "./decision.ts";
import { deepFreeze } from "./deep_freeze.ts";
import { type Candidate, precheck } from "./precheck.ts";
import { EnvironmentError } from "./project.ts";
import { isFromAuth, judge, type Refusal, type Verdict } from "./verdict.ts";
import { isFresh } from "./verdict_cache.ts";

/** How strictly a token is checked. */
export interface AuthenticateOptions extends BackendOptions {
  /** Milliseconds that Auth may take, from the arrival of the request. */
  readonly timeout: number;
  /** Seconds that two clocks may differ. */
  readonly skew: number;
  readonly allowSessionless: boolean;
  /** Seconds that an admitting answer may be old; 0 is strict. */
  readonly freshness: number;
  /** Milliseconds after which a call in flight is not waited for. */
  readonly patience: number;
}

/** A caller whom Auth admits. */
export interface Admission extends Pick<Candidate, "ok" | "token" | "claims" | "session"> {
  readonly user: User;
  readonly backend: Backend;
  readonly skew: number;
  /** Whether Auth was asked after the request had arrived. */
  readonly asked: boolean;
}

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
 * @param authorization The Authorization header, `null` when absent.
 * @param options How strict to be.
 * @param arrivedMs When the request arrived, on the monotonic clock: its time runs from there.
 * @param earlier Whom another check of this very request has admitted. Its answer is used again if
 * Auth was asked for it.
 * @returns The result. Rejects only on a bug of ours.
 */
export async function authenticate(
  authorization: string | null,
  options: AuthenticateOptions,
  arrivedMs: number,
  earlier?: Admission,
): Promise<AuthResult> {
  let backend: Backend;
  try {
    backend = getBackend(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return refuseLocally({ ok: false, code: "auth_misconfigured", operator: error.message });
  }
  const { project, clock, verdicts } = backend;
  const credential = readCredential(authorization, project.keys);
  const known = credential.kind === "token" ? verdicts.get(credential.token) : undefined;
  const candidate = precheck(credential, options, clock, known);
  if (!candidate.ok) return refuseLocally(candidate);

  const { skew, freshness } = options;
  const asked = earlier?.asked === true && earlier.backend === backend &&
    earlier.token === candidate.token;
  if (known !== undefined && isFresh(known, freshness, clock.latest())) {
    return result(candidate, known.verdict, { backend, skew, asked }, "memory");
  }
  if (asked) return { outcome: { ...earlier, skew }, source: "memory", upstreamCalls: 0 };
  return await askAuth(
    candidate,
    backend,
    options,
    arrivedMs,
    freshness > 0 || known !== undefined,
  );
}

/** The rest of the path, for which Auth has to be asked. */
async function askAuth(
  candidate: Candidate,
  backend: Backend,
  { timeout, skew, patience }: AuthenticateOptions,
  arrivedMs: number,
  keepAlive: boolean,
): Promise<AuthResult> {
  const { getUser, clock, verdicts, signatures } = backend;
  const { token, header, claims, session } = candidate;
  // Fetching keys may take half of the time: the other half belongs to the call to Auth.
  const signature = await signatures.verify(candidate, arrivedMs + timeout / 2);
  if (signature === "forged") return refuseLocally({ ok: false, code: "bad_jwt" });

  const asked = await getUser(token, arrivedMs + timeout, patience);
  const { answer, beganAt, isLeader } = asked;
  if (answer.kind === "answer" && isFromAuth(asked)) clock.observe(answer.headers.get("date"));
  const verdict = deepFreeze(judge(asked, claims, clock.now(skew), skew));
  // A forger chooses `exp`: a token that is refused as expired may be forged all the same.
  const isBad = !verdict.ok && (verdict.code === "bad_jwt" ||
    verdict.code === "token_expired" && signature !== "verified");
  if (verdict.ok || isBad) signatures.recordVerdict(token, verdict.ok);
  // A function that is strict everywhere keeps no admissions; where one route is not, it profits.
  if (answer.kind === "answer" && (keepAlive || !verdict.ok)) {
    verdicts.set(token, Object.freeze({ header, claims, session, verdict, beganAt }));
  }
  return result(
    candidate,
    verdict,
    { backend, skew, asked: true },
    isLeader ? "check" : "shared_check",
  );
}

function refuseLocally(refusal: Refusal): AuthResult {
  return { outcome: refusal, source: "precheck", upstreamCalls: 0 };
}

function result(
  { token, claims, session }: Candidate,
  verdict: Verdict,
  { backend, skew, asked }: Pick<Admission, "backend" | "skew" | "asked">,
  source: DecisionSource,
): AuthResult {
  return {
    outcome: verdict.ok
      ? { ok: true, token, claims, session, user: verdict.user, backend, skew, asked }
      : verdict,
    source,
    upstreamCalls: source === "check" ? 1 : 0,
  };
}
