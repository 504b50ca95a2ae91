/** Taking the steps that a refusal asks for. @module */
import type { Problem } from "../problems/problem.ts";
import type { Client } from "./client.ts";
import { sessionOf } from "./current_token.ts";
import type { CallOptions, RecoveryEvent } from "./options.ts";
import { type Outgoing, withBody } from "./outgoing.ts";
import { parseJson } from "./parse_json.ts";
import { refusal } from "./refusal.ts";
import type { Sent } from "./send.ts";
import type { Shared } from "./shared.ts";
import { nextStep, type Progress } from "./step.ts";
import { tokenFacts } from "./token.ts";
import { pause, unlessAborted } from "./within.ts";

/** A call under way. */
export interface Call {
  readonly client: Client;
  readonly shared: Shared;
  readonly options: CallOptions;
  progress: Progress;
}

/** What recovery came to: send this, or end with that problem. */
export type Next =
  | { readonly kind: "replay"; readonly request: Outgoing }
  | { readonly kind: "end"; readonly problem: Problem };

type Refused = Extract<Sent, { kind: "refused" }>;

/**
 * Does what a refusal asks for.
 *
 * @param call The call.
 * @param refused What its last sending came to.
 * @param request What was sent.
 * @returns What to send again, or the problem to end with. Its action is `sign_in` only if nobody is
 * signed in here any more.
 */
export async function recover(call: Call, refused: Refused, request: Outgoing): Promise<Next> {
  const { options, shared } = call;
  const { token } = refused;
  const age = token === null ? 0 : Date.now() / 1000 - (tokenFacts(token).issued ?? 0);
  call.progress = { ...call.progress, token: token === null ? null : { age } };
  if (refused.ended !== undefined) {
    return signedOut(call, refused.ended, refused.refusal.problem, request);
  }
  const limits = {
    canStepUp: options.onStepUp !== undefined,
    canReauthenticate: options.onReauthenticate !== undefined,
    patience: options.patience,
  };
  const { signal } = request;
  let current = refused.refusal;
  for (;;) {
    const step = nextStep(current, request, call.progress, limits, Math.random());
    const { problem } = current;
    const replay: Next = { kind: "replay", request };
    const ms = step.kind === "wait" ? { ms: step.ms } : {};
    tell(call, { step: step.kind, code: problem.code, ...ms }, request);
    switch (step.kind) {
      case "wait": {
        const { waits, waited } = call.progress;
        call.progress = { ...call.progress, waits: waits + 1, waited: waited + step.ms };
        await pause(step.ms, signal);
        return again(call, replay, problem);
      }
      case "refresh": {
        if (token === null) return end(problem);
        call.progress = { ...call.progress, refreshed: true };
        const outcome = await shared.refresh(token, options.timeout, signal);
        switch (outcome.kind) {
          case "token":
            return step.replay ? again(call, replay, problem) : end(problem);
          case "too_soon":
            return end(problem);
          case "banned":
            return end(refusal("user_banned", "credential", problem).problem);
          case "gone":
            return signedOut(call, sessionOf(token), inWords("no_authorization", problem), request);
          case "refused": {
            const signOut = shared.signOut(token, true, options.timeout);
            const ended = await unlessAborted(signOut, signal);
            if (ended.kind === "out") {
              return signedOut(call, sessionOf(token), inWords(outcome.code, problem), request);
            }
            return ended.kind === "newer" && step.replay
              ? again(call, replay, problem)
              : end(unavailable(problem));
          }
          default: // Auth is away, or somebody else is signed in by now
            return end(unavailable(problem));
        }
      }
      case "confirm": {
        if (token === null) return end(problem);
        const signOut = shared.signOut(token, false, options.timeout);
        const ended = await unlessAborted(signOut, signal);
        if (ended.kind === "out") return signedOut(call, sessionOf(token), problem, request);
        if (ended.kind === "newer" && step.replay) return again(call, replay, problem);
        current = { problem: unavailable(problem), source: "credential" };
        // Somebody else's session must not send this request; and what Auth did not confirm may be
        // gone in a moment, so that is a `retry` like any other.
        if (ended.kind !== "unconfirmed") return end(current.problem);
        continue;
      }
      case "step_up": {
        call.progress = { ...call.progress, steppedUp: true };
        const went = await unlessAborted(stepUp(call, token, problem), signal);
        return went ? again(call, replay, problem) : end(problem);
      }
      case "reauthenticate": {
        const { reauthenticated } = call.progress;
        call.progress = { ...call.progress, reauthenticated: reauthenticated + 1 };
        const body = await unlessAborted(newBody(call, problem, request), signal);
        if (!body) return end(problem);
        return again(call, { kind: "replay", request: withBody(request, body) }, problem);
      }
      default:
        return end(problem.action === "sign_in" && token !== null ? unavailable(problem) : problem);
    }
  }
}

function end(problem: Problem): Next {
  return { kind: "end", problem };
}

function again(call: Call, next: Extract<Next, { kind: "replay" }>, { code }: Problem): Next {
  tell(call, { step: "replay", code }, next.request);
  return next;
}

/** The sign-in could not be checked: what stands in for a `sign_in` that nothing confirms. */
function unavailable({ request_id, replay }: Problem): Problem {
  return refusal("auth_unavailable", "credential", { request_id, replay }).problem;
}

/** Why nobody is signed in any more, as a problem that says `sign_in`. */
function inWords(code: string, { request_id, replay }: Problem): Problem {
  const { problem } = refusal(code, "credential", { request_id, replay });
  if (problem.action === "sign_in") return problem;
  return refusal("session_expired", "credential", { request_id, replay }).problem;
}

/** Tells that a session is gone from here, once a session. */
function signedOut(call: Call, session: string, problem: Problem, request: Outgoing): Next {
  const { shared: { told }, options: { onSignedOut } } = call;
  if (!told.has(session)) {
    told.add(session);
    tell(call, { step: "signed_out", code: problem.code }, request);
    guarded(() => onSignedOut?.(problem));
  }
  return end(problem);
}

/** Asks once for all calls of a session that need it at the same time. */
function stepUp(call: Call, token: string | null, problem: Problem): Promise<boolean> {
  const { shared: { stepUps }, options: { onStepUp } } = call;
  const session = token === null ? "" : sessionOf(token);
  const known = stepUps.get(session);
  if (known !== undefined) return known;
  const ask = async () => {
    try {
      return await onStepUp?.(problem) !== false;
    } catch {
      return false; // cancelled
    }
  };
  const open = ask();
  stepUps.set(session, open);
  open.finally(() => stepUps.delete(session));
  return open;
}

async function newBody(call: Call, problem: Problem, { body }: Outgoing): Promise<unknown> {
  const was = typeof body === "string" ? parseJson(body) ?? body : body;
  try {
    return await call.options.onReauthenticate?.(problem, was);
  } catch {
    return null; // cancelled
  }
}

function tell(call: Call, event: Omit<RecoveryEvent, "request">, { method, url }: Outgoing): void {
  guarded(() => call.options.onStep?.({ ...event, request: `${method} ${url.pathname}` }));
}

/** A hook that throws is the page's own mistake: the call goes on. */
function guarded(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    reportError(error);
  }
}
