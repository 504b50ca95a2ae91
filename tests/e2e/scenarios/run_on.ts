import type { Stack } from "../../../supabase/local/stack.ts";
import { reasonToSkip } from "./scenario.ts";
import { scenarios } from "./table.ts";
import { createWorld, type Mailbox } from "./world.ts";

/** A stack to run the table on. */
export interface Target {
  readonly stack: Stack;
  readonly mailbox: Mailbox;
}

/** Registers every scenario as a test; one that a stack cannot run is ignored, and says why. */
export function runOn({ stack, mailbox }: Target): void {
  const world = createWorld(stack, mailbox);
  for (const scenario of scenarios) {
    const reason = reasonToSkip(scenario, stack);
    const name = `${stack.name}: ${scenario.name}`;
    Deno.test({
      name: reason === null ? name : `${name} (skipped: ${reason})`,
      ignore: reason !== null,
      fn: () => scenario.run(world),
    });
  }
}
