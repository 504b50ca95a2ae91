/** Names every check that there is. */

import { configChecks } from "./checks/config.ts";
import { functionChecks } from "./checks/functions.ts";
import { keyChecks } from "./checks/keys.ts";
import { limitChecks } from "./checks/limits.ts";
import { sourceChecks } from "./checks/source.ts";
import { versionChecks } from "./checks/versions.ts";
import type { Check, Kind } from "./finding.ts";
import type { Project } from "./project/project.ts";

/** The checks of a folder. */
export const projectChecks: readonly Check<Project>[] = [
  ...configChecks,
  ...functionChecks,
  ...limitChecks,
  ...keyChecks,
  ...versionChecks,
  ...sourceChecks,
];

/** Every kind of finding, in the order of the page of causes. */
export const allKinds: readonly Kind[] = [...projectChecks];
