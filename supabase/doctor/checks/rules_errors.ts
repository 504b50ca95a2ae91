/** How errors of supabase-js are read. */

import { authCall, errorOf } from "../source/auth_call.ts";
import { bare, child, children, memberPath, type Node, text, walk } from "../source/node.ts";
import type { Remark, Rule } from "../source/rule.ts";

/** A comparison that cannot be true. */
export const deadErrorMatch: Rule = {
  id: "dead-error-match",
  why:
    'supabase-js turns session_not_found into AuthSessionMissingError, status 400, without a code and with the text "Auth session missing!"; an error of functions.invoke() has one fixed text. The branch never runs, so the dead session is never noticed.',
  fix:
    "Use `isAuthSessionMissingError(error)` of @supabase/supabase-js; behind edge-auth read the body (`await error.context.json()`) and do what its `action` says.",
  types: ["BinaryExpression", "CallExpression", "SwitchStatement"],
  look(node) {
    for (const { of, word } of comparisons(node)) {
      const name = memberPath(of).at(-1);
      const part = errorOf(child(bare(of), "object"));
      if (part === undefined) continue;
      if (name === "code" && word === "session_not_found") return dead("error.code");
      if (name !== "message" || word === undefined) continue;
      if (part === "functions" && !FIXED.some((one) => one.includes(word))) {
        return dead("error.message of functions.invoke()");
      }
      if (/session_not_found|session from session_id/i.test(word)) return dead("error.message");
    }
    return;
  },
};

/** The texts that functions-js 2.119.1 gives its errors. */
const FIXED = [
  "Edge Function returned a non-2xx status code",
  "Failed to send a request to the Edge Function",
  "Relay Error invoking the Edge Function",
];

function dead(what: string): Remark {
  return { severity: "error", message: `${what} is compared with what it never holds.` };
}

/** A comparison with the English of an error. */
export const errorTextMatch: Rule = {
  id: "error-text-match",
  why:
    "The texts of Supabase Auth change between versions, its codes never do. When the text changes, the branch that handles the lost session dies silently.",
  fix:
    "Compare `error.code`, or use isAuthSessionMissingError(error) and isAuthRetryableFetchError(error) of @supabase/supabase-js.",
  types: ["BinaryExpression", "CallExpression", "SwitchStatement"],
  look(node) {
    if (deadErrorMatch.look(node, "unknown") !== undefined) return;
    const found = comparisons(node).some(({ of }) =>
      memberPath(of).at(-1) === "message" && errorOf(child(bare(of), "object")) === "auth"
    );
    return found
      ? { severity: "warning", message: "An error of Supabase Auth is told by its English text." }
      : undefined;
  },
};

const SEARCHES = new Set(["includes", "startsWith", "endsWith", "match", "indexOf", "search"]);

/** What a node compares, and with which word. */
function comparisons(node: Node): { of: Node | undefined; word: string | undefined }[] {
  switch (node.type) {
    case "BinaryExpression": {
      if (!/^[!=]==?$/.test(String(node.operator))) return [];
      const [left, right] = [child(node, "left"), child(node, "right")];
      return [{ of: left, word: text(right) }, { of: right, word: text(left) }]
        .filter(({ of, word }) => bare(of)?.type === "MemberExpression" && word !== undefined);
    }
    case "CallExpression": {
      const callee = bare(child(node, "callee"));
      if (callee?.type !== "MemberExpression") return [];
      if (!SEARCHES.has(memberPath(callee).at(-1) ?? "")) return [];
      const argument = children(node, "arguments")[0];
      const { pattern } = (argument?.regex ?? {}) as { pattern?: string };
      return [{ of: lowered(child(callee, "object")), word: text(argument) ?? pattern }];
    }
    default:
      return children(node, "cases").map((one) => ({
        of: child(node, "discriminant"),
        word: text(child(one, "test")),
      })).filter(({ word }) => word !== undefined);
  }
}

/** `error.message.toLowerCase()` is the message. */
function lowered(node: Node | undefined): Node | undefined {
  const found = bare(node);
  const callee = found?.type === "CallExpression" ? bare(child(found, "callee")) : undefined;
  return callee && /^to(?:Lower|Upper)Case$/.test(memberPath(callee).at(-1) ?? "")
    ? child(callee, "object")
    : found;
}

/** Signing out because anything went wrong. */
export const signOutOnAnyError: Rule = {
  id: "sign-out-on-any-error",
  why:
    "The error is also there when Auth is down, slow, or limits the caller: an outage then signs everybody out, on every device where the scope is global.",
  fix:
    'Sign out only if `isAuthSessionMissingError(error)`, with `{ scope: "local" }`; behind edge-auth only when the answer\'s action is `sign_in`.',
  types: ["IfStatement"],
  look(node) {
    if (!isAnyError(child(node, "test"))) return;
    const consequent = child(node, "consequent");
    if (consequent === undefined) return;
    const signsOut = [...walk(consequent)].some((one) =>
      authCall(one)?.method === "signOut" && !judged(one, node)
    );
    return signsOut
      ? { severity: "warning", message: "auth.signOut() on any error of Supabase Auth." }
      : undefined;
  },
};

/** `error`, or `error || !user`. */
function isAnyError(test: Node | undefined): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return isAnyError(child(found, "left")) || isAnyError(child(found, "right"));
  }
  return errorOf(found) === "auth";
}

/** Whether another condition stands between the two. */
function judged(inner: Node, outer: Node): boolean {
  for (let one = inner.parent; one && one !== outer; one = one.parent) {
    if (/^(?:If|Switch)Statement$|^ConditionalExpression$|^LogicalExpression$/.test(one.type)) {
      return true;
    }
  }
  return false;
}
