/**
 * What must hold on every stack, over HTTP: the embedded one, `supabase start`, a project.
 *
 * @module
 */
import { accounts } from "./accounts.ts";
import { browsers } from "./browsers.ts";
import { callers } from "./callers.ts";
import { credentials } from "./credentials.ts";
import { data } from "./data.ts";
import { guards } from "./guards.ts";
import { machines } from "./machines.ts";
import { mfa } from "./mfa.ts";
import { organizations } from "./organizations.ts";
import type { Scenario } from "./scenario.ts";
import { sessions } from "./sessions.ts";

/** The scenario table. */
export const scenarios: readonly Scenario[] = [
  ...sessions,
  ...credentials,
  ...callers,
  ...machines,
  ...guards,
  ...accounts,
  ...mfa,
  ...data,
  ...organizations,
  ...browsers,
];
