import { child, nameOf } from "../source/node.ts";
import { type JsonFile } from "./json_file.ts";
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
  return name === undefined ? undefined : { name, range, source };
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

/** The packages of an import map, or of a deno.json. */
export function packagesOfImports(map: JsonFile): PackageUse[] {
  return entries(member(map.value, "imports")).flatMap(([name, target]) => {
    const found = readSpecifier(target);
    return found ? [{ ...found, file: map.path, line: map.lineOf(["imports", name]) }] : [];
  });
}

/** The packages that a source file imports by their versions. */
export function packagesOfSource(source: SourceFile): PackageUse[] {
  return specifiersOf(source).flatMap(({ specifier, line }) => {
    const found = readSpecifier(specifier);
    return found ? [{ ...found, file: source.path, line }] : [];
  });
}

/** Everything that a source file imports. */
export function specifiersOf(source: SourceFile): { specifier: string; line: number }[] {
  return source.nodes.flatMap((node) => {
    if (!/^(?:Import|Export(?:Named|All))Declaration$|^ImportExpression$/.test(node.type)) {
      return [];
    }
    const specifier = nameOf(child(node, "source"));
    return specifier === undefined ? [] : [{ specifier, line: lineOf(node) }];
  });
}

/** The versions of a package in a lock file, whichever tool wrote it. */
export function lockedVersions(lock: string, name: string): string[] {
  const quoted = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const patterns = [
    `"node_modules/${quoted}":\\s*\\{\\s*"version":\\s*"([^"]+)"`, // package-lock.json
    `^\\s*['"]?/?${quoted}@(\\d[\\w.-]*)['"]?(?:\\([^\\n]*\\))?:`, // pnpm-lock.yaml
    `^"?${quoted}@[^\\n]*:\\n\\s+version:? "?(\\d[\\w.-]*)`, // yarn.lock
    `"${quoted}@(\\d+\\.\\d+\\.\\d+[\\w.-]*)"`, // bun.lock, deno.lock
    `"${quoted}@(\\d+\\.\\d+\\.\\d+[^"_]*)_`, // deno.lock, with peers
  ];
  return [
    ...new Set(
      patterns.flatMap((one) =>
        [...lock.matchAll(new RegExp(one, "gm"))].map(([, found]) => found!)
      ),
    ),
  ];
}

/** A member of an object that came out of JSON or TOML. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function entries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string");
}
