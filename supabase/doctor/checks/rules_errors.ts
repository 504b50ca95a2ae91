/** How errors of supabase-js are read. */

import { errorOf } from "../source/auth_call.ts";
import {
  bare,
  child,
  children,
  memberPath,
  nameOf,
  type Node,
  text,
  walk,
} from "../source/node.ts";
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
    if (runsAnyway(node)) return;
    for (const { of, word } of comparisons(node)) {
      const name = memberPath(of).at(-1);
      const part = errorOf(child(bare(of), "object"));
      if (part === undefined) continue;
      if (name === "code" && word === "session_not_found") return dead("error.code");
      if (name !== "message" || word === undefined) continue;
      if (part === "functions" && !isFixed(word)) {
        return comparesAlso(node, (one) => one !== undefined && isFixed(one))
          ? undefined
          : dead("error.message of functions.invoke()");
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

const isFixed = (word: string) => FIXED.some((one) => one.includes(word));

/** Whether another side of `||` lets the branch run: then an old spelling stands beside the new. */
function runsAnyway(node: Node): boolean {
  for (let one = node; one.parent; one = one.parent) {
    const { parent } = one;
    if (parent.type === "LogicalExpression" && parent.operator === "||") {
      const other = [child(parent, "left")!, child(parent, "right")!].find((each) => each !== one)!;
      if ([...walk(other)].some(tells)) return true;
    }
    if (!/^(?:Logical|Unary|Chain|Await)Expression$/.test(parent.type)) return false;
  }
  return false;
}

/** Whether a node asks for what an error of supabase-js has: its name, class, status or answer. */
function tells(node: Node): boolean {
  if (node.type === "BinaryExpression" && node.operator === "instanceof") return true;
  return /^(?:name|context|is\w*Error|status)$/.test(nameOf(node) ?? "");
}

/** The comparisons of one condition, in their order: those that `||` and `&&` tie together. */
function condition(node: Node): Node[] {
  let top = node;
  while (top.parent && /^(?:Logical|Unary|Chain)Expression$/.test(top.parent.type)) {
    top = top.parent;
  }
  return [...walk(top)].filter((one) => comparisons(one).length > 0);
}

/** Whether the condition of a comparison also compares with a word of which `is` holds. */
function comparesAlso(node: Node, is: (word: string | undefined) => boolean): boolean {
  return condition(node).some((one) => comparisons(one).some(({ word }) => is(word)));
}

function dead(what: string): Remark {
  return { severity: "error", message: `${what} is compared with what it never holds.` };
}

/** A comparison with the English of an error. */
export const errorTextMatch: Rule = {
  id: "error-text-match",
  why:
    "The texts of Supabase Auth change between versions, its codes never do. When the text changes, the branch dies silently: a lost session, a wrong password, a taken address.",
  fix:
    "Compare `error.code`, or use isAuthSessionMissingError(error) and isAuthRetryableFetchError(error) of @supabase/supabase-js.",
  types: ["BinaryExpression", "CallExpression", "SwitchStatement"],
  look(node, surroundings) {
    if (/(?:^|\/)scripts?\//.test(surroundings.file?.path ?? "")) return; // nobody's session
    if (!comparesAuthText(node) || codeDecides(node)) return;
    // Said once for a condition, however many texts it tries.
    if (condition(node).find(comparesAuthText) !== node) return;
    if (deadErrorMatch.look(node, surroundings) !== undefined) return;
    return {
      severity: "warning",
      message: "An error of Supabase Auth is told by its English text.",
    };
  },
};

function comparesAuthText(node: Node): boolean {
  return comparisons(node).some(({ of }) =>
    memberPath(of).at(-1) === "message" && errorOf(child(bare(of), "object")) === "auth"
  );
}

/** Whether the same condition compares the code first: then the text is for servers of old. */
function codeDecides(node: Node): boolean {
  if (runsAnyway(node)) return true;
  let inner = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (one.type === "LogicalExpression" && one.operator === "||" && one.right === inner) {
      const comparesCode = [...walk(child(one, "left")!)].some((each) =>
        each.type === "MemberExpression" && nameOf(child(each, "property")) === "code" &&
        errorOf(child(each, "object")) === "auth"
      );
      if (comparesCode) return true;
    }
    if (/Statement$|Function/.test(one.type)) {
      // `if (error.code === …) return …;` in front of it.
      const list = one.parent?.type === "BlockStatement" ? children(one.parent, "body") : [];
      return list.slice(0, list.indexOf(one)).some((each) =>
        each.type === "IfStatement" &&
        [...walk(child(each, "test")!)].some((part) =>
          part.type === "MemberExpression" && nameOf(child(part, "property")) === "code" &&
          errorOf(child(part, "object")) === "auth"
        )
      );
    }
  }
  return false;
}

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

/** A status where there is none. */
export const invokeErrorStatus: Rule = {
  id: "invoke-error-status",
  why:
    "The errors of functions.invoke() have no `status` and no `code`: those are of the answer, in `error.context`. The branch never runs, so a refused caller is never noticed.",
  fix:
    "Read `error.context.status` after `error instanceof FunctionsHttpError`, or the body: `await error.context.json()`.",
  types: ["MemberExpression"],
  look(node) {
    const name = nameOf(child(node, "property"));
    if (name !== "status" && name !== "code" && name !== "statusCode") return;
    if (errorOf(child(node, "object")) !== "functions") return;
    if (node.parent?.type === "AssignmentExpression" && node.parent.left === node) return;
    if (!isCompared(node) || runsAnyway(node.parent!)) return;
    return {
      severity: "error",
      message: `error.${name} of functions.invoke() is always undefined.`,
    };
  },
};

/** Whether a value is compared, switched over, or a condition; one that is only told harms nobody. */
function isCompared(node: Node): boolean {
  let one = node;
  while (one.parent && bare(one.parent) === bare(one)) one = one.parent;
  const { parent } = one;
  if (parent?.type === "BinaryExpression") return true;
  if (parent?.type === "SwitchStatement") return parent.discriminant === one;
  return /^(?:If|While)Statement$|^ConditionalExpression$/.test(parent?.type ?? "") &&
    parent!.test === one;
}
