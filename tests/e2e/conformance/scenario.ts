import type { RunningStack } from "../../../supabase/local/stack.ts";
import type { RequestValues } from "./recordings.ts";
import type { Session } from "./users.ts";

/** What a scenario works with. */
export interface ScenarioContext {
  /** The embedded stack, set up as the recorded server was. */
  readonly stack: RunningStack;
  /** As the recorded server's second instance: a password change needs the current password, and
   * in an old session a nonce. */
  readonly strict: RunningStack;
  /** Moves the clock of both stacks. */
  advance(milliseconds: number): void;
  /**
   * Sends a recorded request, and the same with API version 2024-01-01 where that was recorded;
   * fails where an answer differs from the recorded one.
   *
   * @returns The body of the answer, or where a redirect leads.
   */
  compare(id: string, values?: RequestValues, stack?: RunningStack): Promise<unknown>;
  /** Compares several recorded requests with the access token of a session, in this order. */
  compareAs(session: Session, ...ids: readonly string[]): Promise<void>;
}

/** A situation in which requests were recorded, brought about again on the embedded stack. */
export interface RecordedScenario {
  readonly name: string;
  run(context: ScenarioContext): Promise<void>;
}
