import type { CallerKind } from "./allow.ts";

/** How a decision was made. */
export type DecisionSource =
  /** Without a call: no token, a malformed or a certainly dead one, or no configuration. */
  | "precheck"
  /** From a comparison with the project's API keys, without a call. */
  | "key"
  /** From an earlier answer of Auth that is fresh enough. */
  | "memory"
  /** From a call that several requests share. */
  | "shared_check"
  /** From a call of its own. */
  | "check";

/** One decision, without a token, a key, a user's id or an address. */
export interface Decision {
  readonly outcome: "admitted" | "refused";
  /** The code of the refusal; `null` when admitted. */
  readonly code: string | null;
  readonly source: DecisionSource;
  /** What the caller was admitted as; `null` when refused. */
  readonly kind: CallerKind | null;
  /** The name of the API key that was admitted, never the key; `null` for none. */
  readonly key_name: string | null;
  /** The OAuth client, by its id, that acts for the user who was admitted; `null` for none. */
  readonly client_id: string | null;
  /** Whether a handler has asked again, by `recheck()`: then the request was counted before. */
  readonly recheck: boolean;
  /** Milliseconds from the arrival of the request, or the call of `recheck()`, to the decision. */
  readonly ms: number;
  /** Calls to Auth made for this decision. */
  readonly upstream_calls: number;
  readonly request_id: string;
}

/** Watches decisions. What it returns or throws changes nothing, and nobody waits for it. */
export type OnDecision = (decision: Decision) => unknown;

/** Hands a decision to its hook. */
export function reportDecision(hook: OnDecision, decision: Decision): void {
  try {
    const returned = hook(Object.freeze(decision));
    if (returned instanceof Promise) returned.catch(() => {});
  } catch {
    // A hook that fails must not change a decision.
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
