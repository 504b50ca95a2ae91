/**
 * Looking at syntax trees in the form of ESTree, which is what both the doctor's parser and
 * `deno lint` make. So one rule serves both.
 *
 * @module
 */

/** A node of a syntax tree; `parent` is set in both trees. */
export interface Node {
  readonly type: string;
  readonly parent?: Node | null;
  readonly [member: string]: unknown;
}

/** The node under a name, or `undefined`. */
export function child(node: Node | undefined, name: string): Node | undefined {
  const value = node?.[name];
  return isNode(value) ? value : undefined;
}

/** The nodes of a list under a name; empty for what is none. */
export function children(node: Node | undefined, name: string): Node[] {
  const value = node?.[name];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** Whether a value is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}

const WRAPPERS = new Set([
  "TSNonNullExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "ChainExpression",
  "ParenthesizedExpression",
  "AwaitExpression",
]);

/** An expression without what does not change its value: `!`, `as T`, parentheses, `await`. */
export function bare(node: Node | undefined): Node | undefined {
  let found = node;
  while (found !== undefined && WRAPPERS.has(found.type)) {
    found = child(found, found.type === "AwaitExpression" ? "argument" : "expression");
  }
  return found;
}

/** The text of a string literal, or of a template without holes. */
export function text(node: Node | undefined): string | undefined {
  const found = bare(node);
  if (found?.type === "Literal") return typeof found.value === "string" ? found.value : undefined;
  if (found?.type !== "TemplateLiteral" || children(found, "expressions").length > 0) return;
  const quasi = children(found, "quasis")[0];
  // ESTree writes { value: { cooked } }, Deno's tree { cooked }.
  const cooked = (quasi?.value as { cooked?: unknown } | undefined)?.cooked ?? quasi?.cooked;
  return typeof cooked === "string" ? cooked : undefined;
}

/** The name of an identifier, of a property's key, or of a string. */
export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === "Identifier" && typeof node.name === "string" ? node.name : text(node);
}

/** Generated code has members thousands deep; nobody asks for more than the last few. */
const MAX_PATH = 16;

/**
 * The names along a member expression, outermost last: `a.b?.c!` is `["a", "b", "c"]`. What has no
 * name (a call, an index) is `"()"`.
 */
export function memberPath(node: Node | undefined): string[] {
  const path: string[] = [];
  let found = bare(node);
  while (found?.type === "MemberExpression" && path.length < MAX_PATH) {
    const property = child(found, "property");
    path.push((found.computed === true ? text(property) : nameOf(property)) ?? "()");
    found = bare(child(found, "object"));
  }
  if (found?.type === "Identifier") path.push(nameOf(found) ?? "()");
  else path.push(found?.type === "ThisExpression" ? "this" : "()");
  return path.reverse();
}

/** The value of a property in an object literal. */
export function property(node: Node | undefined, name: string): Node | undefined {
  const found = bare(node);
  if (found?.type !== "ObjectExpression") return undefined;
  const member = children(found, "properties").find((one) =>
    one.type === "Property" && nameOf(child(one, "key")) === name
  );
  return child(member, "value");
}

/** Every node of a tree, parents first. No recursion: generated code is nested thousands deep. */
export function* walk(root: Node, enter: (node: Node) => boolean = () => true): Generator<Node> {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (!enter(node)) continue;
    yield node;
    const below = childrenOf(node);
    for (let i = below.length - 1; i >= 0; i--) open.push(below[i]!);
  }
}

/** Where a parsed tree keeps what is directly below a node: it is walked many times. */
const BELOW = Symbol("below");

/** Keeps what is directly below a node, for {@linkcode childrenOf}. */
export function keepChildren(node: Node): readonly Node[] {
  return (node as { [BELOW]?: readonly Node[] })[BELOW] = childrenOf(node);
}

/** The nodes directly below one, in the order of the source. */
export function childrenOf(node: Node): readonly Node[] {
  const kept = (node as { readonly [BELOW]?: readonly Node[] })[BELOW];
  if (kept !== undefined) return kept;
  const found: Node[] = [];
  // `in`: the members of the linter's nodes are getters of the prototype. And no list of names is
  // made, since this runs for every node of every file.
  for (const name in node) if (name !== "parent") addNodes(node[name], found);
  return found;
}

function addNodes(value: unknown, found: Node[]): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) { if (isNode(value)) found.push(value); }
  else for (const one of value) if (isNode(one)) found.push(one);
}

/** The nearest node around this one of which `is` holds. */
export function around(node: Node, is: (node: Node) => boolean): Node | undefined {
  let found = node.parent;
  while (found && !is(found)) found = found.parent;
  return found ?? undefined;
}

/**
 * Whether the name of a type fits. There are some 200 types, and every node of every file is asked:
 * so each name is tried once.
 */
export function typeTest(pattern: RegExp): (type: string) => boolean {
  const known = new Map<string, boolean>();
  return (type) => {
    let fits = known.get(type);
    if (fits === undefined) known.set(type, fits = pattern.test(type));
    return fits;
  };
}

const isFunctionType = typeTest(/^(?!TS).*Function/);

/** Whether a node is a function of any form. */
export function isFunction(node: Node): boolean {
  return isFunctionType(node.type);
}

/** Whether a node belongs to the types of TypeScript alone: nothing in it runs. */
export function isType(node: Node): boolean {
  return isTypeOnly(node.type) || node.importKind === "type" || node.exportKind === "type";
}

const isTypeOnly = typeTest(
  /^TS(?!AsExpression|NonNull|Satisfies|TypeAssertion|Enum|ParameterProperty|Module|ExportAssignment|Instantiation)/,
);

/** Whether a node is an identifier that stands for a value: no key, member or label. */
export function isReference(node: Node): boolean {
  if (node.type !== "Identifier") return false;
  const { parent } = node;
  if (parent?.type === "MemberExpression") {
    return parent.object === node || parent.computed === true;
  }
  if (parent?.type === "Property") {
    return parent.value === node || parent.computed === true || parent.shorthand === true;
  }
  return !/^(?:Import|Export)\w*Specifier$|^MethodDefinition$|^PropertyDefinition$|^Labeled/.test(
    parent?.type ?? "",
  );
}
