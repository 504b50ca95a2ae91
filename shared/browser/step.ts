/**
 * What to do next about a refusal: the rules of recovery, as a pure function.
 *
 * @module
 */
import type { Refusal } from "./refusal.ts";

/** What the request is. */
export interface RequestFacts {
  /** It is a safe method, or has an Idempotency-Key: it may run twice. */
  readonly repeatable: boolean;
  /** Its body is still there to be sent again. */
  readonly bodyKept: boolean;
}

/** What happened to the call so far. */
export interface Progress {
  /** The client's own token was sent, and since how many seconds that token exists by this clock. */
  readonly token: { readonly age: number } | null;
  readonly refreshed: boolean;
  readonly steppedUp: boolean;
  /** How often it asked for another body. */
  readonly reauthenticated: number;
  /** How often, and how long in milliseconds, it waited. */
  readonly waits: number;
  readonly waited: number;
}

/** What the application allows. */
export interface Limits {
  readonly canStepUp: boolean;
  readonly canReauthenticate: boolean;
  /** Milliseconds that one call may wait in total. */
  readonly patience: number;
}

/** What to do next; `replay` says whether the same request may then be sent again. */
export type Step =
  | { readonly kind: "give_up" }
  | { readonly kind: "refresh" | "confirm"; readonly replay: boolean }
  | { readonly kind: "step_up" | "reauthenticate" }
  | { readonly kind: "wait"; readonly ms: number };

const GIVE_UP: Step = { kind: "give_up" };

/** A token so young cannot have run out: then a clock is wrong, and another token would not help. */
export const YOUNG = 30;

/** A code from a mail can be mistyped; a hook that answers by itself must not go round for ever. */
const REAUTHENTICATIONS = 3;

/**
 * Whether the same request may be sent again: the handler never ran, or running twice is no harm.
 *
 * @param refusal What came back.
 * @param request What was sent.
 * @returns Whether it may.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { refusal } from "./refusal.ts";
 *
 * const late = refusal("unexpected_failure", "handler", { request_id: "r1" });
 * assert(!mayReplay(late, { repeatable: false, bodyKept: true }));
 * assert(mayReplay(late, { repeatable: true, bodyKept: true }));
 * ```
 */
export function mayReplay({ problem }: Refusal, request: RequestFacts): boolean {
  return request.bodyKept && (problem.replay || request.repeatable);
}

/**
 * Decides what to do about a refusal.
 *
 * Only a refusal of the credential check leads to a sign-out, and only if the client's own token was
 * refused. A refresh helps the next call also where this one must not be sent again.
 *
 * @param refusal What came back; its action is the table's.
 * @param request What was sent.
 * @param progress What was done about it before.
 * @param limits What the application allows.
 * @param random From 0 to 1: spreads the waits of many clients.
 * @returns The step.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { refusal } from "./refusal.ts";
 *
 * const request = { repeatable: false, bodyKept: true };
 * const progress = {
 *   token: { age: 900 },
 *   refreshed: false,
 *   steppedUp: false,
 *   reauthenticated: 0,
 *   waits: 0,
 *   waited: 0,
 * };
 * const limits = { canStepUp: false, canReauthenticate: false, patience: 30_000 };
 * const expired = refusal("token_expired", "credential", { request_id: "r1", replay: true });
 * assertEquals(nextStep(expired, request, progress, limits), { kind: "refresh", replay: true });
 * assertEquals(nextStep(expired, request, { ...progress, refreshed: true }, limits), {
 *   kind: "give_up",
 * });
 * ```
 */
export function nextStep(
  refusal: Refusal,
  request: RequestFacts,
  progress: Progress,
  limits: Limits,
  random = 0,
): Step {
  const { problem, source } = refusal;
  const replay = mayReplay(refusal, request);
  switch (problem.action) {
    case "refresh": {
      if (progress.token === null || progress.refreshed) return GIVE_UP;
      const { age } = progress.token;
      const young = problem.code === "token_expired" && age >= 0 && age < YOUNG;
      return young ? GIVE_UP : { kind: "refresh", replay };
    }
    case "sign_in": {
      const mine = source === "credential" && progress.token !== null;
      return mine ? { kind: "confirm", replay } : GIVE_UP;
    }
    case "step_up":
      return limits.canStepUp && replay && !progress.steppedUp ? { kind: "step_up" } : GIVE_UP;
    case "reauthenticate": {
      const again = limits.canReauthenticate && progress.reauthenticated < REAUTHENTICATIONS;
      return again ? { kind: "reauthenticate" } : GIVE_UP;
    }
    case "retry": {
      const ms = waitFor(problem.retry_after ?? 0, progress.waits, random);
      return replay && progress.waited + ms <= limits.patience ? { kind: "wait", ms } : GIVE_UP;
    }
    default:
      return GIVE_UP;
  }
}

/** Never less than was asked for; longer each time; a quarter more at random. */
function waitFor(seconds: number, waits: number, random: number): number {
  return Math.round(Math.max(seconds, 2 ** waits) * 1000 * (1 + random / 4));
}
