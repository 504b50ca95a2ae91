import { parse } from "@std/toml";
import { type EnvFile, isEnvFile, readEnvFile } from "./env_file.ts";
import { type EdgeFunction, findFunctions } from "./functions.ts";
import { type JsonFile, readJsonFile } from "./json_file.ts";
import type { Modules } from "./modules.ts";
import {
  member,
  packagesOf,
  packagesOfImports,
  packagesOfSource,
  type PackageUse,
} from "./packages.ts";
import { isSourceFile, readSourceFile, type SourceFile } from "./source_file.ts";
import { tomlLines, type TomlPath } from "./toml_lines.ts";

/** supabase/config.toml. */
export interface ConfigFile {
  readonly path: string;
  /** The value of a key; `undefined` where it is not written. */
  get(...path: string[]): unknown;
  lineOf(path: TomlPath): number;
}

/** A file that could not be read: nothing is known of it. */
export interface Unreadable {
  readonly path: string;
  readonly line: number | null;
}

/** A project, read once; every check looks at this and at nothing else. */
export interface Project extends Modules {
  readonly config: ConfigFile | null;
  readonly envs: readonly EnvFile[];
  readonly packages: readonly PackageUse[];
  /** By path. */
  readonly locks: ReadonlyMap<string, string>;
  readonly functions: readonly EdgeFunction[];
  /** Signing keys that config.toml names, by path. */
  readonly signingKeys: ReadonlyMap<string, unknown>;
  readonly unreadable: readonly Unreadable[];
  /** Sessions that are alive at once behind one address, if somebody said. */
  readonly sessions?: number | undefined;
}

/** Whether the doctor reads a file at all. */
export function isOfInterest(path: string): boolean {
  return path === CONFIG || isEnvFile(path) || isSourceFile(path) || isJson(path) ||
    LOCK.test(path) || /signing_?keys?[\w-]*\.json$/.test(path);
}

const CONFIG = "supabase/config.toml";
const LOCK = /(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|deno\.lock)$/;
const isJson = (path: string) => /(?:^|\/)(?:package|deno|import_?map)\.jsonc?$/.test(path);

/**
 * Reads a project out of its files.
 *
 * @param texts The files by their paths, which are relative and have slashes.
 * @param sessions Sessions alive at once behind one address, if known.
 */
export function readProject(texts: ReadonlyMap<string, string>, sessions?: number): Project {
  const unreadable: Unreadable[] = [];
  const read = <T>(path: string, reader: (path: string, text: string) => T): T[] => {
    try {
      return [reader(path, texts.get(path) ?? "")];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      unreadable.push({ path, line: lineOfError(error) });
      return [];
    }
  };
  const paths = [...texts.keys()].sort();
  const config = texts.has(CONFIG) ? read(CONFIG, readConfig)[0] ?? null : null;
  const sources = paths.filter(isSourceFile).flatMap((path) => read(path, readSourceFile));
  const files = new Map<string, SourceFile>(sources.map((one) => [one.path, one]));
  const json: JsonFile[] = paths.filter(isJson).flatMap((path) => read(path, readJsonFile));
  const isManifest = ({ path }: JsonFile) => /(?:^|\/)package\.json$/.test(path);
  const maps = json.filter((one) => !isManifest(one));
  const modules = { files, maps };
  const keyPath = config?.get("auth", "signing_keys_path");
  const keys = typeof keyPath === "string" ? [`supabase/${keyPath.replace(/^\.\//, "")}`] : [];
  return {
    ...modules,
    config,
    envs: paths.filter(isEnvFile).flatMap((path) => read(path, readEnvFile)),
    packages: [
      ...json.filter(isManifest).flatMap(packagesOf),
      ...maps.flatMap(packagesOfImports),
      ...sources.filter((one) => !one.isTest).flatMap(packagesOfSource),
    ],
    locks: new Map(paths.filter((path) => LOCK.test(path)).map((path) => [path, texts.get(path)!])),
    functions: findFunctions(config, modules),
    signingKeys: new Map(
      keys.filter((path) => texts.has(path))
        .flatMap((path) => read(path, readJsonFile)).map(({ path, value }) => [path, value]),
    ),
    unreadable,
    sessions,
  };
}

function readConfig(path: string, text: string): ConfigFile {
  const values = parse(text);
  return {
    path,
    get: (...names) => names.reduce<unknown>(member, values),
    lineOf: tomlLines(text),
  };
}

/** Both parsers tell the line, each in its own way. */
function lineOfError(error: unknown): number | null {
  const { loc, message } = error as { loc?: { line?: number }; message?: string };
  const told = loc?.line ?? Number(/line (\d+)/i.exec(message ?? "")?.[1]);
  return Number.isInteger(told) ? told as number : null;
}
