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

/** Writes what a plan says. */
export async function writePlan(folder: string, plan: Plan): Promise<void> {
  const writes: [path: string, text: string | null][] = [
    ...[...plan.copy.writes].map(([path, text]): [string, string | null] => [
      `${plan.folder}/${path}`,
      text,
    ]),
    ...plan.edits.map(({ path, after }: Edit): [string, string] => [path, after]),
  ];
  for (const [path, text] of writes) {
    const to = `${folder}/${path}`;
    if (text === null) await Deno.remove(to);
    else {
      await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(to, text);
    }
  }
}
