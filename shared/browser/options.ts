/** What an application can set. @module */
import type { Problem } from "../problems/problem.ts";
import type { Step } from "./step.ts";

/** One thing that recovery did, for a timeline or a log. */
export interface RecoveryEvent {
  /** What it does next; `replay` sends the same request again, `signed_out` has happened. */
  readonly step: Step["kind"] | "replay" | "signed_out";
  /** The method and path that it is about. */
  readonly request: string;
  /** The code that led to it. */
  readonly code: string;
  /** Milliseconds that it waits first. */
  readonly ms?: number;
}

/** The options of `withRecovery()`. */
export interface RecoveryOptions {
  /**
   * The session ended and is gone from this device: show the sign-in. Told once a session.
   *
   * @default nobody is told; `onSession()` reports it too
   */
  readonly onSignedOut?: ((problem: Problem) => void) | undefined;
  /**
   * Has the user confirm a second factor or sign in anew (see `required_aal` and `max_age`). Calls
   * that need it at the same time share one. `false` or a rejection cancels, anything else replays.
   *
   * @default the problem is returned
   */
  readonly onStepUp?: ((problem: Problem) => Promise<boolean | void>) | undefined;
  /**
   * Asks for the code that Auth mails, or for the current password. Gets the body as it was sent
   * (JSON is parsed) and gives the new one, whole; nothing cancels.
   *
   * @default the problem is returned
   */
  readonly onReauthenticate?: ((problem: Problem, body: unknown) => Promise<unknown>) | undefined;
  /**
   * Is told what recovery does. A throw changes nothing.
   *
   * @default nobody is told
   */
  readonly onStep?: ((event: RecoveryEvent) => void) | undefined;
  /**
   * Milliseconds that getting a token, a refresh, or asking Auth may take. supabase-js alone tries
   * for 25 seconds.
   *
   * @default {10_000}
   */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that one call may wait in total for a `retry`. A call that would have to wait
   * longer gets its problem at once.
   *
   * @default {30_000}
   */
  readonly patience?: number | undefined;
}

/** The options with their defaults filled in. */
export type CallOptions = RecoveryOptions & { readonly timeout: number; readonly patience: number };

/** A number of milliseconds that is one. @throws {TypeError} It is not. */
export function milliseconds(value: number | undefined, standard: number, name: string): number {
  if (value === undefined) return standard;
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`${name} must be a number of milliseconds.`);
}
