/** Finds the functions of a project, as `supabase functions serve` and `deploy` do. */

import { dirname, join } from "node:path";
import { DEFAULT_FUNCTION, type FunctionSettings } from "../config.ts";

/** A function that can be served. */
export interface ServedFunction {
  readonly name: string;
  /** The absolute path of its entry file. */
  readonly entry: string;
  /** The absolute path of its import map, which may be a deno.json; `undefined` for none. */
  readonly importMap: string | undefined;
  /** Whether the gateway checks the JWT of its callers. */
  readonly verifyJwt: boolean;
}

/** What {@linkcode findFunction} and {@linkcode functionNames} look at. */
export interface FunctionPlaces {
  /** Absolute paths of folders that hold one folder per function; the first one wins. */
  readonly folders: readonly string[];
  /** `[functions.*]` of config.toml. */
  readonly settings: ReadonlyMap<string, FunctionSettings>;
}

/** The names that the CLI takes for a function. */
const NAME = /^[A-Za-z0-9][\w-]*$/;

/** Whether this is a name of a function; `_shared` is none. */
export function isFunctionName(name: string): boolean {
  return NAME.test(name);
}

/** Whether there is a file at this path. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

async function entryOf(name: string, { folders, settings }: FunctionPlaces) {
  const named = settings.get(name)?.entry;
  const usual = folders.map((folder) => join(folder, name, "index.ts"));
  for (const path of named === undefined ? usual : [named]) {
    if (await isFile(path)) return path;
  }
  return undefined;
}

/**
 * The import map that the CLI takes: the one that config.toml names, then the function's own, then
 * that of all functions.
 */
async function importMapOf(
  entry: string,
  named: string | undefined,
  folders: readonly string[],
): Promise<string | undefined> {
  if (named !== undefined) return named;
  const own = ["deno.json", "deno.jsonc", "import_map.json"].map((file) =>
    join(dirname(entry), file)
  );
  const shared = folders.flatMap((folder) => [
    join(folder, "import_map.json"),
    join(folder, "deno.json"),
    join(folder, "deno.jsonc"),
  ]);
  for (const path of [...own, ...shared]) if (await isFile(path)) return path;
  return undefined;
}

/** The function of this name; `undefined` where there is none, or where it is disabled. */
export async function findFunction(
  name: string,
  places: FunctionPlaces,
): Promise<ServedFunction | undefined> {
  const settings = places.settings.get(name) ?? DEFAULT_FUNCTION;
  if (!isFunctionName(name) || !settings.isEnabled) return undefined;
  const entry = await entryOf(name, places);
  if (entry === undefined) return undefined;
  const importMap = await importMapOf(entry, settings.importMap, places.folders);
  return { name, entry, importMap, verifyJwt: settings.verifyJwt };
}

/** The names of all functions that can be served, in alphabetical order. */
export async function functionNames(places: FunctionPlaces): Promise<string[]> {
  const names = new Set(places.settings.keys());
  for (const folder of places.folders) {
    try {
      for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
        if (isDirectory || isSymlink) names.add(name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const found = await Promise.all([...names].map((name) => findFunction(name, places)));
  return found.flatMap((one) => one === undefined ? [] : [one.name]).sort();
}
