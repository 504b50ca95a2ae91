/** The code that runs for an entry: follows references and imports, not names and files. */

import { definitionOf, exportOf, type Modules, resolve } from "../project/modules.ts";
import type { SourceFile } from "../project/source_file.ts";
import { type Foreign, foreign } from "./follow.ts";
import { child, children, isFunction, isReference, isType, nameOf, type Node } from "./node.ts";
import { walk } from "./node.ts";
import { namesOf, type Origin, originOf } from "./scope.ts";

/** A node that runs, and the file it stands in. */
export interface Reached {
  readonly node: Node;
  readonly file: SourceFile;
}

/** What runs for an entry. */
export interface Reach {
  readonly nodes: readonly Reached[];
  /** Names of packages and of edge-auth that are used, not only imported. */
  readonly foreign: readonly (Foreign & Reached)[];
  /** Imports that lead to no file that could be read: what happens there is unknown. */
  readonly missing: readonly string[];
}

/** Enough for any function; a bound so that a bundle in one file cannot hold up the run. */
const MAX_NODES = 400_000;

/** Finds all code that an entry runs. */
export function reach(entry: SourceFile, modules: Modules): Reach {
  const nodes: Reached[] = [];
  const used: (Foreign & Reached)[] = [];
  const missing = new Set<string>();
  const seen = new Set<Node>();
  const open: Reached[] = [];
  const loaded = new Set<string>();

  const add = (node: Node | undefined, file: SourceFile) => {
    if (node === undefined || seen.has(node)) return;
    seen.add(node);
    open.push({ node, file });
  };
  /** What a module does when it is loaded, and the names that it exports by default if `entry`. */
  function load(file: SourceFile, isEntry: boolean): void {
    if (loaded.has(file.path)) return;
    loaded.add(file.path);
    for (const statement of children(file.program, "body")) {
      if (statement.type === "ImportDeclaration") {
        if (statement.importKind === "type" || children(statement, "specifiers").length > 0) {
          continue;
        }
        const target = resolve(nameOf(child(statement, "source"))!, file.path, modules);
        const next = target.kind === "file" ? modules.sources.get(target.path) : undefined;
        if (next !== undefined) load(next, false);
      } else if (/^(?:Export(?:Named|All)|Function|Class|TS|Variable)/.test(statement.type)) {
        // Declarations run when something refers to them; what a constant computes runs now.
        const declared = child(statement, "declaration") ?? statement;
        if (declared.type !== "VariableDeclaration" || !isEntry) continue;
        for (const one of children(declared, "declarations")) {
          const init = child(one, "init");
          if (init !== undefined && !isFunction(init)) add(one, file);
        }
      } else if (statement.type === "ExportDefaultDeclaration") {
        if (isEntry) add(child(statement, "declaration"), file);
      } else if (!isType(statement)) add(statement, file);
    }
  }
  function addOrigin(origin: Origin, file: SourceFile): void {
    if (origin.kind === "import") return addImport(origin.from!, origin.imported!, file);
    load(file, false);
    add(origin.node.type === "ExportDefaultDeclaration" ? origin.init : origin.node, file);
  }
  function addImport(from: string, imported: string, file: SourceFile, member?: string): void {
    const found = definitionOf(from, imported, file.path, modules);
    if (found.kind === "source") addOrigin(found.origin, found.file);
    else if (found.kind === "missing") missing.add(from);
    else if (found.kind === "namespace") {
      load(found.file, false);
      const names = member === undefined ? exportsOf(found.file) : [member];
      for (const name of names) {
        const one = exportOf(found.file, name, modules);
        if (one?.kind === "source") addOrigin(one.origin, one.file);
      }
    }
  }
  function visit(node: Node, file: SourceFile): void {
    nodes.push({ node, file });
    if (node.type === "ImportExpression") {
      const from = nameOf(child(node, "source"));
      if (from !== undefined) addImport(from, "*", file);
    }
    if (!isReference(node) && node.type !== "JSXIdentifier") return;
    const origin = originOf(node);
    if (origin === undefined) return;
    if (origin.kind === "import") {
      if (isType(origin.node) || isType(origin.node.parent!)) return;
      const whole = node.parent?.type === "MemberExpression" && node.parent.object === node
        ? node.parent
        : node;
      const name = foreign({ node: whole, file, modules }) ?? foreign({ node, file, modules });
      if (name !== undefined) used.push({ ...name, node, file });
      else {
        const member = whole === node ? undefined : nameOf(child(whole, "property"));
        addImport(origin.from!, origin.imported!, file, member);
      }
    } else if (namesOf(file.program)?.get(nameOf(node)!) === origin) addOrigin(origin, file);
  }

  load(entry, true);
  for (let one = open.pop(); one !== undefined && nodes.length < MAX_NODES; one = open.pop()) {
    const { node: root, file } = one;
    for (const node of walk(root, (each) => !isType(each) && (each === root || !seen.has(each)))) {
      visit(node, file);
    }
  }
  return { nodes, foreign: used, missing: [...missing] };
}

function exportsOf({ program }: SourceFile): string[] {
  return children(program, "body").flatMap((one) => {
    if (one.type === "ExportDefaultDeclaration") return ["default"];
    if (one.type !== "ExportNamedDeclaration") return [];
    const declared = child(one, "declaration");
    return [
      ...children(one, "specifiers").map((each) => nameOf(child(each, "exported"))),
      nameOf(child(declared, "id")),
      ...children(declared, "declarations").map((each) => nameOf(child(each, "id"))),
    ].filter((name) => name !== undefined);
  });
}
