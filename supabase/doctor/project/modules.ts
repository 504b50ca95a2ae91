import { child, children, memberPath, nameOf, type Node } from "../source/node.ts";
import { originOf } from "../source/scope.ts";
import type { JsonFile } from "./json_file.ts";
import { member, specifiersOf } from "./packages.ts";
import type { SourceFile } from "./source_file.ts";

/** The source of a project, as its imports tie it together. */
export interface Modules {
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Import maps and deno.json files. */
  readonly maps: readonly JsonFile[];
}

/** Joins a relative path to the folder of a file. */
export function join(folder: string, path: string): string {
  const parts = path.startsWith("/") ? [] : folder.split("/").filter((part) => part !== "");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** The folder of a path, without a slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** The file of the project that a specifier leads to, if it is one. */
export function resolve(specifier: string, from: string, modules: Modules): string | undefined {
  if (/^\.\.?\//.test(specifier)) return existing(join(folderOf(from), specifier), modules);
  for (const map of modules.maps) {
    const imports = member(map.value, "imports");
    for (const [key, target] of Object.entries(imports ?? {})) {
      if (typeof target !== "string" || !/^\.\.?\//.test(target)) continue;
      const path = key === specifier
        ? target
        : key.endsWith("/") && specifier.startsWith(key)
        ? target + specifier.slice(key.length)
        : undefined;
      if (path !== undefined) return existing(join(folderOf(map.path), path), modules);
    }
  }
  return undefined;
}

function existing(path: string, { files }: Modules): string | undefined {
  const endings = ["", ".ts", ".tsx", ".js", "/index.ts", "/index.tsx", "/index.js"];
  return endings.map((ending) => path + ending).find((one) => files.has(one));
}

/** Whether a module is edge-auth's: by its name, or because it hands out `edgeFunction`. */
export function isEdgeAuth(specifier: string, from: string, modules: Modules): boolean {
  if (/(?:^|[/:@])edge-auth(?:[@/]|$)/.test(specifier)) return true;
  const file = modules.files.get(resolve(specifier, from, modules) ?? "");
  return file !== undefined && (exportsName(file.program, "edgeFunction") ||
    (exportsName(file.program, "auth") && exportsName(file.program, "authOptionsSchema")));
}

function exportsName(program: Node, name: string): boolean {
  return children(program, "body").some((one) =>
    one.type === "ExportNamedDeclaration" &&
    (children(one, "specifiers").some((each) => nameOf(child(each, "exported")) === name) ||
      nameOf(child(child(one, "declaration"), "id")) === name)
  );
}

/** A file and all it imports from the project, edge-auth itself left out. */
export function reachable(entry: string, modules: Modules): SourceFile[] {
  const found = new Map<string, SourceFile>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = modules.files.get(path);
    if (file === undefined || found.has(path)) continue;
    found.set(path, file);
    for (const { specifier } of specifiersOf(file)) {
      if (isEdgeAuth(specifier, path, modules)) continue;
      const next = resolve(specifier, path, modules);
      if (next !== undefined) open.push(next);
    }
  }
  return [...found.values()];
}

/** Whether a file mounts edge-auth: `edgeFunction(…)`, or `app.use(auth(…))`. */
export function mountsEdgeAuth(file: SourceFile, modules: Modules): boolean {
  for (const node of file.nodes) {
    if (node.type !== "CallExpression") continue;
    const callee = child(node, "callee");
    if (callee?.type !== "Identifier") continue;
    const origin = originOf(callee);
    if (origin?.kind !== "import" || origin.from === undefined) continue;
    if (origin.imported !== "edgeFunction" && origin.imported !== "auth") continue;
    if (!isEdgeAuth(origin.from, file.path, modules)) continue;
    if (origin.imported === "edgeFunction") return true;
    const use = node.parent;
    if (use?.type === "CallExpression") {
      const method = memberPath(child(use, "callee")).at(-1) ?? "";
      if (/^(?:use|all|on|get|post|put|patch|delete)$/.test(method)) return true;
    }
  }
  return false;
}
