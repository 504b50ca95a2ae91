/** Where the value of a header goes. */

import type { SourceFile } from "../project/source_file.ts";
import { bare, child, children, memberPath, nameOf, type Node, walk } from "./node.ts";
import { originOf } from "./scope.ts";

/** Whether a header's value goes anywhere but into a test of its presence or into the log. */
export function isUsed(read: Node, file: SourceFile): boolean {
  let node: Node = read;
  while (node.parent && (node.parent.type !== "VariableDeclarator") && !isStop(node.parent)) {
    node = node.parent;
  }
  const declared = node.parent?.type === "VariableDeclarator"
    ? child(node.parent, "id")
    : undefined;
  if (declared?.type !== "Identifier") return leaves(node);
  const name = nameOf(declared);
  return file.nodes.some((one) =>
    one !== declared && one.type === "Identifier" && one.name === name &&
    originOf(one)?.node === declared.parent && leaves(one)
  );
}

function isStop(node: Node): boolean {
  return /Statement$|^Property$|^ArrowFunction|^CallExpression$|^NewExpression$/.test(node.type) &&
    !isTextMethod(node);
}

function isTextMethod(node: Node): boolean {
  const callee = node.type === "CallExpression" ? bare(child(node, "callee")) : undefined;
  return callee?.type === "MemberExpression" && TEXT_METHODS.test(memberPath(callee).at(-1) ?? "");
}

const TEXT_METHODS =
  /^(?:replace(?:All)?|startsWith|endsWith|includes|split|slice|substring|trim|toLowerCase|toString|at|match|test)$/;

/**
 * Whether a value is handed to something: an argument of a call, a property, a template.
 *
 * @param seen The names that were followed: two can stand for one another.
 */
function leaves(node: Node, seen = new Set<Node>()): boolean {
  for (let one: Node = node; one.parent; one = one.parent) {
    const { parent } = one;
    if (/^(?:If|While)Statement$|^UnaryExpression$|^BinaryExpression$/.test(parent.type)) {
      return false;
    }
    if (parent.type === "Property" || parent.type === "TemplateLiteral") return !isLogged(parent);
    if (parent.type === "ReturnStatement") return true;
    if (parent.type === "VariableDeclarator") return isUsedName(parent, seen);
    if (parent.type === "CallExpression" || parent.type === "NewExpression") {
      if (children(parent, "arguments").includes(one)) {
        return !isLogged(one) && !isTextMethod(parent);
      }
    }
    if (/Statement$|Function/.test(parent.type)) return false;
  }
  return false;
}

function isUsedName(declarator: Node, seen: Set<Node>): boolean {
  if (seen.has(declarator)) return false;
  seen.add(declarator);
  const id = child(declarator, "id");
  if (id?.type !== "Identifier") return true;
  let program: Node = declarator;
  while (program.parent) program = program.parent;
  for (const one of walk(program)) {
    if (one === id || one.type !== "Identifier" || one.name !== id.name) continue;
    if (originOf(one)?.node === declarator && leaves(one, seen)) return true;
  }
  return false;
}

/** Whether a node is an argument of console. */
export function isLogged(node: Node): boolean {
  for (let one: Node | null | undefined = node; one; one = one.parent) {
    if (one.type === "CallExpression" && memberPath(child(one, "callee"))[0] === "console") {
      return true;
    }
    if (/Statement$/.test(one.type)) return false;
  }
  return false;
}
