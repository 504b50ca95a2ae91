import type { Capability, Stack } from "../../../supabase/local/stack.ts";
import type { StackClient } from "./client.ts";

/** What must hold on every stack. */
export interface Scenario {
  /** What holds, as a test title. */
  readonly name: string;
  /** What the stack must be able to do; where one is missing, the scenario is skipped. */
  readonly needs?: readonly Capability[];
  run(client: StackClient): Promise<void>;
}

/** Why a scenario cannot run on a stack, or `null` if it can. */
export function reasonToSkip(scenario: Scenario, stack: Stack): string | null {
  const missing = (scenario.needs ?? []).filter((capability) => !stack.can.has(capability));
  return missing.length === 0 ? null : `${stack.name} has no ${missing.join(", ")}`;
}
