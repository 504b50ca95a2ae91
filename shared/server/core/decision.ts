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
  | "check"
  /** By `webhook()`, from the signature of the request. */
  | "webhook"
  /** By a guard: see {@linkcode Decision.guard}. */
  | "guard";

/**
 * One decision about a request, without a token, a key, a user's id or an address. `auth()` and
 * `webhook()` report whom they admit and whom they refuse, and guards only whom they refuse. Besides
 * those of `recheck()`, a request has at most one refusal.
 */
export interface Decision {
  readonly outcome: "admitted" | "refused";
  /** The code of the refusal; `null` when admitted. */
  readonly code: string | null;
  readonly source: DecisionSource;
  /**
   * The guard that refused, such as `requireRole`, `guard("member")`, `requireOrigin` or
   * `limitRequests`; `null` for a decision of `auth()` or `webhook()`. Where a guard is behind one of
   * them, the same request was reported as admitted before.
   */
  readonly guard: string | null;
  /** What the caller was admitted as; `null` when refused. */
  readonly kind: CallerKind | "webhook" | null;
  /** The name of the API key that was admitted, never the key; `null` for none. */
  readonly key_name: string | null;
  /** The OAuth client, by its id, that acts for the user who was admitted; `null` for none. */
  readonly client_id: string | null;
  /** Whether a handler has asked again, by `recheck()`: then the request was counted before. */
  readonly recheck: boolean;
  /** Milliseconds that the check, the guard or `recheck()` took. */
  readonly ms: number;
  /** Calls to Auth made for this decision. */
  readonly upstream_calls: number;
  readonly request_id: string;
}

/**
 * Watches decisions. What it returns or throws changes nothing, and nobody waits for it; its first
 * failure is logged.
 */
export type OnDecision = (decision: Decision) => unknown;

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
