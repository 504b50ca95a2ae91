/** What an application sets: the hooks and limits of recovery. @module */
import type { Problem } from "../problems/problem.ts";
import type { Dialog } from "./dialogs.ts";
import type { Outage } from "./outage.ts";
import type { Step } from "./step.ts";

/** One step of recovery, for a timeline or a log. */
export interface RecoveryEvent {
  /** The next step. `replay` sends the same request again; `signed_out` has happened already. */
  readonly step: Step["kind"] | "replay" | "signed_out";
  /** The method and path of the request; empty for `signed_out`. */
  readonly request: string;
  /** The code that led to this step. */
  readonly code: string;
  /** For `wait`: how long, in milliseconds. */
  readonly ms?: number;
}

/** The options of `createRecovery()`. */
export interface RecoveryOptions {
  /**
   * The session has ended and is removed from this device: show the sign-in. Called once per tab
   * and session. The code is `no_authorization` if Auth did not end the session: the user signed
   * out, here or in another tab, or cleared the site's data.
   *
   * @default no hook; `onSession()` reports it too
   */
  readonly onSignedOut?: ((problem: Problem) => void) | undefined;
  /**
   * Asks the user to confirm a second factor (`required_aal`) or to sign in again (`max_age`).
   * Calls that need it at the same time share one dialog. `complete` or a resolved promise sends
   * them again; `cancel`, `false` or a rejection ends them with their problem. A call asks once, and
   * up to three times if each confirmation brings another token.
   *
   * @default the problem is returned
   */
  readonly onStepUp?:
    | ((problem: Problem, dialog: Dialog<true | void>) => Promise<boolean | void> | void)
    | undefined;
  /**
   * Asks the user for the code that Auth mails and for the current password. The object given to
   * `complete`, or that the promise resolves to, is added to the JSON body of every call that waits
   * for the dialog; an empty value cancels. Called again if a value was wrong, until a call has
   * asked the user three times.
   *
   * @default the problem is returned
   */
  readonly onReauthenticate?:
    | ((
      problem: Problem,
      dialog: Dialog<object>,
    ) => Promise<object | null | undefined | "" | false> | void)
    | undefined;
  /**
   * Auth does not answer or cannot be reached: show a banner. Called after each failed try, and
   * with `null` when the outage is over.
   *
   * @default no hook
   */
  readonly onOutage?: ((outage: Outage | null) => void) | undefined;
  /**
   * Called before each step of recovery. What it throws is reported and does not affect recovery.
   *
   * @default no hook
   */
  readonly onStep?: ((event: RecoveryEvent) => void) | undefined;
  /**
   * The fetch that sends the requests.
   *
   * @default the runtime's fetch
   */
  readonly fetch?: typeof fetch | undefined;
  /**
   * The time limit, in milliseconds, of one refresh, or of one question to Auth about the user.
   *
   * @default {10_000}
   */
  readonly timeout?: number | undefined;
  /**
   * How long one call may wait in total, in milliseconds: for a refresh, a `retry` or a
   * confirmation by Auth. The time that the function itself and the user take does not count. A
   * call that would have to wait longer returns its problem at once.
   *
   * @default {30_000}
   */
  readonly patience?: number | undefined;
}

/** The options with their defaults filled in. */
export type CallOptions = RecoveryOptions & { readonly timeout: number; readonly patience: number };

/** The least time for the requests to Auth of one call, in milliseconds, even at no `patience`. */
export const MIN_AUTH_MS = 1000;

/**
 * Fills in the defaults. A request to Auth takes at most as long as its call may wait for it.
 *
 * @param options The application's options.
 * @returns All of them.
 * @throws {TypeError} A number of milliseconds is wrong.
 */
export function withDefaults(
  { timeout = 10_000, patience = 30_000, ...hooks }: RecoveryOptions,
): CallOptions {
  if (![timeout, patience].every((ms) => Number.isFinite(ms) && ms >= 0)) {
    throw new TypeError("timeout or patience is wrong.");
  }
  return { ...hooks, timeout: Math.min(timeout, Math.max(patience, MIN_AUTH_MS)), patience };
}
