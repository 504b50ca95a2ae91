/** Follows an expression to what it stands for, across constants, helpers and files. */

import { definitionOf, type Modules } from "../project/modules.ts";
import type { SourceFile } from "../project/source_file.ts";
import {
  bare,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  property,
  text,
  walk,
} from "./node.ts";
import { type Origin, originOf } from "./scope.ts";

/** A node, and the file it stands in; without files, nothing is followed beyond its own. */
export interface Place {
  readonly node: Node;
  readonly file?: SourceFile | undefined;
  readonly modules?: Modules | undefined;
  /** What the parameters of the functions around it stand for, in the call that led here. */
  readonly args?: ReadonlyMap<Node, readonly (Place | undefined)[]> | undefined;
}

/** Something a package or edge-auth exports. */
export interface Foreign {
  readonly from: string;
  readonly imported: string;
}

const MAX_DEPTH = 12;

/** Another node of the same place. */
export function at(place: Place, node: Node): Place;
export function at(place: Place, node: Node | undefined): Place | undefined;
export function at(place: Place, node: Node | undefined): Place | undefined {
  return node && { ...place, node };
}

/** What an expression stands for, as far as that is written once and for all. */
export function follow(place: Place | undefined, depth = 0): Place | undefined {
  if (place === undefined || depth > MAX_DEPTH) return place;
  const node = bare(place.node);
  if (node === undefined) return undefined;
  const here = at(place, node);
  if (node.type === "Identifier") {
    const found = definition(here);
    return found === undefined ? here : followOrigin(found.origin, found.place, depth + 1) ?? here;
  }
  if (node.type === "MemberExpression" && node.computed !== true) {
    const name = nameOf(child(node, "property"))!;
    const object = follow(at(here, child(node, "object")), depth + 1);
    return memberOf(object, name, depth + 1) ?? here;
  }
  return here;
}

function followOrigin(origin: Origin, place: Place, depth: number): Place | undefined {
  switch (origin.kind) {
    case "function":
    case "class":
      return at(place, origin.node);
    case "const":
    case "let":
    case "var": {
      if (origin.init === undefined) return undefined;
      if (origin.kind !== "const" && isReassigned(origin, place)) return undefined;
      let found = follow(at(place, origin.init), depth);
      for (const name of origin.path) found = memberOf(found, name, depth);
      return found;
    }
    case "parameter": {
      const owner = origin.node.parent;
      const index = owner ? children(owner, "params").indexOf(origin.node) : -1;
      let found = owner ? place.args?.get(owner)?.[index] : undefined;
      found = follow(found, depth);
      for (const name of origin.path) found = memberOf(found, name, depth);
      return found;
    }
    default:
      return undefined;
  }
}

function isReassigned({ node }: Origin, { file }: Place): boolean {
  const name = nameOf(child(node, "id"));
  return file === undefined || name === undefined ||
    file.nodes.some((one) =>
      one.type === "AssignmentExpression" && nameOf(child(one, "left")) === name
    );
}

