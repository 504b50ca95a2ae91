import { parse } from "@babel/parser";

/** An import or a re-export of a module. */
export interface ModuleImport {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** The names that are imported; `*` for all of them. Types are not among them. */
  readonly names: readonly string[];
}

/**
 * Reads the imports of a TypeScript or JavaScript module, `import("…")` too.
 *
 * @param path The name of the file, which says which syntax it has.
 * @param text The file.
 * @returns Its imports, in their order.
 * @throws {SyntaxError} It cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = 'import type { Context } from "hono";\nimport { auth as check } from "./mod.ts";';
 * assertEquals(readImports("a.ts", text), [
 *   { specifier: "hono", names: [] },
 *   { specifier: "./mod.ts", names: ["auth"] },
 * ]);
 * ```
 */
export function readImports(path: string, text: string): ModuleImport[] {
  const { program } = parse(text, {
    sourceType: "module",
    errorRecovery: true,
    plugins: [
      "decorators",
      ...(/\.(?:[cm]?ts|tsx)$/.test(path) ? ["typescript" as const] : []),
      ...(/\.(?:jsx?|tsx)$/.test(path) ? ["jsx" as const] : []),
    ],
  });
  const found: ModuleImport[] = [];
  visit(program, (node) => {
    const { source, specifiers, importKind, exportKind } = node as unknown as ImportNode;
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
        if (typeof source?.value === "string") {
          const isType = importKind === "type" || exportKind === "type";
          const names = isType ? [] : (specifiers ?? []).flatMap(nameOf);
          found.push({ specifier: source.value, names });
        }
        break;
      case "ExportAllDeclaration":
      case "ImportExpression":
        if (typeof source?.value === "string") {
          found.push({ specifier: source.value, names: ["*"] });
        }
    }
  });
  return found;
}

interface AnyNode {
  readonly type: string;
}

interface ImportNode {
  readonly source?: { readonly value?: unknown } | null;
  readonly specifiers?: readonly SpecifierNode[];
  readonly importKind?: string;
  readonly exportKind?: string;
}

interface SpecifierNode {
  readonly type: string;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly imported?: { readonly name?: string; readonly value?: string };
  readonly local?: { readonly name?: string };
}

function nameOf(node: SpecifierNode): string[] {
  if (node.importKind === "type" || node.exportKind === "type") return [];
  if (node.type === "ImportSpecifier") return [node.imported?.name ?? node.imported?.value ?? "*"];
  if (node.type === "ExportSpecifier") return [node.local?.name ?? "*"];
  return node.type === "ImportDefaultSpecifier" ? ["default"] : ["*"];
}

function visit(value: unknown, enter: (node: AnyNode) => void): void {
  if (Array.isArray(value)) { for (const one of value) visit(one, enter); }
  if (typeof value !== "object" || value === null || !("type" in value)) return;
  enter(value as AnyNode);
  for (const child of Object.values(value)) {
    if (typeof child === "object" && child !== null) visit(child, enter);
  }
}
