import type { RecordedScenario } from "./scenario.ts";
import { accounts } from "./scenarios/accounts.ts";
import { mails } from "./scenarios/mails.ts";
import { sessions } from "./scenarios/sessions.ts";
import { tokens } from "./scenarios/tokens.ts";

/** Every scenario; together they compare all recordings that not_emulated.ts does not name. */
export const recordedScenarios: readonly RecordedScenario[] = [
  ...tokens,
  ...sessions,
  ...accounts,
  ...mails,
];
