/** Names every check that there is. */

import { configChecks } from "./checks/config.ts";
import { cookiesGetAllAlone } from "./checks/cookies.ts";
import { functionChecks } from "./checks/functions.ts";
import { keyChecks } from "./checks/keys.ts";
import { limitChecks } from "./checks/limits.ts";
import { sourceChecks } from "./checks/source.ts";
import { versionChecks } from "./checks/versions.ts";
import type { Check, Kind } from "./finding.ts";
import { authChecks } from "./live/auth_checks.ts";
import { functionAnswerChecks } from "./live/function_checks.ts";
import type { Observation } from "./live/observation.ts";
import type { Project } from "./project/project.ts";
import { answerChecks } from "./token/answer_checks.ts";
import type { Inspection } from "./token/inspection.ts";
import { tokenChecks } from "./token/token_checks.ts";

/** The checks of a folder. */
export const projectChecks: readonly Check<Project>[] = [
  ...configChecks,
  ...functionChecks,
  ...limitChecks,
  ...keyChecks,
  ...versionChecks,
  cookiesGetAllAlone,
  ...sourceChecks,
];

/** The checks of a running project. */
export const liveChecks: readonly Check<Observation>[] = [...authChecks, ...functionAnswerChecks];

/** The checks of a token. */
export const inspectionChecks: readonly Check<Inspection>[] = [...tokenChecks, ...answerChecks];

/** Every kind of finding, in the order of the page of causes. */
export const allKinds: readonly Kind[] = [...projectChecks, ...liveChecks, ...inspectionChecks];
