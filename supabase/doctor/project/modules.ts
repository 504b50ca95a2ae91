import { child, children, nameOf, type Node } from "../source/node.ts";
import { oncePer } from "../source/once.ts";
import { namesOf, type Origin } from "../source/scope.ts";
import { type JsonFile, member } from "./json_file.ts";
import { folderOf, foldersAbove, join } from "./paths.ts";
import type { SourceFile } from "./source_file.ts";
import type { Sources } from "./sources.ts";

/** Where an import specifier leads. */
export type Target =
  | { readonly kind: "file"; readonly path: string }
  | {
    readonly kind: "package";
    readonly specifier: string;
    /** The entry of an import map that led there. */
    readonly map?: { readonly map: JsonFile; readonly key: string };
  }
  | { readonly kind: "edge-auth" }
  /** A relative path, or a path of an alias, that leads to nothing that was read. */
  | { readonly kind: "missing" };

/** What an imported name stands for. */
export type Definition =
  | { readonly kind: "source"; readonly origin: Origin; readonly file: SourceFile }
  /** Every export of a file: `import * as name`. */
  | { readonly kind: "namespace"; readonly file: SourceFile }
  | { readonly kind: "package"; readonly specifier: string; readonly imported: string }
  | { readonly kind: "edge-auth"; readonly imported: string }
  | { readonly kind: "missing" }
  /** The file is there, and its export is a type, or made in a way not understood. */
  | { readonly kind: "unknown" };

/** The source of a folder, as its imports tie it together. */
export interface Modules {
  readonly sources: Sources;
  /** Import maps and deno.json files, by their paths. */
  readonly maps: ReadonlyMap<string, JsonFile>;
  /** Import maps that config.toml names, by the folder of the function. */
  readonly namedMaps: ReadonlyMap<string, string>;
  /** Folders that hold a copy of edge-auth. */
  readonly edgeAuth: readonly string[];
}

