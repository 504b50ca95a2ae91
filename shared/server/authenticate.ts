import { type Backend, backendOf, type BackendOptions } from "./backend.ts";
import { readCredential } from "./credential.ts";
import type { DecisionSource } from "./decision.ts";
import { type Candidate, precheck } from "./precheck.ts";
import { EnvironmentError } from "./project.ts";
import { judge, type Refusal, type Verdict } from "./verdict.ts";
import type { User } from "@supabase/auth-js";

/** How strictly a token is looked at. */
export interface AuthenticateOptions extends BackendOptions {
  /** Milliseconds that Auth may take, from the arrival of the request. */
  readonly timeout: number;
  /** Seconds that two clocks may differ. */
  readonly skew: number;
  readonly allowSessionless: boolean;
}

/** A caller whom Auth admits. */
export interface Caller extends Candidate {
  readonly user: User;
  readonly backend: Backend;
}

/** The end of the way: who calls or why not, and how that was found out. */
export interface Passage {
  readonly result: Caller | Refusal;
  readonly source: DecisionSource;
  readonly upstream_calls: number;
}

// What Auth said to a request, for a second check on its path. Keyed by the Request itself: no
// other request can find it, and it goes when the request goes.
const answered = new WeakMap<Request, { backend: Backend; token: string; verdict: Verdict }>();

/**
 * The way of a request: credential, precheck, check, verdict. Knows no Hono.
 *
 * @param request The request; only its Authorization header is read.
 * @param options How strict to be.
 * @returns Who calls, or why not. Rejects only on a defect of ours.
 */
export async function authenticate(
  request: Request,
  options: AuthenticateOptions,
): Promise<Passage> {
  const locally = (result: Refusal): Passage => ({ result, source: "precheck", upstream_calls: 0 });
  let backend: Backend;
  try {
    backend = backendOf(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return locally({ ok: false, code: "auth_misconfigured", operator: error.message });
  }
  const { project, check, clock } = backend;
  const credential = readCredential(request.headers.get("authorization"), project.keys);
  const candidate = precheck(credential, { ...options, clock });
  if (!candidate.ok) return locally(candidate);

  const { token, claims } = candidate;
  const before = answered.get(request);
  if (before?.backend === backend && before.token === token) {
    return { result: caller(before.verdict), source: "memory", upstream_calls: 0 };
  }
  const answer = await check(token, options.timeout);
  if (answer.kind === "answer") clock.observe(answer.headers.get("date"));
  const verdict = judge(answer, claims, clock.now(options.skew), options.skew);
  answered.set(request, { backend, token, verdict });
  return { result: caller(verdict), source: "check", upstream_calls: 1 };

  function caller(verdict: Verdict): Caller | Refusal {
    return verdict.ok ? { ...(candidate as Candidate), user: verdict.user, backend } : verdict;
  }
}
