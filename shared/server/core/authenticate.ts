import { type Backend, backendOf, type BackendOptions } from "./backend.ts";
import { readCredential } from "./credential.ts";
import type { DecisionSource } from "./decision.ts";
import { deepFreeze } from "./deep_freeze.ts";
import { serves } from "./verdict_cache.ts";
import { type Candidate, precheck } from "./precheck.ts";
import { EnvironmentError } from "./project.ts";
import { isOfAuth } from "./auth_answer.ts";
import { judge, type Refusal, type Verdict } from "./verdict.ts";
import type { User } from "@supabase/supabase-js";

/** How strictly a token is looked at. */
export interface AuthenticateOptions extends BackendOptions {
  /** Milliseconds that Auth may take, from the arrival of the request. */
  readonly timeout: number;
  /** Seconds that two clocks may differ. */
  readonly skew: number;
  readonly allowSessionless: boolean;
  /** Seconds that an admitting answer may be old; 0 is strict. */
  readonly freshness: number;
  /** Milliseconds after which a check under way is not waited for. */
  readonly patience: number;
}

/** A caller whom Auth admits. */
export interface Caller extends Pick<Candidate, "ok" | "token" | "claims" | "session"> {
  readonly user: User;
  readonly backend: Backend;
  readonly skew: number;
  /** Whether Auth was asked after the request had arrived. */
  readonly asked: boolean;
}

/** The end of the way: who calls or why not, and how that was found out. */
export interface Passage {
  readonly result: Caller | Refusal;
  readonly source: DecisionSource;
  readonly upstream_calls: number;
}

/**
 * The way of a request: credential, precheck, memory, signature, shared check, verdict. It
 * knows no Hono.
 *
 * @param authorization The Authorization header, `null` when absent.
 * @param options How strict to be.
 * @param arrived When the request arrived, on the monotonic clock (ms): its time runs from there.
 * @param earlier Whom another check on the path of this very request has admitted: it shares the
 * answer, if that is of Auth and not of the memory.
 * @returns Who calls, or why not: at once where Auth need not be asked. Throws or rejects only on a
 * defect of ours.
 */
export function authenticate(
  authorization: string | null,
  options: AuthenticateOptions,
  arrived: number,
  earlier?: Caller,
): Passage | Promise<Passage> {
  let backend: Backend;
  try {
    backend = backendOf(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return locally({ ok: false, code: "auth_misconfigured", operator: error.message });
  }
  const { project, clock, memory, signature } = backend;
  const genuine = signature.recall(authorization);
  const credential = genuine ?? readCredential(authorization, project.keys);
  const token = credential.kind === "token" ? credential.token : ""; // the precheck refuses that one
  const known = memory.recall(token);
  const candidate = precheck(credential, options, clock, genuine ?? known);
  if (!candidate.ok) return locally(candidate);

  const { skew, freshness } = options;
  const asked = earlier?.asked === true && earlier.backend === backend && earlier.token === token;
  if (known !== undefined && serves(known, freshness, clock.latest())) {
    return passage(candidate, known.verdict, { backend, skew, asked }, "memory");
  }
  if (asked) return { result: { ...earlier, skew }, source: "memory", upstream_calls: 0 };
  return ask(candidate, backend, options, arrived, freshness > 0 || known !== undefined);
}

/** The rest of the way, for which Auth has to be asked. */
async function ask(
  candidate: Candidate,
  backend: Backend,
  { timeout, skew, patience }: AuthenticateOptions,
  arrived: number,
  keep: boolean,
): Promise<Passage> {
  const { check, clock, memory, signature } = backend;
  const { token, bearer, claims, session } = candidate;
  const deadline = arrived + timeout;
  // Keys that have to be fetched may take half of the time: the other half is the question's.
  const found = await signature.look(candidate, arrived + timeout / 2);
  if (found === "forged") return locally({ ok: false, code: "bad_jwt" });
  const { answer, began, own } = await check(bearer, deadline, patience);
  if (isOfAuth(answer)) clock.observe(answer.headers.get("date"));
  const verdict = deepFreeze(judge(answer, claims, clock.now(skew), skew));
  // A forger chooses `exp`: what Auth refuses may be called expired, and be forged all the same.
  const bad = !verdict.ok && (verdict.code === "bad_jwt" ||
    verdict.code === "token_expired" && found !== "genuine");
  if (verdict.ok || bad) signature.learn(candidate, verdict.ok);
  // A function that is strict everywhere keeps no living token; a route that is not profits.
  if (answer.kind === "answer" && (keep || !verdict.ok)) {
    memory.note(token, Object.freeze({ claims, session, verdict, began }));
  }
  return passage(
    candidate,
    verdict,
    { backend, skew, asked: true },
    own ? "check" : "shared_check",
  );
}

function locally(result: Refusal): Passage {
  return { result, source: "precheck", upstream_calls: 0 };
}

function passage(
  { token, claims, session }: Candidate,
  verdict: Verdict,
  { backend, skew, asked }: Pick<Caller, "backend" | "skew" | "asked">,
  source: DecisionSource,
): Passage {
  const result: Caller | Refusal = verdict.ok
    ? { ok: true, token, claims, session, user: verdict.user, backend, skew, asked }
    : verdict;
  return { result, source, upstream_calls: source === "check" ? 1 : 0 };
}
