/** Finds the project of `--project`. */

import { basename, dirname, join, resolve } from "node:path";

/** The folder is not a Supabase project. The message says what to do. */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
}

/** How deep below a folder projects are looked for, to name them. */
const MAX_DEPTH = 3;

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/** Folders below this one that hold `supabase/config.toml`, as a monorepo has them. */
async function projectsBelow(folder: string, depth = MAX_DEPTH): Promise<string[]> {
  const found: string[] = [];
  if (depth === 0) return found;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory || name === "node_modules" || name.startsWith(".")) continue;
    const path = join(folder, name);
    if (await isFile(join(path, "supabase", "config.toml"))) found.push(path);
    else found.push(...await projectsBelow(path, depth - 1));
  }
  return found.sort();
}

/**
 * Finds a project of the Supabase CLI.
 *
 * @param given The folder that holds `supabase/`, or `supabase/` itself; relative to `from`.
 * @param from An absolute path.
 * @returns The absolute path of the folder that holds `supabase/`.
 * @throws {ProjectError} There is no such folder, or no `supabase/config.toml` in it.
 */
export async function findProject(given: string, from: string): Promise<string> {
  const folder = resolve(from, given);
  const stat = await Deno.stat(folder).catch(() => undefined);
  if (!stat?.isDirectory) throw new ProjectError(`There is no folder ${folder}.`);
  if (await isFile(join(folder, "supabase", "config.toml"))) return folder;
  if (basename(folder) === "supabase" && await isFile(join(folder, "config.toml"))) {
    return dirname(folder);
  }
  const others = await projectsBelow(folder);
  const advice = others.length > 0
    ? `Did you mean ${others.slice(0, 3).join(" or ")}?`
    : "Run `supabase init` there first, or name the folder that holds supabase/.";
  throw new ProjectError(`There is no supabase/config.toml in ${folder}. ${advice}`);
}
