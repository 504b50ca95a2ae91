import type { Issue } from "../../problems/problem.ts";
import type { SchemaIssue } from "../../problems/standard_schema.ts";

/** What an answer says about a body, at the most. */
const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 16;
const MAX_TEXT_LENGTH = 200;

/**
 * What a schema finds wrong with a body, as an answer says it: the first 20 things, each in a few
 * words, because a body of a megabyte can have thousands.
 */
export function toIssues(issues: readonly SchemaIssue[]): Issue[] {
  return issues.slice(0, MAX_ISSUES).map(toIssue);
}

function toIssue(issue: SchemaIssue): Issue {
  const path = (issue.path ?? []).slice(0, MAX_PATH_LENGTH)
    .map((segment) => typeof segment === "object" ? segment.key : segment)
    .map((key) => typeof key === "number" ? key : shorten(String(key)));
  return { path, code: kindOf(issue), message: shorten(String(issue.message)) };
}

/** zod and arktype name the kind of mistake `code`, valibot `type`. */
function kindOf(issue: SchemaIssue & { readonly code?: unknown; readonly type?: unknown }): string {
  const kind = issue.code ?? issue.type;
  return typeof kind === "string" && /^[A-Za-z][\w.-]{0,63}$/.test(kind) ? kind : "custom";
}

function shorten(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH - 1)}…` : text;
}
