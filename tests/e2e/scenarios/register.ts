import type { Stack } from "../../../supabase/local/stack.ts";
import { createStackClient, type Mailbox } from "./client.ts";
import { reasonToSkip } from "./scenario.ts";
import { scenarios } from "./table.ts";

/** A stack to run the scenarios on. */
export interface ScenarioTarget {
  readonly stack: Stack;
  readonly mailbox: Mailbox;
}

/** Registers every scenario as a test; one that the stack cannot run is ignored, with the reason. */
export function registerScenarios({ stack, mailbox }: ScenarioTarget): void {
  const client = createStackClient(stack, mailbox);
  for (const scenario of scenarios) {
    const reason = reasonToSkip(scenario, stack);
    const name = `${stack.name}: ${scenario.name}`;
    Deno.test({
      name: reason === null ? name : `${name} (skipped: ${reason})`,
      ignore: reason !== null,
      fn: () => scenario.run(client),
    });
  }
}
