/** Runs the rules over the source of a project. */

import type { Check } from "../finding.ts";
import type { Project } from "../project/project.ts";
import { lineOf } from "../project/source_file.ts";
import type { Rule } from "../source/rule.ts";
import {
  eventUserDeleted,
  legacyStorageKey,
  secretKeyCookieClient,
  secretKeyInBrowser,
  secretKeyInSource,
  signOutGlobal,
} from "./rules_client.ts";
import { deadErrorMatch, errorTextMatch, signOutOnAnyError } from "./rules_errors.ts";
import {
  getSessionOnServer,
  getUserWithoutToken,
  headerAsToken,
  preflightAfterAuth,
} from "./rules_server.ts";

/** Every rule that looks at source. */
export const rules: readonly Rule[] = [
  getSessionOnServer,
  getUserWithoutToken,
  headerAsToken,
  preflightAfterAuth,
  deadErrorMatch,
  errorTextMatch,
  signOutOnAnyError,
  signOutGlobal,
  legacyStorageKey,
  eventUserDeleted,
  secretKeyCookieClient,
  secretKeyInBrowser,
  secretKeyInSource,
];

/** The rules as checks; tests are left out, because a test may do wrong on purpose. */
export const sourceChecks: readonly Check<Project>[] = rules.map((rule) => ({
  ...rule,
  *look({ files }: Project) {
    for (const file of files.values()) {
      if (file.isTest) continue;
      for (const node of file.nodes) {
        if (!rule.types.includes(node.type)) continue;
        const remark = rule.look(node, file.runtime);
        if (remark) yield { file: file.path, line: lineOf(node), ...remark };
      }
    }
  },
}));
