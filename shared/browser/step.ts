/**
 * What to do next about a failed call: the rules of recovery, as a pure function.
 *
 * @module
 */
import type { Failure } from "./failure.ts";
import type { CallOptions } from "./options.ts";

/** What the rules need to know of the request. */
export interface RequestFacts {
  /** It may run twice: the method is safe, or it has an Idempotency-Key. */
  readonly repeatable: boolean;
  /** Its body can be sent again. */
  readonly bodyReusable: boolean;
}

/** What recovery has done for the call so far. */
export interface Progress {
  /** It was sent with a token of the client's own. */
  isOwnToken: boolean;
  isRefreshed: boolean;
  /** How often the user was asked, per kind. */
  readonly dialogs: Record<"step_up" | "reauthenticate", number>;
  /** How often it waited, and for how long in total. */
  waits: number;
  waitedMs: number;
}

/** What the application's options allow. */
export type Limits = Pick<CallOptions, "onStepUp" | "onReauthenticate" | "patience">;

/** What to do next. */
export type Step =
  | { readonly kind: "give_up" | "refresh" | "confirm" | "step_up" | "reauthenticate" }
  | { readonly kind: "wait"; readonly ms: number };

/** A user can mistype the code; but a hook that answers without a user must not loop for ever. */
export const MAX_DIALOGS = 3;

/**
 * Whether the same request may be sent again: the handler did not run, or may run twice.
 *
 * @param failure What came back.
 * @param request What was sent.
 * @returns Whether it may.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { networkProblem } from "./failure.ts";
 *
 * const late = { problem: networkProblem(), source: "network" } as const;
 * assert(!mayReplay(late, { repeatable: false, bodyReusable: true }));
 * assert(mayReplay(late, { repeatable: true, bodyReusable: true }));
 * ```
 */
export function mayReplay({ problem }: Failure, request: RequestFacts): boolean {
  return request.bodyReusable && (problem.replay || request.repeatable);
}

/**
 * Decides what to do about a failed call.
 *
 * Only a failed credential check of the client's own token can lead to a sign-out. A token is
 * refreshed even if this request must not be sent again, because the next call needs a valid one.
 *
 * @param failure What came back; its action is the table's.
 * @param request What was sent.
 * @param progress What was done for the call before.
 * @param limits What the application allows.
 * @param random Jitter of the backoff from 0 to 1, so that many clients do not retry at the same
 * time.
 * @returns The step.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clientProblem } from "../problems/client.ts";
 *
 * const request = { repeatable: false, bodyReusable: true };
 * const dialogs = { step_up: 0, reauthenticate: 0 };
 * const progress = { isOwnToken: true, isRefreshed: false, dialogs, waits: 0, waitedMs: 0 };
 * const problem = clientProblem("token_expired", { request_id: "r1" });
 * const kind = (isRefreshed: boolean) =>
 *   nextStep({ problem, source: "credential" }, request, { ...progress, isRefreshed }, {
 *     patience: 30_000,
 *   }, 0).kind;
 * assertEquals([kind(false), kind(true)], ["refresh", "give_up"]);
 * ```
 */
export function nextStep(
  failure: Failure,
  request: RequestFacts,
  { isOwnToken, isRefreshed, dialogs, waits, waitedMs }: Readonly<Progress>,
  { onStepUp, onReauthenticate, patience }: Limits,
  random: number,
): Step {
  const { action, retry_after = 0 } = failure.problem;
  if (action === "reauthenticate" && onReauthenticate && dialogs[action] < MAX_DIALOGS) {
    return { kind: action };
  }
  if (action === "retry" && mayReplay(failure, request)) {
    // Exponential backoff with up to 25 % jitter, and at least `Retry-After`.
    const ms = Math.round(Math.max(retry_after, 2 ** waits * (1 + random / 4)) * 1000);
    if (waitedMs + ms <= patience) return { kind: "wait", ms };
  }
  if (isOwnToken) {
    if (action === "refresh" && !isRefreshed) return { kind: action };
    if (action === "sign_in" && failure.source === "credential") return { kind: "confirm" };
    const mayStepUp = onStepUp && dialogs.step_up < MAX_DIALOGS && mayReplay(failure, request);
    if (action === "step_up" && mayStepUp) return { kind: action };
  }
  return { kind: "give_up" };
}