/** A member of what was found: of an object, or of what a call of one's own function returns. */
function memberOf(place: Place | undefined, name: string, depth: number): Place | undefined {
  if (place === undefined || depth > MAX_DEPTH) return undefined;
  const { node } = place;
  if (node.type === "ObjectExpression") return follow(at(place, property(node, name)), depth + 1);
  if (node.type === "CallExpression") {
    for (const one of returned(place, depth + 1)) {
      const found = memberOf(follow(one, depth + 1), name, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The declaration of a name, through imports. */
function definition(place: Place): { origin: Origin; place: Place } | undefined {
  const origin = originOf(place.node);
  if (origin === undefined) return undefined;
  if (origin.kind !== "import") return { origin, place };
  if (place.modules === undefined || place.file === undefined) return undefined;
  const found = definitionOf(origin.from!, origin.imported!, place.file.path, place.modules);
  if (found.kind !== "source") return undefined;
  const there = { ...place, node: found.origin.node, file: found.file };
  return { origin: found.origin, place: there };
}

/** What a name, or the member of a namespace, is in the package that it was imported from. */
export function foreign(place: Place | undefined): Foreign | undefined {
  const node = bare(place?.node);
  if (place === undefined || node === undefined) return undefined;
  const path = memberPath(node);
  let root: Node | undefined = node;
  while (root?.type === "MemberExpression") root = bare(child(root, "object"));
  const origin = root?.type === "Identifier" ? originOf(root) : undefined;
  const loaded = bare(origin?.init); // const { a } = await import("npm:b"), or = require("b")
  const isRequire = nameOf(child(loaded, "callee")) === "require";
  if (loaded?.type === "ImportExpression" || isRequire) {
    const from = isRequire
      ? text(children(loaded, "arguments")[0])
      : nameOf(child(loaded, "source"));
    const name = origin?.path.length === 1
      ? origin.path[0]
      : path.length > 1
      ? path.at(-1)
      : undefined;
    if (from !== undefined && name !== undefined && !/^\.{0,2}\//.test(from)) {
      return { from, imported: name };
    }
  }
  if (origin?.kind !== "import") return undefined;
  const inner = path.length > 1 ? path.at(-1)! : undefined;
  const whole = origin.imported === "*" || origin.imported === "default";
  const imported = inner === undefined ? origin.imported! : whole ? inner : undefined;
  if (imported === undefined) return undefined;
  if (place.modules === undefined || place.file === undefined) {
    return { from: origin.from!, imported };
  }
  const found = definitionOf(origin.from!, origin.imported!, place.file.path, place.modules);
  if (found.kind === "package") return { from: found.specifier, imported };
  if (found.kind === "edge-auth") return { from: "edge-auth", imported };
  return undefined;
}

/** What a call of one of the project's own functions returns; nothing for any other call. */
export function returned(place: Place, depth = 0): Place[] {
  const call = bare(place.node);
  if (call?.type !== "CallExpression" || depth > MAX_DEPTH) return [];
  const callee = follow(at(place, child(call, "callee")), depth + 1);
  if (callee === undefined || !isFunction(callee.node)) return [];
  const args = new Map(callee.args ?? []);
  args.set(callee.node, children(call, "arguments").map((one) => at(place, one)));
  return resultsOf(callee.node).map((node) => ({ ...callee, node, args }));
}

/** The expressions that a function returns. */
export function resultsOf(found: Node): Node[] {
  const body = child(found, "body");
  if (body === undefined) return [];
  if (body.type !== "BlockStatement") return [body];
  return [...walk(body, (one) => !isFunction(one))].flatMap((one) =>
    one.type === "ReturnStatement" ? child(one, "argument") ?? [] : []
  );
}

/** What names of environment variables look like. */
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Stands for the name of a variable that is chosen when the code runs. */
export const UNKNOWN_NAME = "a variable";

/** A text that is written in the code, also as a constant, or as what stands in for another. */
function writtenText(place: Place | undefined): string | undefined {
  const found = follow(place);
  const own = text(found?.node);
  if (own !== undefined || found?.node.type !== "LogicalExpression") return own;
  return text(follow(at(found, child(found.node, "left")))?.node) ??
    text(follow(at(found, child(found.node, "right")))?.node);
}

/**
 * The name of the environment variable that an expression reads, if it reads one; where the name is
 * not written, {@linkcode UNKNOWN_NAME}.
 */
export function environmentName(place: Place | undefined, depth = 0): string | undefined {
  if (depth > 6) return undefined; // a chain of calls reads no variable
  const found = follow(place);
  const node = found?.node;
  if (found === undefined || node === undefined) return undefined;
  switch (node.type) {
    case "LogicalExpression":
      return environmentName(at(found, child(node, "left")), depth + 1) ??
        environmentName(at(found, child(node, "right")), depth + 1);
    case "ConditionalExpression":
      return environmentName(at(found, child(node, "consequent")), depth + 1);
    case "Identifier": { // const { A } = process.env, or = Deno.env.toObject()
      const origin = originOf(node);
      const init = bare(origin?.init);
      const owner = memberPath(init?.type === "CallExpression" ? child(init, "callee") : init);
      const isEnv = owner.at(-1) === "env" || owner.slice(-2).join(".") === "env.toObject";
      const name = origin?.path.length === 1 ? origin.path[0]! : "";
      return isEnv && VARIABLE.test(name) ? name : undefined;
    }
    case "NewExpression": // new Set(Deno.env.get("A")!.split(","))
      return environmentName(at(found, children(node, "arguments")[0]), depth + 1);
    case "MemberExpression": {
      const path = memberPath(node);
      const meta = child(child(node, "object"), "object")?.type === "MetaProperty";
      const isEnv = meta || /^(?:env|ENV|environment)$/.test(path.at(-2) ?? "");
      if (isEnv && VARIABLE.test(path.at(-1) ?? "")) return path.at(-1);
      // keys["default"] of const keys = JSON.parse(Deno.env.get("A"))
      const owner = follow(at(found, child(node, "object")));
      const isParsed = owner?.node.type === "CallExpression" &&
        memberPath(child(owner.node, "callee")).join(".") === "JSON.parse";
      return isParsed
        ? environmentName(at(owner, children(owner.node, "arguments")[0]), depth + 1)
        : undefined;
    }
    case "CallExpression": {
      const path = memberPath(child(node, "callee"));
      const argument = children(node, "arguments")[0];
      const name = writtenText(at(found, argument));
      if (name !== undefined && VARIABLE.test(name)) {
        return /env|config|secret|require|must/i.test(path.slice(-2).join(".")) ? name : undefined;
      }
      if (argument !== undefined && path.slice(-2).join(".") === "env.get") return UNKNOWN_NAME;
      // Deno.env.get("A")?.trim(), and String(Deno.env.get("A")).
      const callee = bare(child(node, "callee"));
      const args = children(node, "arguments");
      return callee?.type === "MemberExpression"
        ? environmentName(at(found, child(callee, "object")), depth + 1)
        : args.length === 1
        ? environmentName(at(found, args[0]), depth + 1)
        : undefined;
    }
    default:
      return undefined;
  }
}
