/** The situations in which the recorded requests were made, made again on the embedded stack. */

import type { RunningStack } from "../../../supabase/local/stack.ts";
import { account } from "./scene_account.ts";
import { mails } from "./scene_mails.ts";
import { sessions } from "./scene_sessions.ts";
import { forged, plain } from "./scene_tokens.ts";
import type { Replay } from "./recordings.ts";

/** What a scene plays with. */
export interface Stage {
  /** As the recorded server was set up. */
  readonly stack: RunningStack;
  /** Its second instance: a new password needs the current one, and a nonce in an old session. */
  readonly strict: RunningStack;
  /** Moves the clock of both by some milliseconds. */
  wait(milliseconds: number): void;
  /** Replays a recorded request, and its twin of API version 2024-01-01; gives the body. */
  play(id: string, replay?: Replay, stack?: RunningStack): Promise<unknown>;
}

/** Part of the recordings, played in order. */
export interface Scene {
  readonly name: string;
  readonly ids: readonly string[];
  play(stage: Stage): Promise<void>;
}

export const scenes: readonly Scene[] = [plain, forged, ...sessions, ...account, ...mails];
