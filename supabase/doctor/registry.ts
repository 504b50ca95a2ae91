/** Names every check that there is, and runs those of a folder. */

import { clientChecks } from "./checks/clients.ts";
import { configChecks, type ProjectInput, unreadable } from "./checks/config.ts";
import { cookiesGetAllAlone } from "./checks/cookies.ts";
import { corsChecks } from "./checks/cors.ts";
import { functionChecks } from "./checks/functions.ts";
import { keyChecks } from "./checks/keys.ts";
import { limitChecks, passwordChange, sharedAddress } from "./checks/limits.ts";
import type { SourceCheck } from "./checks/scan.ts";
import { ruleChecks, Scanner } from "./checks/source.ts";
import { versionChecks } from "./checks/versions.ts";
import {
  type Check,
  type Finding,
  type Kind,
  mergeSame,
  runChecks,
  sortFindings,
} from "./finding.ts";
import { authChecks } from "./live/auth_checks.ts";
import { functionAnswerChecks } from "./live/function_checks.ts";
import type { Observation } from "./live/observation.ts";
import { type ClassedFunction, readFunction } from "./project/functions.ts";
import { attempt } from "./project/sources.ts";
import type { Workspace } from "./project/workspace.ts";
import type { CallerCheck } from "./source/caller_check.ts";
import { ownText } from "./own_text.ts";
import { answerChecks } from "./token/answer_checks.ts";
import type { Inspection } from "./token/inspection.ts";
import { tokenChecks } from "./token/token_checks.ts";

const ofConfigs: readonly Check<ProjectInput>[] = [...configChecks, ...limitChecks];
const ofSource: readonly SourceCheck[] = [
  ...ruleChecks,
  ...clientChecks,
  cookiesGetAllAlone,
  sharedAddress,
  passwordChange,
  ...versionChecks,
];

/** A comment that leaves nothing out. */
export const ignoreWithoutReason: Kind = {
  id: "ignore-without-reason",
  why: "A finding that is left out without a reason is forgotten, and nobody can judge it later.",
  fix: "Write the reason behind it: `// edge-auth: ignore <id>, because …`.",
};

/** The kinds of finding in a folder. */
export const folderKinds: readonly Kind[] = [
  unreadable,
  ignoreWithoutReason,
  ...ofConfigs,
  ...functionChecks,
  ...corsChecks,
  ...keyChecks,
  ...ofSource,
];

/** The checks of a running project. */
export const liveChecks: readonly Check<Observation>[] = [...authChecks, ...functionAnswerChecks];

/** The checks of a token. */
export const inspectionChecks: readonly Check<Inspection>[] = [...tokenChecks, ...answerChecks];

/** Every kind of finding, in the order of the page of causes. */
export const allKinds: readonly Kind[] = [...folderKinds, ...liveChecks, ...inspectionChecks];

/** A function of the folder, and how it checks who calls. */
export interface FunctionSummary {
  readonly name: string;
  readonly project: string;
  readonly entry: string;
  readonly verify_jwt: "on" | "off" | "default";
  /** The `--no-verify-jwt` that it is deployed with, or may be where that is not certain. */
  readonly no_verify_jwt?: {
    readonly file: string;
    readonly line: number;
    readonly certain: boolean;
  };
  readonly check: CallerCheck;
  readonly by: string;
}

/** What there is to say about a folder. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly functions: readonly FunctionSummary[];
}

/**
 * Runs every check of a folder.
 *
 * @param progress Called before each source file with how many are done.
 */
export function examine(
  workspace: Workspace,
  progress?: (done: number, all: number) => void,
): Diagnosis {
  const findings = runChecks(keyChecks, workspace);
  const functions: FunctionSummary[] = [];
  const scanner = new Scanner(ofSource, workspace);
  for (const project of workspace.projects) {
    findings.push(...runChecks(ofConfigs, { ...project, sessions: workspace.sessions }));
    const classed: ClassedFunction[] = [];
    for (const one of project.functions) {
      // What goes wrong in one function is written down, and the others are read.
      const { unreadable: failed } = workspace.sources;
      const found = attempt(one.entry ?? "", failed, () => readFunction(one, workspace));
      if (found === undefined) continue;
      findings.push(...runChecks(corsChecks, { ...found, modules: workspace }));
      scanner.visit(found.entry); // its tree is still there
      const { reach: _, ...rest } = found; // its trees are let go before the next is read
      classed.push(rest);
    }
    findings.push(...runChecks(functionChecks, { project, classed }));
    for (const { name, entry, verifyJwt, noVerifyJwt: flag, facts: { check, by } } of classed) {
      functions.push({
        name,
        project: project.folder,
        entry,
        verify_jwt: verifyJwt,
        ...(flag && {
          no_verify_jwt: { file: flag.file, line: flag.line, certain: flag.isCertain },
        }),
        check,
        by: ownText(by),
      });
    }
  }
  findings.push(...scanner.conclude(progress));
  findings.push(...runChecks([unreadable], workspace)); // the last: reading is what finds them
  return { findings: sortFindings(mergeSame(findings)), functions };
}
