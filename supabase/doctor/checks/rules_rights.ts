/** Rights that users can give themselves. */

import {
  around,
  bare,
  child,
  children,
  memberPath,
  nameOf,
  type Node,
  walk,
} from "../source/node.ts";
import type { Rule } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

/** What users write themselves, taken for what the project says of them. */
export const userMetadataRole: Rule = {
  id: "user-metadata-role",
  why:
    "user_metadata is the user's own: `updateUser({ data })` of any signed-in client writes it. A role, a tenant or a plan in there is whatever its user wants it to be.",
  fix:
    "Keep it in `app_metadata`, which only the service writes (`auth.admin.updateUserById(id, { app_metadata })`), or in a table under row level security.",
  types: ["MemberExpression", "VariableDeclarator"],
  look(node, { runtime }) {
    const name = node.type === "VariableDeclarator" ? takenRight(node) : readRight(node);
    if (name === undefined) return;
    return {
      severity: runtime === "browser" ? "info" : "warning",
      message: `user_metadata.${name} decides, and every user can write it.`,
    };
  },
};

const METADATA = /^(?:user_metadata|raw_user_meta_data)$/;

/** `user.user_metadata.role`, also through `const metadata = user.user_metadata`. */
function readRight(node: Node): string | undefined {
  const path = memberPath(node);
  const name = path.at(-1)!;
  if (!RIGHTS.test(name)) return undefined;
  let owner = path.at(-2) ?? "";
  const object = bare(child(node, "object"));
  if (object?.type === "Identifier") {
    const origin = originOf(object);
    owner = origin?.path.at(-1) ?? (memberPath(valueOf(object)).at(-1) ?? owner);
  }
  return METADATA.test(owner) && decides(node) ? name : undefined;
}

/** `const { role } = user.user_metadata`. */
function takenRight(declarator: Node): string | undefined {
  if (!METADATA.test(memberPath(withoutDefault(child(declarator, "init"))).at(-1) ?? "")) {
    return undefined;
  }
  for (const one of children(child(declarator, "id"), "properties")) {
    const name = nameOf(child(one, "key"));
    if (name !== undefined && RIGHTS.test(name) && namesDecide(declarator)) return name;
  }
  return undefined;
}

/** `a ?? {}` is `a`. */
function withoutDefault(node: Node | undefined): Node | undefined {
  const found = bare(node);
  return found?.type === "LogicalExpression" ? bare(child(found, "left")) : found;
}

const RIGHTS =
  /^(?:role|roles|user_?role|is_?(?:super_?)?admin|admin|permissions?|scopes?|tenant(?:_?id)?|org(?:anization)?_?id|workspace_?id|plan|tier|subscription|is_?(?:staff|moderator|owner|premium|pro))$/i;

/** Whether a name that a declaration makes decides anything. */
function namesDecide(declarator: Node, depth = 0): boolean {
  const id = child(declarator, "id");
  const program = around(declarator, (each) => each.type === "Program");
  if (id === undefined || program === undefined) return false;
  const own = new Set(walk(id));
  return [...walk(program)].some((each) =>
    each.type === "Identifier" && !own.has(each) && originOf(each)?.node === declarator &&
    decides(each, depth)
  );
}

/** Whether a value is compared, or is a condition, also through a name. */
export function decides(node: Node, depth = 0): boolean {
  let one: Node = node;
  for (; one.parent; one = one.parent) {
    const { parent } = one;
    if (/^(?:BinaryExpression|SwitchStatement|IfStatement)$/.test(parent.type)) {
      return parent.type === "BinaryExpression"
        ? /^[!=]==?$/.test(String(parent.operator))
        : parent.consequent !== one;
    }
    if (parent.type === "ConditionalExpression") {
      if (parent.test === one) return true;
      continue;
    }
    if (parent.type === "UnaryExpression" && parent.operator === "!") return true;
    if (parent.type === "CallExpression") {
      return /^(?:includes|has|some)$/.test(memberPath(child(parent, "callee")).at(-1) ?? "");
    }
    if (parent.type === "VariableDeclarator") return depth < 2 && namesDecide(parent, depth + 1);
    if (parent.type === "Property") return isWrittenAsRight(parent);
    if (/Statement$|Function|Property$|JSX/.test(parent.type)) return false;
  }
  return false;
}

/** `insert({ role })`: what a right is in a table from then on. */
function isWrittenAsRight(property: Node): boolean {
  if (!RIGHTS.test(nameOf(child(property, "key")) ?? "")) return false;
  const call = around(property, (one) => !/^(?:Object|Array)Expression$/.test(one.type));
  return call?.type === "CallExpression" &&
    /^(?:insert|upsert|update)$/.test(memberPath(child(call, "callee")).at(-1) ?? "");
}
