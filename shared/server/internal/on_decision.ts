import type { Context } from "hono";
import type { Decision, OnDecision } from "../core/decision.ts";
import { callHook } from "./call_hook.ts";
import { getRequestId } from "./request_id.ts";

/** The hook of the function, or of the check, that a request has reached. */
const hooks = new WeakMap<Context, OnDecision>();

/**
 * Sets who is told of the decisions about a request from now on. Where two checks on one path have
 * a hook each, the second one is told what the guards behind both decide.
 *
 * @param hook `undefined` leaves it as it is.
 */
export function setOnDecision(c: Context, hook: OnDecision | undefined): void {
  if (hook !== undefined) hooks.set(c, hook);
}

/** Reports a decision to a hook. */
export function reportDecision(hook: OnDecision, decision: Decision): void {
  callHook("onDecision", () => hook(Object.freeze(decision)));
}

/**
 * Reports that a guard refused a request.
 *
 * @param guard Its name.
 * @param code The code of the answer.
 * @param beganMs When the guard began, by `performance.now()`.
 */
export function reportGuardRefusal(
  c: Context,
  guard: string,
  code: string,
  beganMs: number,
): void {
  report(c, { outcome: "refused", code, source: "guard", guard, kind: null }, beganMs);
}

/**
 * Reports what `webhook()` decided.
 *
 * @param code The code of the refusal; `null` where the request was admitted.
 * @param beganMs When the check began, by `performance.now()`.
 */
export function reportWebhook(c: Context, code: string | null, beganMs: number): void {
  const [outcome, kind] = code === null
    ? ["admitted", "webhook"] as const
    : ["refused", null] as const;
  report(c, { outcome, code, source: "webhook", guard: null, kind }, beganMs);
}

function report(
  c: Context,
  decision: Pick<Decision, "outcome" | "code" | "source" | "guard" | "kind">,
  beganMs: number,
): void {
  const hook = hooks.get(c);
  if (hook === undefined) return;
  reportDecision(hook, {
    ...decision,
    key_name: null,
    client_id: null,
    recheck: false,
    ms: performance.now() - beganMs,
    upstream_calls: 0,
    request_id: getRequestId(c),
  });
}
