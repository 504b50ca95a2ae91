/** Whether code asks what kind of error it has, before it acts on it. */

import { type Bindings, nodesWithin } from "./answer.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  walk,
} from "./node.ts";
import { originOf } from "./scope.ts";

/** The catch clause that takes what is thrown at a place. */
export function handlerAround(node: Node): Node | undefined {
  let inner: Node = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (one.type === "TryStatement" && one.block === inner) return child(one, "handler");
    if (isFunction(one)) return undefined;
  }
  return undefined;
}

/** What such a clause does, if it does not look at what it caught. */
export function catchAround(node: Node): Node | undefined {
  const handler = handlerAround(node);
  return handler && !judgesCaught(handler) ? child(handler, "body") : undefined;
}

/** Whether a catch clause asks what it caught, by its type, name, status or code. */
export function judgesCaught(handler: Node): boolean {
  const param = child(handler, "param");
  const name = nameOf(param);
  if (param === undefined || name === undefined) return param !== undefined;
  return isJudgedIn(child(handler, "body")!, param);
}

/** Whether something that was caught is told apart within a block. */
export function isJudgedIn(block: Node, caught: Node): boolean {
  return [...walk(block)].some((one) =>
    one !== caught && one.type === "Identifier" && one.name === caught.name && judges(one)
  );
}

/** Whether an error is told apart from others anywhere around. */
export function isJudged(all: Bindings): boolean {
  for (const one of nodesWithin(all.scope)) {
    if (one.type !== "Identifier") continue;
    const origin = originOf(one);
    const of = origin && all.names.get(origin.node);
    if (of === undefined || one.parent === origin?.node) continue;
    const what = of(origin!.path);
    const viaMember = rootPath(one);
    const isError = what === "error" || of([...origin!.path, ...viaMember.slice(0, 1)]) === "error";
    if (isError && judges(one) && !decidesLogOnly(one)) return true;
    if (viaMember[0] === "status" && isTested(one)) return true; // of a Response
  }
  return false;
}

/** Whether a use only decides what is logged: `if (error.name !== "…") console.error(error)`. */
function decidesLogOnly(identifier: Node): boolean {
  let inner = identifier;
  for (let one = identifier.parent; one; inner = one, one = one.parent) {
    if (one.type !== "IfStatement") {
      if (isFunction(one) || /Statement$/.test(one.type)) return false;
      continue;
    }
    const branch = child(one, "consequent")!;
    const statements = branch.type === "BlockStatement" ? children(branch, "body") : [branch];
    return one.test === inner && child(one, "alternate") === undefined &&
      statements.every((each) =>
        each.type === "ExpressionStatement" &&
        /^(?:console|log|logger)$/.test(
          memberPath(child(bare(child(each, "expression")), "callee"))[0]!,
        )
      );
  }
  return false;
}

function rootPath(identifier: Node): string[] {
  const path: string[] = [];
  for (let one = identifier; one.parent?.type === "MemberExpression"; one = one.parent) {
    if (one.parent.object !== one) break;
    path.push(nameOf(child(one.parent, "property")) ?? "()");
  }
  return path;
}

const TELLS = /^(?:status|code|name|__isAuthError|cause|constructor)$/;

const JUDGES =
  /^(?:is\w*|\w*(?:retryable|transient|outage|network)\w*|(?:to|map|handle|classify|judge|respond|convert|from|throw|assert)[A-Z_]\w*)$/i;

/** Whether one use of an error asks what kind of error it is. */
function judges(identifier: Node): boolean {
  const path = rootPath(identifier);
  if (path.some((name) => TELLS.test(name)) && isTested(identifier)) return true;
  if (path.includes("status") || path.includes("toResponse")) {
    return around(
      identifier,
      (one) => one.type === "Property" && nameOf(child(one, "key")) === "status",
    ) !== undefined;
  }
  let one: Node = identifier;
  while (one.parent?.type === "MemberExpression" && one.parent.object === one) one = one.parent;
  const { parent } = one;
  if (parent?.type === "BinaryExpression" && parent.operator === "instanceof") return true;
  if (parent?.type !== "CallExpression" && parent?.type !== "NewExpression") return false;
  if (!children(parent, "arguments").includes(one)) return false;
  return JUDGES.test(memberPath(child(parent, "callee")).at(-1) ?? "");
}

/** Whether a value is compared, switched over, or looked up. */
function isTested(identifier: Node): boolean {
  for (let one: Node = identifier; one.parent; one = one.parent) {
    const { parent } = one;
    if (parent.type === "BinaryExpression" || parent.type === "SwitchStatement") return true;
    if (parent.type === "CallExpression") {
      return /^(?:includes|has|test|some)$/.test(memberPath(child(parent, "callee")).at(-1) ?? "");
    }
    if (/Statement$|Function|Property$|Declarator$/.test(parent.type)) return false;
  }
  return false;
}
