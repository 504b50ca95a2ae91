import { ownText } from "../own_text.ts";
import { oncePer } from "../source/once.ts";
import { child, children, isType, nameOf, type Node } from "../source/node.ts";
import { type JsonFile, member } from "./json_file.ts";
import { type Modules, resolve } from "./modules.ts";
import { folderOf, nearest } from "./paths.ts";
import { lineOf, type SourceFile } from "./source_file.ts";

/** A package that the project names, with the version or range it names. */
export interface PackageUse {
  readonly name: string;
  /** As written; empty where none is. */
  readonly range: string;
  /** Who installs it: npm and its kin, Deno, or a server that picks the newest (`url`). */
  readonly source: "npm" | "deno" | "url";
  readonly file: string;
  readonly line: number;
}

const SPECIFIER =
  /^(?:npm:\/?|jsr:\/?|https:\/\/(?:esm\.sh|cdn\.skypack\.dev|unpkg\.com|cdn\.jsdelivr\.net\/npm)\/(?:v\d+\/)?)(@[\w.-]+\/[\w.-]+|[\w.-]+)(?:@([^/?#]+))?/;

/** Reads a specifier that names its package and version itself. */
export function readSpecifier(
  text: string,
): Pick<PackageUse, "name" | "range" | "source"> | undefined {
  const [, name, range = ""] = SPECIFIER.exec(text) ?? [];
  const source = text.startsWith("https:") ? "url" : "deno";
  return name === undefined ? undefined : { name: ownText(name), range: ownText(range), source };
}

const DEPENDENCIES = ["dependencies", "devDependencies", "peerDependencies"];

/** The packages of a package.json. */
export function packagesOf(manifest: JsonFile): PackageUse[] {
  return DEPENDENCIES.flatMap((group) =>
    entries(member(manifest.value, group)).map(([name, range]) => ({
      name,
      range,
      source: "npm" as const,
      file: manifest.path,
      line: manifest.lineOf([group, name]),
    }))
  );
}

/** The folder of the package that a file belongs to. */
export function packageFolderOf(
  path: string,
  { manifests }: { readonly manifests: readonly JsonFile[] },
): string {
  const folders = new Set(manifests.map((one) => folderOf(one.path)));
  return nearest(path, (folder) => folders.has(folder)) ?? "";
}

/** The packages that a source file imports, with the place that names their versions; found once. */
export const usesOf = oncePer((source: SourceFile, modules: Modules): readonly PackageUse[] =>
  specifiersOf(source).flatMap(({ specifier, line }) => {
    const own = readSpecifier(specifier);
    if (own !== undefined) return [{ ...own, file: source.path, line }];
    const target = resolve(specifier, source.path, modules);
    const found = target.kind === "package" ? readSpecifier(target.specifier) : undefined;
    if (found === undefined || target.kind !== "package" || target.map === undefined) return [];
    const { map, key } = target.map;
    return [{ ...found, file: map.path, line: map.lineOf(["imports", key]) }];
  })
);

/** Everything that a source file imports. */
export function specifiersOf(source: SourceFile): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = [];
  for (const node of source.nodes) {
    if (!IMPORTS.has(node.type) || isType(node) || isTypesOnly(node)) continue;
    const specifier = nameOf(child(node, "source"));
    if (specifier !== undefined) found.push({ specifier, line: lineOf(node) });
  }
  return found;
}

const IMPORTS = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
]);

/** `import { type A, type B } from …` imports nothing that runs. */
function isTypesOnly(node: Node): boolean {
  const specifiers = children(node, "specifiers");
  return specifiers.length > 0 && specifiers.every(isType);
}

function entries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string");
}
