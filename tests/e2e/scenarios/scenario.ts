import type { Capability, Stack } from "../../../supabase/local/stack.ts";
import type { World } from "./world.ts";

/** One thing that must be so on every stack. */
export interface Scenario {
  /** What is so, as a test title. */
  readonly name: string;
  /** What the stack has to be able to do; it is skipped, by name, where one is missing. */
  readonly needs?: readonly Capability[];
  run(world: World): Promise<void>;
}

/** Why a scenario cannot run on a stack, or `null` if it can. */
export function reasonToSkip(scenario: Scenario, stack: Stack): string | null {
  const missing = (scenario.needs ?? []).filter((capability) => !stack.can.has(capability));
  return missing.length === 0 ? null : `${stack.name} has no ${missing.join(", ")}`;
}
