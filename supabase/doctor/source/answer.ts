/** What holds the answer of a call, and which branch runs where the call failed. */

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
import { oncePer } from "./once.ts";
import { originOf } from "./scope.ts";

/** Every node of a scope, listed once. */
export const nodesWithin = oncePer((scope: Node): readonly Node[] => [...walk(scope)]);

/** The names that hold the answer of a call. */
export interface Bindings {
  readonly scope: Node;
  /** By the declaration; what the name holds. */
  readonly names: ReadonlyMap<Node, (path: readonly string[]) => "error" | "user" | undefined>;
}

const meaning = (path: readonly string[]) => {
  const last = path.at(-1);
  if (last === "error" || last === "ok") return "error";
  return path.length === 0 || /^(?:data|user|claims|id|sub|email)$/.test(last!)
    ? "user"
    : undefined;
};

export function bindingsOf(call: Node): Bindings {
  let value: Node = call;
  const path: string[] = [];
  for (;;) {
    const { parent } = value;
    const wrapper = wrapperOf(value);
    if (wrapper !== undefined) value = wrapper;
    else if (parent?.type === "MemberExpression") {
      if (parent.object !== value) break;
      const name = nameOf(child(parent, "property")) ?? "()";
      if (name === "then" || name === "catch") break;
      path.push(name);
      value = parent;
    } else if (parent && bare(parent) === bare(value)) value = parent;
    else break;
  }
  let scope = around(value, (one) => isFunction(one) || one.type === "Program")!;
  const names = new Map<Node, (path: readonly string[]) => "error" | "user" | undefined>();
  const { parent } = value;
  if (parent?.type === "VariableDeclarator" && parent.init === value) {
    names.set(parent, (inner) => meaning([...path, ...inner]));
  } else if (parent?.type === "AssignmentExpression" && parent.right === value) {
    const left = child(parent, "left"); // user = (await …).data.user
    const origin = left?.type === "Identifier" ? originOf(left) : undefined;
    if (origin !== undefined) names.set(origin.node, (inner) => meaning([...path, ...inner]));
  } else if (parent?.type === "MemberExpression" && parent.object === value) {
    const then = parent.parent; // .then(({ data, error }) => …)
    const callback = then?.type === "CallExpression" ? children(then, "arguments")[0] : undefined;
    if (callback !== undefined && isFunction(callback)) {
      scope = callback;
      const [first] = children(callback, "params");
      if (first !== undefined) names.set(first, meaning);
    }
  }
  // `const user = data.user`, `const { user } = data`: names of names.
  for (const one of nodesWithin(scope)) {
    if (one.type !== "VariableDeclarator" || names.has(one)) continue;
    const root = rootOf(child(one, "init"));
    const origin = root && originOf(root.node);
    const of = origin && names.get(origin.node);
    if (of === undefined) continue;
    const known = of(origin!.path);
    if (known === "user") names.set(one, (inner) => of([...origin!.path, ...root!.path, ...inner]));
  }
  return { scope, names };
}

const PASSES_ON = /time|retry|race|measure|trace|span|attempt|deadline|abortable/i;

/**
 * The call that hands on what another answers: `withTimeout(getUser())`, `timed(() => getUser())`,
 * `Promise.race([getUser(), late])`.
 */
function wrapperOf(value: Node): Node | undefined {
  let { parent } = value;
  const isBody = parent?.type === "ArrowFunctionExpression" && parent.body === value;
  if (isBody || parent?.type === "ArrayExpression") parent = parent!.parent;
  if (parent?.type !== "CallExpression" || parent.callee === value) return undefined;
  return PASSES_ON.test(memberPath(child(parent, "callee")).at(-1) ?? "") ? parent : undefined;
}

