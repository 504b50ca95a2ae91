import { children } from "../source/node.ts";
import { join, type Modules, mountsEdgeAuth, reachable } from "./modules.ts";
import type { ConfigFile } from "./project.ts";
import { lineOf, type SourceFile } from "./source_file.ts";

/** An Edge Function of the project. */
export interface EdgeFunction {
  readonly name: string;
  /** Its entry; `undefined` where config.toml names one that is not there. */
  readonly entry: string | undefined;
  /** The entry and all that it imports from the project. */
  readonly files: readonly SourceFile[];
  readonly mountsEdgeAuth: boolean;
  /** Why it is public, from `// edge-auth: public, because …` above its first statement. */
  readonly publicBecause: string | undefined;
}

const ENTRY = /^((?:supabase\/)?functions)\/([A-Za-z0-9][\w-]*)\/index\.(?:[cm]?[jt]sx?)$/;

/**
 * Finds the functions of a project: the folders of `supabase/functions` and `functions`, and what
 * `[functions.*]` of config.toml names.
 */
export function findFunctions(config: ConfigFile | null, modules: Modules): EdgeFunction[] {
  const entries = new Map<string, string | undefined>();
  for (const path of modules.files.keys()) {
    const [, folder, name] = ENTRY.exec(path) ?? [];
    // Without a config.toml, only the CLI's own folder is certainly Supabase's.
    if (name !== undefined && (config !== null || folder !== "functions")) entries.set(name, path);
  }
  const named = config?.get("functions");
  for (const [name, settings] of Object.entries(named ?? {})) {
    if (typeof settings !== "object") continue;
    const entry = (settings as Record<string, unknown>).entrypoint;
    if (typeof entry !== "string") continue;
    const path = join("supabase", entry);
    entries.set(name, modules.files.has(path) ? path : undefined);
  }
  return [...entries].sort(([a], [b]) => a.localeCompare(b)).map(([name, entry]) => {
    const files = entry === undefined ? [] : reachable(entry, modules);
    return {
      name,
      entry,
      files,
      mountsEdgeAuth: files.some((file) => mountsEdgeAuth(file, modules)),
      publicBecause: files[0] && reasonOf(files[0]),
    };
  });
}

function reasonOf({ program, comments }: SourceFile): string | undefined {
  const first = children(program, "body")[0];
  const above = first === undefined ? Infinity : lineOf(first);
  return comments.filter(({ line }) => line <= above)
    .map(({ text }) => /^\s*edge-auth:\s*public,?\s+because\s+(\S.*)$/i.exec(text)?.[1])
    .find((reason) => reason !== undefined);
}
