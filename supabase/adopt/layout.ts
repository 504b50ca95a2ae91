import { ProjectError } from "../local/project.ts";
import { isObject, readJson, readToml } from "./edit_text.ts";
import { dirname, join, relative } from "./paths.ts";
import { COPY_FOLDER } from "./library.ts";
import { readImports } from "./source.ts";

/** The text files of a project, by their paths, which are relative and have slashes. */
export type ProjectFiles = ReadonlyMap<string, string>;

/** Where a project keeps its functions, and which there are. */
export interface Layout {
  /** `supabase/functions`, where the CLI keeps them, or `functions`. */
  readonly folder: "supabase/functions" | "functions";
  /** The folder of the copy. */
  readonly copy: string;
  readonly functions: readonly ProjectFunction[];
  /** Functions in functions/ beside supabase/ that config.toml does not name. */
  readonly notNamed: readonly string[];
  /** config.toml; `undefined` where it is no TOML. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
}

/** A function of a project. */
export interface ProjectFunction {
  readonly name: string;
  /** Its folder. */
  readonly folder: string;
  /** What config.toml has to name as `entrypoint`: without it, the CLI finds index.ts only. */
  readonly missingEntrypoint: string | undefined;
  /** What it does with edge-auth: checks its callers, imports it for something else, or neither. */
  readonly use: "guards" | "imports" | "none";
  /** The files of the copy that it imports, by their paths in it. */
  readonly imported: readonly string[];
  /** Its import map, which may be a deno.json; `undefined` where it has none yet. */
  readonly importMap: string | undefined;
  /** `verify_jwt` of config.toml; `undefined` where it is not written. */
  readonly verifyJwt: boolean | undefined;
}

/** The configuration of the project. */
export const CONFIG = "supabase/config.toml";

/** The import map of functions that have none of their own. */
export const SHARED_IMPORT_MAP = "supabase/functions/import_map.json";

const CLI_FOLDER = "supabase/functions";
const ENTRY = /^([A-Za-z0-9][\w-]*)\/index\.(?:[cm]?[jt]sx?)$/;
/** Without it, a function is open to whoever calls it, so importing anything else is no guard. */
const GUARDS = ["edgeFunction", "auth", "webhook", "*"];

/**
 * Finds the functions of a project.
 *
 * @param files Its files.
 * @returns Where they are, and what each does with edge-auth.
 * @throws {ProjectError} It has no config.toml, or is edge-auth itself.
 */
export function readLayout(files: ProjectFiles): Layout {
  const text = files.get(CONFIG);
  if (text === undefined) {
    throw new ProjectError(
      files.has("config.toml")
        ? "This is the folder supabase/ itself: name the folder that holds it."
        : "There is no supabase/config.toml here. Run `supabase init` in the project first.",
    );
  }
  if (files.has("supabase/adopt/main.ts")) {
    throw new ProjectError("This is edge-auth itself: name the folder of your project.");
  }
  const config = readToml(text);
  const inCliFolder = new Map(
    [...files.keys()].flatMap((path) => {
      const [, name] = path.startsWith(`${CLI_FOLDER}/`)
        ? ENTRY.exec(path.slice(CLI_FOLDER.length + 1)) ?? []
        : [];
      return name === undefined ? [] : [[name, path] as const];
    }),
  );
  const named = new Map(
    functionNames(config).flatMap((name) => {
      const { entrypoint } = functionSettings(config, name);
      const path = typeof entrypoint === "string" ? join("supabase", entrypoint) : "";
      return files.has(path) ? [[name, path] as const] : [];
    }),
  );
  // A folder functions/ that config.toml does not lead to is somebody else's.
  const isBeside = inCliFolder.size === 0 &&
    [...named.values()].some((path) => path.startsWith("functions/"));
  const folder = isBeside ? "functions" : CLI_FOLDER;
  const copy = `${folder}/${COPY_FOLDER}`;
  const entries = [...new Map([...inCliFolder, ...named])].sort();
  const functions = entries.map(([name, entry]): ProjectFunction => {
    const settings = functionSettings(config, name);
    const importMap = importMapOf(dirname(entry), settings, files);
    const verifyJwt = settings.verify_jwt;
    return {
      name,
      folder: dirname(entry),
      ...usesOf(entry, importMap, copy, files),
      missingEntrypoint: named.has(name) || entry.endsWith("/index.ts")
        ? undefined
        : relative("supabase", entry),
      importMap,
      verifyJwt: typeof verifyJwt === "boolean" ? verifyJwt : undefined,
    };
  });
  const notNamed = [...files].flatMap(([path, text]) => {
    const [, name] = /^functions\/(.*)$/.exec(path)?.[1]?.match(ENTRY) ?? [];
    // Others have a folder of this name too.
    const isForDeno = /\bDeno\.|edge-auth|["'](?:jsr|npm):/.test(text);
    return name !== undefined && !named.has(name) && isForDeno ? [name] : [];
  });
  return { folder, copy, functions, notNamed, config };
}

/** The functions that config.toml names. */
function functionNames(config: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.keys(isObject(config?.functions) ? config.functions : {});
}

/** `[functions.<name>]` of config.toml. */
function functionSettings(
  config: Readonly<Record<string, unknown>> | undefined,
  name: string,
): Readonly<Record<string, unknown>> {
  const functions = config?.functions;
  const settings = isObject(functions) ? functions[name] : undefined;
  return isObject(settings) ? settings : {};
}

/** The import maps that config.toml names, by their paths in the project. */
export function namedImportMaps(files: ProjectFiles): string[] {
  const config = readToml(files.get(CONFIG) ?? "");
  return functionNames(config).flatMap((name) => {
    const { import_map: path } = functionSettings(config, name);
    return typeof path === "string" && path !== "" ? [join("supabase", path)] : [];
  });
}

/** The one that `supabase functions deploy` takes: named, the function's own, or the shared one. */
function importMapOf(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
  files: ProjectFiles,
): string | undefined {
  const { import_map: named } = settings;
  const own = ["deno.json", "deno.jsonc", "import_map.json"].map((name) => `${folder}/${name}`);
  const usual = [...own, SHARED_IMPORT_MAP];
  const path = typeof named === "string" && named !== ""
    ? join("supabase", named)
    : usual.find((one) => files.has(one));
  if (path === undefined) return undefined;
  const value = readJson(files.get(path) ?? "");
  // A deno.json may name a file instead of listing its imports.
  const elsewhere = isObject(value) ? value.importMap : undefined;
  return typeof elsewhere === "string" && !/^[a-z]+:/i.test(elsewhere)
    ? join(dirname(path), elsewhere)
    : path;
}

/** Follows the imports of a function through the project's own files. */
function usesOf(
  entry: string,
  importMap: string | undefined,
  copy: string,
  files: ProjectFiles,
): Pick<ProjectFunction, "use" | "imported"> {
  const map = importMap === undefined ? undefined : readJson(files.get(importMap) ?? "");
  const imports = isObject(map) && isObject(map.imports) ? map.imports : {};
  const target = (specifier: string, from: string): string | undefined => {
    if (/^\.\.?\//.test(specifier)) return join(dirname(from), specifier);
    const [key, to] = Object.entries(imports)
      .filter(([key]) => key === specifier || key.endsWith("/") && specifier.startsWith(key))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [];
    if (key === undefined || typeof to !== "string" || !/^\.\.?\//.test(to)) return undefined;
    return join(dirname(importMap ?? ""), to + specifier.slice(key.length));
  };

  let isGuarded = false;
  const imported = new Set<string>();
  const seen = new Set<string>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = files.get(path);
    if (text === undefined || seen.has(path)) continue;
    seen.add(path);
    for (const { specifier, names } of tryReadImports(path, text)) {
      const to = target(specifier, path);
      if (to === undefined) continue;
      if (to.startsWith(`${copy}/`)) {
        imported.add(to.slice(copy.length + 1));
        isGuarded ||= names.some((name) => GUARDS.includes(name));
      } else open.push(to);
    }
  }
  const use = isGuarded ? "guards" : imported.size > 0 ? "imports" : "none";
  return { use, imported: [...imported] };
}

/** A file that cannot be read imports nothing: whoever runs it will see why. */
function tryReadImports(path: string, text: string) {
  try {
    return readImports(path, text);
  } catch {
    return [];
  }
}
