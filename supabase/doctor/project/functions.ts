import { type CallerFacts, callerFacts } from "../source/caller_check.ts";
import { children } from "../source/node.ts";
import type { Reach } from "../source/reach.ts";
import type { ConfigFile } from "./config_file.ts";
import { type Deployment, type NoVerifyJwt, noVerifyJwt } from "./deployments.ts";
import type { Modules } from "./modules.ts";
import { join } from "./paths.ts";
import { lineAt, lineOf, type SourceFile } from "./source_file.ts";
import type { Sources } from "./sources.ts";

/** What the gateway does before the function: checks a JWT, or not. */
export type Gateway = "on" | "off" | "default";

/** An Edge Function of a project. */
export interface EdgeFunction {
  readonly name: string;
  /** Its entry; `undefined` where config.toml names one that is not there. */
  readonly entry: string | undefined;
  /**
   * `verify_jwt`, as written in config.toml; without it, on. Where it is not written, it is off as
   * well if every command of the project that deploys the function has the flag.
   */
  readonly verifyJwt: Gateway;
  /** The `--no-verify-jwt` it is deployed with, or may be; none where config.toml says so already. */
  readonly noVerifyJwt: NoVerifyJwt | undefined;
  /** Why it is public, from `// edge-auth: public, because …` above its first statement. */
  readonly publicBecause: string | undefined;
}

/** A function, and how it checks who calls. */
export interface ClassedFunction extends EdgeFunction {
  readonly entry: string;
  readonly facts: CallerFacts;
}

/** A function, and all the code that it runs. */
export interface ReadFunction extends ClassedFunction {
  readonly reach: Reach;
}

const ENTRY = /^([A-Za-z0-9][\w-]*)\/index\.(?:[cm]?[jt]sx?)$/;

/**
 * Finds the functions of a project: the folders of `supabase/functions` and of `functions` beside
 * it, and what `[functions.*]` of config.toml names.
 *
 * @param folder The folder `supabase/` itself.
 * @param deployments The commands that deploy functions of the project.
 */
export function findFunctions(
  folder: string,
  config: ConfigFile | undefined,
  { sources }: Modules,
  deployments: readonly Deployment[],
): EdgeFunction[] {
  const entries = new Map<string, string | undefined>();
  // Without a config.toml, only the CLI's own folder is certainly Supabase's.
  const beside = config === undefined ? [] : [join(folder, "../functions")];
  for (const at of [...beside, join(folder, "functions")]) {
    for (const path of sources.paths) {
      const [, name] = path.startsWith(`${at}/`) ? ENTRY.exec(path.slice(at.length + 1)) ?? [] : [];
      if (name !== undefined) entries.set(name, path);
    }
  }
  const named = config?.get("functions");
  for (const [name, settings] of Object.entries(named ?? {})) {
    if (typeof settings !== "object") continue;
    const entry = (settings as Record<string, unknown>).entrypoint;
    if (typeof entry !== "string") continue;
    // What lies outside of the folder that is read cannot be judged.
    const up = /^(?:\.\.\/)*/.exec(entry)![0].length / 3;
    if (up > folder.split("/").length) continue;
    const path = join(folder, entry);
    if (isLeftOut(path, sources)) continue;
    entries.set(name, sources.has(path) ? path : undefined);
  }
  return [...entries].sort(([a], [b]) => a.localeCompare(b)).map(([name, entry]) => {
    const written = config?.get("functions", name, "verify_jwt");
    const found = written === false
      ? undefined
      : noVerifyJwt(name, [...entries.keys()], deployments);
    // Which of the two was deployed last cannot be seen.
    const flag = found && { ...found, isCertain: found.isCertain && written !== true };
    return {
      name,
      entry,
      verifyJwt: written === false || flag?.isCertain ? "off" : written === true ? "on" : "default",
      noVerifyJwt: flag,
      publicBecause: entry === undefined ? undefined : reasonIn(entry, sources),
    };
  });
}

/** Whether a file may be there that is not looked at: what a build makes, or what is too large. */
function isLeftOut(path: string, { files }: Sources): boolean {
  return /(?:^|\/)(?:\.[^/]+|build|dist|node_modules|out|vendor)\//.test(path) ||
    files.skipped?.some((one) => one.path === path) === true;
}

/** Reads a function and all that it runs. */
export function readFunction(one: EdgeFunction, modules: Modules): ReadFunction | undefined {
  const { entry } = one;
  const file = entry === undefined ? undefined : modules.sources.open(entry);
  if (entry === undefined || file === undefined) return undefined;
  const { reach, ...facts } = callerFacts(file, modules);
  return { ...one, entry, facts, reach };
}

/** Most files have no such comment: they need not be parsed for it. */
function reasonIn(path: string, sources: Sources): string | undefined {
  if (!/edge-auth:\s*public/i.test(sources.text(path) ?? "")) return undefined;
  const file = sources.get(path);
  return file && reasonOf(file);
}

function reasonOf({ program, comments }: SourceFile): string | undefined {
  const first = children(program, "body")[0];
  const above = first === undefined ? Infinity : lineOf(first);
  return comments.filter(({ start }) => lineAt(program, start) <= above)
    .map(({ text }) => /^\s*edge-auth:\s*public,?\s+because\s+(\S.*)$/i.exec(text)?.[1])
    .find((reason) => reason !== undefined);
}
