/**
 * The doctor's rules as a plugin of `deno lint`: add `"plugins": ["./supabase/doctor/lint.ts"]` to
 * `lint` in deno.json. Deno runs on servers, so a file counts as one unless it says otherwise.
 *
 * @module
 */

import { deadErrorMatch, errorTextMatch } from "./checks/rules_errors.ts";
import { signOutOnAnyError } from "./checks/rules_sign_out.ts";
import { getSessionOnServer, getUserWithoutToken, headerAsToken } from "./checks/rules_session.ts";
import type { Node } from "./source/node.ts";
import type { Rule } from "./source/rule.ts";
import { isTestPath, type Runtime } from "./source/runtime.ts";

/** By their names in deno lint: `// deno-lint-ignore edge-auth/no-get-session`. */
const RULES: Readonly<Record<string, Rule>> = {
  "no-get-session": getSessionOnServer,
  "no-get-user-without-token": getUserWithoutToken,
  "no-header-as-token": headerAsToken,
  "no-dead-error-match": deadErrorMatch,
  "no-error-text-match": errorTextMatch,
  "no-sign-out-on-any-error": signOutOnAnyError,
};

/** Where a file runs, by its path: the linter visits nodes, not whole files. */
function runtimeByPath(path: string): Runtime {
  if (/(?:^|\/)(?:browser|client|components|pages?)\/|\.[jt]sx$/.test(path)) return "browser";
  return /(?:^|\/)functions\/[^/]+\//.test(path) ? "function" : "server";
}

/** A path without the folder that is linted, whose own name says nothing about the file. */
function withinFolder(path: string): string {
  const [file, folder] = [path, `${Deno.cwd()}/`].map((one) => one.replaceAll("\\", "/"));
  return file!.startsWith(folder!) ? file!.slice(folder!.length) : file!;
}

function lintRule(rule: Rule): Deno.lint.Rule {
  return {
    create(context) {
      const path = withinFolder(context.filename);
      if (isTestPath(path)) return {};
      const runtime = runtimeByPath(path);
      const visit = (node: Deno.lint.Node) => {
        const remark = rule.look(node as unknown as Node, { runtime });
        if (remark) context.report({ node, message: remark.message, hint: remark.fix ?? rule.fix });
      };
      return Object.fromEntries(rule.types.map((type) => [type, visit]));
    },
  };
}

/** The plugin. */
const plugin: Deno.lint.Plugin = {
  name: "edge-auth",
  rules: Object.fromEntries(
    Object.entries(RULES).map(([name, rule]) => [name, lintRule(rule)]),
  ),
};

export default plugin;