/** `data.user` is the name `data` and the way on from it. */
export function rootOf(expression: Node | undefined): { node: Node; path: string[] } | undefined {
  let found = bare(expression);
  if (found?.type === "LogicalExpression" && found.operator !== "&&") {
    found = bare(child(found, "left"));
  }
  const path: string[] = [];
  while (found?.type === "MemberExpression") {
    path.unshift(nameOf(child(found, "property")) ?? "()");
    found = bare(child(found, "object"));
  }
  return found?.type === "Identifier" ? { node: found, path } : undefined;
}

function meaningOf(node: Node | undefined, { names }: Bindings): "error" | "user" | undefined {
  const root = rootOf(node);
  const origin = root && originOf(root.node);
  const of = origin && names.get(origin.node);
  return of?.([...origin!.path, ...root!.path]);
}

/** Whether a test asks if the check failed, and which branch then runs. */
export function failsIn(
  test: Node | undefined,
  all: Bindings,
): "consequent" | "alternate" | undefined {
  const found = bare(test);
  switch (found?.type) {
    case "LogicalExpression": {
      const [left, right] = [child(found, "left"), child(found, "right")];
      const sides = [failsIn(left, all), failsIn(right, all)];
      if (sides.includes("consequent")) return "consequent";
      return found.operator === "&&" && sides.includes("alternate") ? "alternate" : undefined;
    }
    case "UnaryExpression": {
      if (found.operator !== "!") return undefined;
      const inner = bare(child(found, "argument"));
      if (inner?.type === "UnaryExpression") return failsIn(child(inner, "argument"), all);
      if (rootOf(inner)?.path.at(-1) === "ok" && meaningOf(inner, all)) return "consequent";
      const what = meaningOf(inner, all);
      return what === "user" ? "consequent" : what === "error" ? "alternate" : undefined;
    }
    case "BinaryExpression": {
      const [left, right] = [child(found, "left"), child(found, "right")];
      if (!isNothing(right)) return undefined;
      const what = meaningOf(left, all);
      if (what === undefined) return undefined;
      const isEqual = /^==/.test(String(found.operator));
      return (what === "user") === isEqual ? "consequent" : "alternate";
    }
    default: {
      if (rootOf(found)?.path.at(-1) === "ok") return meaningOf(found, all) && "alternate";
      const what = meaningOf(found, all);
      return what === "error" ? "consequent" : what === "user" ? "alternate" : undefined;
    }
  }
}

export function isNothing(node: Node | undefined): boolean {
  const found = bare(node);
  return (found?.type === "Literal" && found.value === null && found.regex === undefined) ||
    nameOf(found) === "undefined";
}

/** Whether a test holds for every error: `error`, or `error || …`. */
export function asksForError(test: Node | undefined, all: Bindings): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return asksForError(child(found, "left"), all) || asksForError(child(found, "right"), all);
  }
  const compared = found?.type === "BinaryExpression" && isNothing(child(found, "right"))
    ? child(found, "left")
    : found?.type === "UnaryExpression" && rootOf(child(found, "argument"))?.path.at(-1) === "ok"
    ? child(found, "argument")
    : found;
  return meaningOf(compared, all) === "error";
}

/** Whether a branch ends the function, or this turn of its loop. */
export function exits(branch: Node): boolean {
  const last = branch.type === "BlockStatement" ? children(branch, "body").at(-1) : branch;
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(last?.type ?? "");
}

export function throws(branch: Node): boolean {
  return [...walk(branch, (one) => one === branch || !isFunction(one))]
    .some((one) => one.type === "ThrowStatement");
}

/** Whether a helper hands out what the call found. */
export function returnsUser(helper: Node, call: Node): boolean {
  const all = bindingsOf(call);
  const body = child(helper, "body");
  if (body !== undefined && body.type !== "BlockStatement") return [...walk(body)].includes(call);
  return nodesWithin(helper).some((one) => {
    if (one.type !== "ReturnStatement") return false;
    const value = bare(child(one, "argument"));
    if (value === undefined) return false;
    if (value === bare(call) || meaningOf(value, all) === "user") return true;
    return value.type === "ObjectExpression" &&
      children(value, "properties").some((each) => meaningOf(child(each, "value"), all) === "user");
  });
}
