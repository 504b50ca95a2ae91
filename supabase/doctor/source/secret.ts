/** Comparisons of what a caller sent with a secret of the environment. */

import { headerOf } from "./client.ts";
import { at, environmentName, type Place, UNKNOWN_NAME } from "./follow.ts";
import { bare, child, isReference, memberPath, nameOf, type Node, text, walk } from "./node.ts";
import { originOf, valueOf } from "./scope.ts";

/** Whether an expression holds a secret out of the environment. */
export function holdsSecret(place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  for (const node of walk(place.node, (one) => one.type !== "BinaryExpression")) {
    if (!/^(?:Identifier|MemberExpression|CallExpression)$/.test(node.type)) continue;
    const name = environmentName(at(place, node));
    if (name === UNKNOWN_NAME || SECRET_VARIABLE.test(name ?? "")) return name;
    const value = node.type === "Identifier" ? valueOf(node) : undefined;
    if (value?.type === "TemplateLiteral" && node !== value) {
      const inner = holdsSecret(at(place, value));
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

const SECRET_VARIABLE = /SECRET|KEY|TOKEN|PASS|AUTH|SALT|HMAC|PIN$/;

/** A comparison of what came with a secret: which operator, and with which variable. */
export function secretComparison(place: Place): string | undefined {
  const { node } = place;
  if (node.type !== "BinaryExpression" || !/^[!=]==?$/.test(String(node.operator))) {
    return undefined;
  }
  const [left, right] = [child(node, "left")!, child(node, "right")!];
  for (const [one, other] of [[left, right], [right, left]] as const) {
    if (text(other) !== undefined || isConstant(other) || isLength(one)) continue;
    const name = holdsSecret(at(place, one));
    if (name === undefined || holdsSecret(at(place, other)) !== undefined) continue;
    if (isFromCaller(other, 0, name === UNKNOWN_NAME)) return name;
  }
  return undefined;
}

/**
 * Whether an expression holds what came with a request: a header, the query, the body, a parameter.
 *
 * @param isCertain Whether a parameter, of which nothing is known, does not count.
 */
export function isFromCaller(node: Node, depth = 0, isCertain = false): boolean {
  // What another server answers is not from the caller, whatever it was asked.
  for (const one of walk(node, (each) => !isFetch(each))) {
    if (one.type === "CallExpression") {
      if (headerOf(one) !== undefined) return true;
      const path = memberPath(child(one, "callee"));
      if (/^(?:searchParams|query|params|headers)$/.test(path.at(-2) ?? "")) return true;
      if (/^(?:json|text|formData|query|param|body)$/.test(path.at(-1) ?? "")) {
        const owner = valueOf(child(bare(child(one, "callee")), "object"));
        if (owner === undefined || !isFetch(owner)) return true;
      }
    }
    if (one.type === "MemberExpression" && memberPath(one).includes("headers")) return true;
    if (!isReference(one)) continue;
    const origin = originOf(one);
    if (origin?.kind === "parameter" && !isCertain) return true;
    if (origin?.init === undefined || depth >= 4) continue;
    if (isFromCaller(origin.init, depth + 1, isCertain)) return true;
  }
  return false;
}

/** `given.length !== secret.length`, before a comparison in constant time. */
function isLength(node: Node): boolean {
  return /^(?:length|byteLength)$/.test(memberPath(node).at(-1)!);
}

function isFetch(node: Node): boolean {
  return node.type === "CallExpression" && memberPath(child(node, "callee")).at(-1) === "fetch";
}

function isConstant(node: Node): boolean {
  const found = bare(node)!;
  return found.type === "Literal" || nameOf(found) === "undefined" ||
    (found.type === "UnaryExpression");
}
