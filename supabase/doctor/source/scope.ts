import { bare, child, children, isFunction, nameOf, type Node } from "./node.ts";

/** Where a name comes from. */
export interface Origin {
  readonly kind: "const" | "let" | "var" | "parameter" | "catch" | "import" | "function" | "class";
  /** What it is set to, or the whole right side of a destructuring. */
  readonly init?: Node | undefined;
  /** The property that a destructuring takes: `{ data: { user } }` is `["data", "user"]`. */
  readonly path: readonly string[];
  /** Of an import: where from, and the name there (`default`, `*`). */
  readonly from?: string | undefined;
  readonly imported?: string | undefined;
}

/**
 * Finds the declaration that a name refers to, by the scopes around it.
 *
 * @param identifier The place where the name is used.
 * @param name Its name.
 * @returns The declaration, or `undefined` for a global or what is not understood.
 */
export function originOf(identifier: Node, name = nameOf(identifier)): Origin | undefined {
  if (name === undefined) return undefined;
  for (let scope = identifier.parent; scope; scope = scope.parent) {
    const found = inScope(scope, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a name was set to once and for all, or the expression itself: `const t = x` gives `x`. */
export function valueOf(node: Node | undefined): Node | undefined {
  let found = bare(node);
  for (let depth = 0; depth < 5 && found?.type === "Identifier"; depth++) {
    const origin = originOf(found);
    if (origin?.kind !== "const" || origin.init === undefined || origin.path.length > 0) break;
    found = bare(origin.init);
  }
  return found;
}

function inScope(scope: Node, name: string): Origin | undefined {
  if (isFunction(scope)) {
    const path = children(scope, "params").map((one) => pathTo(one, name)).find(Boolean);
    return path && { kind: "parameter", path };
  }
  if (scope.type === "CatchClause") {
    const path = pathTo(child(scope, "param"), name);
    return path && { kind: "catch", path };
  }
  if (/^For(?:Of|In)?Statement$/.test(scope.type)) {
    return inDeclaration(child(scope, "left") ?? child(scope, "init"), name);
  }
  if (scope.type !== "BlockStatement" && scope.type !== "Program") return undefined;
  for (const statement of children(scope, "body")) {
    const found = inDeclaration(child(statement, "declaration") ?? statement, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inDeclaration(statement: Node | undefined, name: string): Origin | undefined {
  switch (statement?.type) {
    case "VariableDeclaration":
      for (const one of children(statement, "declarations")) {
        const path = pathTo(child(one, "id"), name);
        const kind = statement.kind as "const" | "let" | "var";
        if (path) return { kind, init: child(one, "init"), path };
      }
      return undefined;
    case "ImportDeclaration":
      for (const one of children(statement, "specifiers")) {
        if (nameOf(child(one, "local")) !== name) continue;
        const from = nameOf(child(statement, "source"));
        const imported = one.type === "ImportSpecifier"
          ? nameOf(child(one, "imported"))
          : one.type === "ImportDefaultSpecifier"
          ? "default"
          : "*";
        return { kind: "import", path: [], from, imported };
      }
      return undefined;
    case "FunctionDeclaration":
    case "ClassDeclaration": {
      const kind = statement.type === "ClassDeclaration" ? "class" : "function";
      return nameOf(child(statement, "id")) === name ? { kind, path: [] } : undefined;
    }
    default:
      return undefined;
  }
}

/** How a pattern takes a value apart to reach a name; `undefined` if it does not bind it. */
function pathTo(pattern: Node | undefined, name: string): string[] | undefined {
  switch (pattern?.type) {
    case "Identifier":
      return nameOf(pattern) === name ? [] : undefined;
    case "AssignmentPattern":
      return pathTo(child(pattern, "left"), name);
    case "RestElement":
      return pathTo(child(pattern, "argument"), name) && ["()"];
    case "TSParameterProperty":
      return pathTo(child(pattern, "parameter"), name);
    case "ArrayPattern":
      return children(pattern, "elements").some((one) => pathTo(one, name)) ? ["()"] : undefined;
    case "ObjectPattern":
      for (const one of children(pattern, "properties")) {
        const inner = pathTo(one.type === "Property" ? child(one, "value") : one, name);
        if (inner) return [nameOf(child(one, "key")) ?? "()", ...inner];
      }
      return undefined;
    default:
      return undefined;
  }
}
