/** How an answer was found. */
export type DecisionSource =
  /** Without a call: no token, a malformed or a certainly dead one, or no configuration. */
  | "precheck"
  /** From an earlier answer of Auth that is fresh enough. */
  | "memory"
  /** From a check that several requests share. */
  | "shared_check"
  /** From a check of its own. */
  | "check";

/** One decision, without a token, an id of a person or an address. */
export interface Decision {
  readonly outcome: "admitted" | "refused";
  /** The code of the refusal; `null` when admitted. */
  readonly code: string | null;
  readonly source: DecisionSource;
  /** Milliseconds from the arrival to the decision. */
  readonly ms: number;
  /** Calls to Auth made for this decision. */
  readonly upstream_calls: number;
  readonly request_id: string;
}

/** Watches decisions. What it throws or returns changes nothing, and nobody waits for it. */
export type OnDecision = (decision: Decision) => unknown;

/** Hands a decision to its watcher. */
export function report(hook: OnDecision | undefined, decision: Decision): void {
  if (hook === undefined) return;
  try {
    const returned = hook(Object.freeze(decision));
    if (returned instanceof Promise) returned.catch(() => {});
  } catch {
    // Watching is not deciding.
  }
}

/**
 * The decision as a `Server-Timing` entry (W3C Server Timing).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(serverTiming({ source: "check", ms: 4.25 }), 'auth;desc="check";dur=4.3');
 * ```
 */
export function serverTiming({ source, ms }: Pick<Decision, "source" | "ms">): string {
  return `auth;desc="${source}";dur=${ms.toFixed(1)}`;
}
