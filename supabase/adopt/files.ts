import { dirname, join } from "node:path";
import { namedImportMaps } from "./layout.ts";
import type { Edit, Plan } from "./plan.ts";

/** The edge to the disk. */

/** Folders below supabase/ and functions/ that hold nothing that is read here. */
const SKIPPED = new Set([".branches", ".temp", "migrations", "node_modules", "templates"]);
const TEXT = /\.(?:[cm]?[jt]sx?|jsonc?|toml|md|txt)$|(?:^|\/)LICENSE$/;
/** Larger files are generated. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the text files of a folder, also behind symbolic links: what is written goes through them.
 *
 * @param folder Its path.
 * @param below Only what is in these folders of it, and what is in it itself. @default all of it
 * @returns Texts by their paths in the folder, with slashes. A byte order mark is kept; a file that
 * is not UTF-8 is left out.
 */
export async function readTexts(
  folder: string,
  below?: readonly string[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const visited = new Set<string>();

  async function visit(path: string): Promise<void> {
    const real = await Deno.realPath(`${folder}/${path}`);
    if (visited.has(real)) return; // a link that leads back
    visited.add(real);
    for await (const { name } of Deno.readDir(real)) {
      const inner = path === "" ? name : `${path}/${name}`;
      const stat = await Deno.stat(`${folder}/${inner}`).catch(() => null); // a link to nowhere
      const isWanted = path !== "" || below === undefined || below.includes(name);
      if (stat?.isDirectory && isWanted && !SKIPPED.has(name)) await visit(inner);
      if (!stat?.isFile || !TEXT.test(inner) || stat.size > MAX_BYTES) continue;
      try {
        texts.set(inner, decoder.decode(await Deno.readFile(`${folder}/${inner}`)));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
  }
  await visit("");
  return texts;
}

/**
 * Reads what a plan looks at of a project: its functions, its configuration, the files beside
 * supabase/, and the import maps that the configuration names.
 */
export async function readProject(folder: string): Promise<Map<string, string>> {
  const texts = await readTexts(folder, ["supabase", "functions"]);
  for (const path of namedImportMaps(texts)) {
    if (texts.has(path) || path.startsWith("../")) continue;
    try {
      texts.set(path, await Deno.readTextFile(`${folder}/${path}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return texts;
}

/** Reads the files of a folder; none where it does not exist yet. */
export async function readTextsIfAny(folder: string): Promise<Map<string, string>> {
  try {
    return await readTexts(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}

/** Reads the package.json nearest to a folder, in it or above it; `undefined` where there is none. */
export async function readPackageJson(folder: string): Promise<string | undefined> {
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    try {
      return await Deno.readTextFile(join(path, "package.json"));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/**
 * Writes what a plan says.
 *
 * @param folder The folder of the project.
 * @param copy The folder of the copy. @default the one that the plan names, in `folder`
 */
export async function writePlan(
  folder: string,
  plan: Plan,
  copy: string = join(folder, plan.folder),
): Promise<void> {
  const writes: [path: string, text: string | null][] = [
    ...[...plan.copy.writes].map(([path, text]): [string, string | null] => [
      join(copy, path),
      text,
    ]),
    ...plan.edits.map(({ path, after }: Edit): [string, string] => [join(folder, path), after]),
  ];
  for (const [to, text] of writes) {
    if (text === null) await Deno.remove(to);
    else {
      await Deno.mkdir(dirname(to), { recursive: true });
      await Deno.writeTextFile(to, text);
    }
  }
}
