import { bare, child, children, isFunction, nameOf, type Node, typeTest } from "./node.ts";
import { oncePer } from "./once.ts";

/** Where a name comes from. */
export interface Origin {
  readonly kind: "const" | "let" | "var" | "parameter" | "catch" | "import" | "function" | "class";
  /** The declaration: a declarator, a function, a class, a parameter or an import specifier. */
  readonly node: Node;
  /** What it is set to, or the whole right side of a destructuring. */
  readonly init?: Node | undefined;
  /** The property that a destructuring takes: `{ data: { user } }` is `["data", "user"]`. */
  readonly path: readonly string[];
  /** Of an import: where from, and the name there (`default`, `*`). */
  readonly from?: string | undefined;
  readonly imported?: string | undefined;
}

type Names = Map<string, Origin>;

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
    const found = namesOf(scope)?.get(name);
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

/** The names that a scope declares; `undefined` for a node that is none. */
export function namesOf(scope: Node): ReadonlyMap<string, Origin> | undefined {
  if (!isScope(scope.type) && !isFunction(scope)) return undefined;
  return declared(scope);
}

/** What each scope declares, gathered once. */
const declared = oncePer(declare);

const isScope = typeTest(
  /^(?:Program|BlockStatement|SwitchStatement|CatchClause|For(?:Of|In)?Statement)$/,
);

function declare(scope: Node): Names {
  const names: Names = new Map();
  if (isFunction(scope)) {
    const id = scope.type === "FunctionExpression" ? nameOf(child(scope, "id")) : undefined;
    if (id !== undefined) names.set(id, { kind: "function", node: scope, path: [] });
    for (const one of children(scope, "params")) bind(names, one, "parameter", { node: one });
  } else if (scope.type === "CatchClause") {
    bind(names, child(scope, "param"), "catch", { node: scope });
  } else if (scope.type.startsWith("For")) {
    declareStatement(names, child(scope, "left") ?? child(scope, "init"));
  } else {
    const statements = scope.type === "SwitchStatement"
      ? children(scope, "cases").flatMap((one) => children(one, "consequent"))
      : children(scope, "body");
    for (const one of statements) declareStatement(names, child(one, "declaration") ?? one);
  }
  return names;
}

function declareStatement(names: Names, statement: Node | undefined): void {
  switch (statement?.type) {
    case "VariableDeclaration": {
      const kind = statement.kind as "const" | "let" | "var";
      for (const node of children(statement, "declarations")) {
        bind(names, child(node, "id"), kind, { node, init: child(node, "init") });
      }
      break;
    }
    case "ImportDeclaration": {
      const from = nameOf(child(statement, "source"));
      for (const node of children(statement, "specifiers")) {
        const local = nameOf(child(node, "local"));
        const imported = node.type === "ImportSpecifier"
          ? nameOf(child(node, "imported"))
          : node.type === "ImportDefaultSpecifier"
          ? "default"
          : "*";
        if (local !== undefined) {
          names.set(local, { kind: "import", node, path: [], from, imported });
        }
      }
      break;
    }
    case "FunctionDeclaration":
    case "ClassDeclaration": {
      const kind = statement.type === "ClassDeclaration" ? "class" : "function";
      const name = nameOf(child(statement, "id"));
      if (name !== undefined) names.set(name, { kind, node: statement, path: [] });
    }
  }
}

/** Adds the names of a pattern, each with the way to it. */
function bind(
  names: Names,
  pattern: Node | undefined,
  kind: Origin["kind"],
  rest: { node: Node; init?: Node | undefined },
  path: readonly string[] = [],
): void {
  switch (pattern?.type) {
    case "Identifier":
      names.set(nameOf(pattern)!, { kind, ...rest, path });
      break;
    case "AssignmentPattern":
      bind(names, child(pattern, "left"), kind, rest, path);
      break;
    case "RestElement":
      bind(names, child(pattern, "argument"), kind, rest, [...path, "()"]);
      break;
    case "TSParameterProperty":
      bind(names, child(pattern, "parameter"), kind, rest, path);
      break;
    case "ArrayPattern":
      for (const one of children(pattern, "elements")) {
        bind(names, one, kind, rest, [...path, "()"]);
      }
      break;
    case "ObjectPattern":
      for (const one of children(pattern, "properties")) {
        if (one.type !== "Property") bind(names, one, kind, rest, path);
        else {
          const key = nameOf(child(one, "key")) ?? "()";
          bind(names, child(one, "value"), kind, rest, [...path, key]);
        }
      }
  }
}
