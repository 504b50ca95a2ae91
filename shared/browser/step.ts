/**
 * What to do next about a failed call: the rules of recovery, as a pure function.
 *
 * @module
 */
import type { Failure } from "./failure.ts";

/** What the rules need to know of the request. */
export interface RequestFacts {
  /** It may run twice: the method is safe, or it has an Idempotency-Key. */
  readonly repeatable: boolean;
  /** Its body can be sent again. */
  readonly bodyReusable: boolean;
}

/** What recovery has done for the call so far. */
export interface Progress {
  /** The client's own token, if it was sent; its age by this device's clock. */
  token: { readonly ageSeconds: number } | null;
  refreshed: boolean;
  steppedUp: boolean;
  /** How often the user was asked to reauthenticate. */
  reauthenticated: number;
  /** How often it waited, and for how long in total. */
  waits: number;
  waitedMs: number;
}

/** What the application's options allow. */
export interface Limits {
  readonly canStepUp: boolean;
  readonly canReauthenticate: boolean;
  /** Milliseconds that one call may wait in total. */
  readonly patienceMs: number;
}

/** What to do next; `replay` says whether the same request may then be sent again. */
export type Step =
  | { readonly kind: "give_up" }
  | { readonly kind: "refresh" | "confirm"; readonly replay: boolean }
  | { readonly kind: "step_up" | "reauthenticate" }
  | { readonly kind: "wait"; readonly ms: number };

const GIVE_UP: Step = { kind: "give_up" };

/** A younger token cannot have expired: a clock is wrong, and another token would not help. */
export const MIN_AGE_SECONDS = 30;

/** A user can mistype the code; but a hook that answers without a user must not loop for ever. */
const MAX_REAUTHENTICATIONS = 3;

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
 * import { failure } from "./failure.ts";
 *
 * const late = failure("unexpected_failure", { request_id: "r1" });
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
 * @param random Jitter from 0 to 1, so that many clients do not retry at the same time.
 * @returns The step.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failure } from "./failure.ts";
 *
 * const request = { repeatable: false, bodyReusable: true };
 * const progress = {
 *   token: { ageSeconds: 900 },
 *   refreshed: false,
 *   steppedUp: false,
 *   reauthenticated: 0,
 *   waits: 0,
 *   waitedMs: 0,
 * };
 * const limits = { canStepUp: false, canReauthenticate: false, patienceMs: 30_000 };
 * const expired = failure("token_expired", { request_id: "r1", replay: true });
 * assertEquals(nextStep(expired, request, progress, limits), { kind: "refresh", replay: true });
 * assertEquals(nextStep(expired, request, { ...progress, refreshed: true }, limits), {
 *   kind: "give_up",
 * });
 * ```
 */
export function nextStep(
  failure: Failure,
  request: RequestFacts,
  progress: Readonly<Progress>,
  limits: Limits,
  random = 0,
): Step {
  const { problem, source } = failure;
  const replay = mayReplay(failure, request);
  switch (problem.action) {
    case "refresh": {
      if (progress.token === null || progress.refreshed) return GIVE_UP;
      const { ageSeconds } = progress.token;
      const isClockWrong = problem.code === "token_expired" && ageSeconds >= 0 &&
        ageSeconds < MIN_AGE_SECONDS;
      return isClockWrong ? GIVE_UP : { kind: "refresh", replay };
    }
    case "sign_in": {
      const isOwnToken = source === "credential" && progress.token !== null;
      return isOwnToken ? { kind: "confirm", replay } : GIVE_UP;
    }
    case "step_up":
      return limits.canStepUp && progress.token !== null && replay && !progress.steppedUp
        ? { kind: "step_up" }
        : GIVE_UP;
    case "reauthenticate": {
      const mayAsk = limits.canReauthenticate && progress.reauthenticated < MAX_REAUTHENTICATIONS;
      return mayAsk ? { kind: "reauthenticate" } : GIVE_UP;
    }
    case "retry": {
      const ms = retryDelayMs(problem.retry_after ?? 0, progress.waits, random);
      return replay && progress.waitedMs + ms <= limits.patienceMs ? { kind: "wait", ms } : GIVE_UP;
    }
    default:
      return GIVE_UP;
  }
}

/** Exponential backoff, at least `Retry-After`, plus up to 25 % jitter. */
export function retryDelayMs(seconds: number, waits: number, random: number): number {
  return Math.round(Math.max(seconds, 2 ** waits) * 1000 * (1 + random / 4));
}