/** Resolves a specifier by the import map that governs the file, the nearest one above. */
export function resolve(specifier: string, from: string, modules: Modules): Target {
  if (/(?:^|[/:@])edge-auth(?:[@/]|$)/.test(specifier)) return { kind: "edge-auth" };
  if (/^\.\.?\//.test(specifier)) return file(join(folderOf(from), specifier), modules);
  for (const map of mapsOf(folderOf(from), modules)) {
    const found = mapped(specifier, member(map.value, "imports"));
    if (found === undefined) continue;
    const { key, target } = found;
    if (/^\.{0,2}\//.test(target)) return file(join(folderOf(map.path), target), modules);
    return { kind: "package", specifier: target, map: { map, key } };
  }
  const [, alias, rest = ""] = /^(@|~|\$lib|~~|src)\/(.+)$/.exec(specifier) ?? [];
  if (alias === undefined) return { kind: "package", specifier };
  for (const folder of foldersAbove(folderOf(from))) {
    for (const root of alias === "$lib" ? ["src/lib"] : ["", "src", "app"]) {
      const target = file(join(folder, `${root}/${rest}`), modules);
      if (target.kind !== "missing") return target;
    }
  }
  return { kind: "missing" };
}

/** Asked for with every import, and few folders have import maps. */
const knownMaps = oncePer((_modules: Modules) => new Map<string, readonly JsonFile[]>());

function mapsOf(folder: string, modules: Modules): readonly JsonFile[] {
  const known = knownMaps(modules);
  let found = known.get(folder);
  if (found === undefined) known.set(folder, found = mapsAbove(folder, modules));
  return found;
}

/** The import maps that govern the files of a folder, the nearest first. */
function mapsAbove(from: string, { maps, namedMaps }: Modules): readonly JsonFile[] {
  const found: JsonFile[] = [];
  for (const folder of foldersAbove(from)) {
    const named = namedMaps.get(folder);
    for (
      const path of [
        ...(named === undefined ? [] : [named]),
        ...["deno.json", "deno.jsonc", "import_map.json"].map((name) => join(folder, name)),
      ]
    ) {
      const map = maps.get(path);
      if (map === undefined) continue;
      found.push(map);
      const other = member(map.value, "importMap");
      const linked = typeof other === "string" ? maps.get(join(folder, other)) : undefined;
      if (linked !== undefined) found.push(linked);
    }
  }
  return found;
}

function mapped(specifier: string, imports: unknown): { key: string; target: string } | undefined {
  const entries = Object.entries(imports ?? {}).filter((one): one is [string, string] =>
    typeof one[1] === "string"
  );
  const exact = entries.find(([key]) => key === specifier);
  if (exact !== undefined) return { key: specifier, target: exact[1] };
  const [key, target] = entries.filter(([key]) => key.endsWith("/") && specifier.startsWith(key))
    .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  if (key !== undefined) return { key, target: target + specifier.slice(key.length) };
  // An import map of a package also serves its inner paths: `hono` → `npm:hono`, `hono/cors`.
  const parent = entries.find(([key, value]) =>
    specifier.startsWith(`${key}/`) && /^(?:npm|jsr):/.test(value)
  );
  return parent && { key: parent[0], target: parent[1] + specifier.slice(parent[0].length) };
}

const ENDINGS = [
  ...["", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts"],
  ...["/index.ts", "/index.tsx", "/index.js", ".vue", ".svelte"],
];

function file(path: string, { sources, edgeAuth }: Modules): Target {
  if (!sources.hasFolder(folderOf(path))) return { kind: "missing" };
  const stem = path.replace(/(?<=\.[cm]?)js$/, "");
  const ending = ENDINGS.find((one) => sources.has(path + one));
  const found = ending !== undefined
    ? path + ending
    : stem === path
    ? undefined
    : [`${stem}ts`, `${stem}tsx`].find((one) => sources.has(one));
  if (found === undefined) return { kind: "missing" };
  if (edgeAuth.some((folder) => found.startsWith(`${folder}/`))) return { kind: "edge-auth" };
  return { kind: "file", path: found };
}

/** What an imported name stands for, through every re-export. */
export function definitionOf(
  specifier: string,
  imported: string,
  from: string,
  modules: Modules,
  depth = 0,
): Definition {
  const target = resolve(specifier, from, modules);
  if (target.kind === "edge-auth") return { kind: "edge-auth", imported };
  if (target.kind === "package") return { kind: "package", specifier: target.specifier, imported };
  const found = target.kind === "file" ? modules.sources.get(target.path) : undefined;
  if (found === undefined || depth > 10) return { kind: "missing" };
  if (imported === "*") return { kind: "namespace", file: found };
  return exportOf(found, imported, modules, depth + 1) ?? { kind: "unknown" };
}

/** What a file exports under a name. */
export function exportOf(
  file: SourceFile,
  name: string,
  modules: Modules,
  depth = 0,
): Definition | undefined {
  for (const statement of children(file.program, "body")) {
    if (statement.type === "ExportDefaultDeclaration" && name === "default") {
      const node = child(statement, "declaration")!;
      const local = node.type === "Identifier"
        ? namesOf(file.program)?.get(nameOf(node)!)
        : undefined;
      return source(local ?? { kind: "const", node: statement, init: node, path: [] }, file);
    }
    if (statement.type === "ExportNamedDeclaration") {
      const from = nameOf(child(statement, "source"));
      for (const one of children(statement, "specifiers")) {
        if (nameOf(child(one, "exported")) !== name) continue;
        const local = one.type === "ExportNamespaceSpecifier" ? "*" : nameOf(child(one, "local"))!;
        if (from !== undefined) return definitionOf(from, local, file.path, modules, depth);
        const origin = namesOf(file.program)?.get(local);
        return origin && source(origin, file);
      }
      if (child(statement, "declaration") !== undefined) {
        const origin = namesOf(file.program)?.get(name);
        if (origin !== undefined && isWithin(origin.node, statement)) return source(origin, file);
      }
    }
  }
  for (const statement of children(file.program, "body")) {
    if (statement.type !== "ExportAllDeclaration") continue;
    const from = nameOf(child(statement, "source"));
    const found = from && definitionOf(from, name, file.path, modules, depth);
    if (found && (found.kind === "source" || found.kind === "namespace")) return found;
  }
  return undefined;

  /** An import that is only handed on is followed as well. */
  function source(origin: Origin, file: SourceFile): Definition {
    return origin.kind === "import"
      ? definitionOf(origin.from!, origin.imported!, file.path, modules, depth)
      : { kind: "source", origin, file };
  }
}

function isWithin(node: Node, outer: Node): boolean {
  for (let one: Node | null | undefined = node; one; one = one.parent) {
    if (one === outer) return true;
  }
  return false;
}

/** Folders of edge-auth itself among some paths: copies are its own business, not the project's. */
export function edgeAuthFolders(paths: readonly string[]): string[] {
  const known = new Set(paths);
  return paths.filter((path) => path.endsWith("/server/edge_function.ts"))
    .map((path) => folderOf(folderOf(path)))
    .filter((folder) => known.has(join(folder, "mod.ts")) && folder !== "");
}
