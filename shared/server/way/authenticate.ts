import { type Backend, backendOf, type BackendOptions } from "./backend.ts";
import { readCredential } from "./credential.ts";
import type { DecisionSource } from "./decision.ts";
import { deepFreeze } from "./freeze.ts";
import { type Memo, serves } from "./memory.ts";
import { type Candidate, precheck } from "./precheck.ts";
import { EnvironmentError } from "./project.ts";
import { judge, type Refusal } from "./verdict.ts";
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
export interface Caller extends Candidate {
  readonly user: User;
  readonly backend: Backend;
  readonly skew: number;
}

/** The end of the way: who calls or why not, and how that was found out. */
export interface Passage {
  readonly result: Caller | Refusal;
  readonly source: DecisionSource;
  readonly upstream_calls: number;
}

// What Auth said in one dispatch, for a second check on its path. Not keyed by the Request: the
// same object may be sent twice.
const answered = new WeakMap<object, { backend: Backend; token: string; memo: Memo }>();

/**
 * The way of a request: credential, precheck, memory, signature, shared check, verdict. It
 * knows no Hono.
 *
 * @param authorization The Authorization header, `null` when absent.
 * @param scope An object that lives for this one dispatch: two checks in it share an answer.
 * @param options How strict to be.
 * @returns Who calls, or why not: at once where Auth need not be asked. Throws or rejects only on a
 * defect of ours.
 */
export function authenticate(
  authorization: string | null,
  scope: object,
  options: AuthenticateOptions,
): Passage | Promise<Passage> {
  let backend: Backend;
  try {
    backend = backendOf(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return locally({ ok: false, code: "auth_misconfigured", operator: error.message });
  }
  const { project, clock, memory } = backend;
  const credential = readCredential(authorization, project.keys);
  const known = credential.kind === "token" ? memory.recall(credential.token) : undefined;
  const candidate = precheck(credential, options, clock, known);
  if (!candidate.ok) return locally(candidate);

  const { skew, freshness } = options;
  if (known !== undefined && serves(known, freshness, clock.now(skew))) {
    return passage(candidate, known, backend, skew, "memory");
  }
  const before = answered.get(scope);
  if (before?.backend === backend && before.token === candidate.token) {
    return passage(candidate, before.memo, backend, skew, "memory");
  }
  return ask(candidate, scope, backend, options, freshness > 0 || known !== undefined);
}

/** The rest of the way, for which Auth has to be asked. */
async function ask(
  candidate: Candidate,
  scope: object,
  backend: Backend,
  { timeout, skew, patience }: AuthenticateOptions,
  keep: boolean,
): Promise<Passage> {
  const arrived = performance.now();
  const { check, clock, memory, signature } = backend;
  const { token, claims, session } = candidate;
  if (await signature.look(token) === "forged") return locally({ ok: false, code: "bad_jwt" });
  const left = timeout - (performance.now() - arrived);
  const { answer, began, own } = await check(token, left, patience);
  if (answer.kind === "answer") clock.observe(answer.headers.get("date"));
  const verdict = deepFreeze(judge(answer, claims, clock.now(skew), skew));
  if (verdict.ok || verdict.code === "bad_jwt") signature.learn(token, verdict.ok);
  const memo = Object.freeze({ claims, session, verdict, began });
  answered.set(scope, { backend, token, memo });
  // A function that is strict everywhere keeps no living token; a route that is not profits.
  if (answer.kind === "answer" && (keep || !verdict.ok)) memory.note(token, memo);
  return passage(candidate, memo, backend, skew, own ? "check" : "shared_check");
}

function locally(result: Refusal): Passage {
  return { result, source: "precheck", upstream_calls: 0 };
}

function passage(
  { token, claims, session }: Candidate,
  { verdict }: Memo,
  backend: Backend,
  skew: number,
  source: DecisionSource,
): Passage {
  const result: Caller | Refusal = verdict.ok
    ? { ok: true, token, claims, session, user: verdict.user, backend, skew }
    : verdict;
  return { result, source, upstream_calls: source === "check" ? 1 : 0 };
}
