/** What may check a caller, and cannot be seen to: signs that an open function is less open. */

import {
  bare,
  child,
  children,
  isFunction,
  isReference,
  memberPath,
  nameOf,
  type Node,
  text,
  walk,
} from "./node.ts";
import type { Foreign } from "./follow.ts";
import type { Reached } from "./reach.ts";
import { originOf } from "./scope.ts";
import { isFromCaller } from "./secret.ts";

/** Whether a branch refuses by what somebody answered who was given something of the caller's. */
export function refuses(node: Node): boolean {
  return [...walk(child(node, "test")!)].some((one) => {
    const init = isReference(one) ? originOf(one)?.init : undefined;
    return init !== undefined && [...walk(init)].some(isAskedAboutCaller);
  }) &&
    [...walk(child(node, "consequent")!, (one) => !isFunction(one))].some((one) =>
      one.type === "Literal" &&
      (one.value === 401 || one.value === 403 || REFUSAL.test(text(one) ?? ""))
    );
}

function isAskedAboutCaller(node: Node): boolean {
  const call = node.type === "AwaitExpression" ? child(node, "argument") : undefined;
  return call !== undefined && !readsBody(bare(call)) &&
    [...walk(call)].some((one) =>
      one.type === "CallExpression" &&
      children(one, "arguments").some((given) => isFromCaller(given, 0, true))
    );
}

const REFUSAL =
  /unauthori[sz]ed|forbidden|access denied|not allowed|invalid (?:credentials|password|code|pin|token)/i;

/** `req.json()`, also with something for a body that is none. */
function readsBody(call: Node | undefined): boolean {
  const callee = bare(child(call, "callee"));
  const path = memberPath(callee);
  if (path.at(-1) === "catch") return readsBody(bare(child(callee, "object")));
  const owner = bare(child(callee, "object"));
  return /^(?:json|text|formData|arrayBuffer)$/.test(path.at(-1)!) &&
    owner?.type === "Identifier" &&
    originOf(owner)?.kind === "parameter";
}

/** Packages that route and serve: what they are given decides nothing by itself. */
const SERVES =
  /deno\.land\/std|@std\/|\bhono\b|\boak\b|supabase-js|\bzod\b|openai|anthropic|std\/http|xhr/;

/** Whether a package's function gets the request itself, or makes what does: it may check. */
export function takesRequest({ from, node, file }: Foreign & Reached): boolean {
  if (SERVES.test(from)) return false;
  const call = node.parent;
  if (call?.type !== "CallExpression" || call.callee !== node) return false;
  const isRequest = (one: Node) => /^(?:req|request|c|ctx|event)$/.test(nameOf(bare(one)) ?? "");
  if (children(call, "arguments").some(isRequest)) return true;
  // `const handler = wrap(…)`, then `handler(req)` or `serve(handler)`.
  const declarator = call.parent;
  const name = declarator?.type === "VariableDeclarator"
    ? nameOf(child(declarator, "id"))
    : undefined;
  return file.nodes.some((one) => {
    if (one.type !== "CallExpression") return false;
    const args = children(one, "arguments");
    const isServe = /^(?:serve|Deno\.serve)$/.test(
      memberPath(child(one, "callee")).join("."),
    );
    if (
      isServe &&
      args.some((each) => bare(each) === call || nameOf(bare(each)) === name && name)
    ) {
      return true;
    }
    return name !== undefined && nameOf(child(one, "callee")) === name &&
      args.some(isRequest);
  });
}
