/** The edge to the disk. */

import { isOfInterest } from "./project/project.ts";

/** Folders that hold nothing of the project's own. */
const SKIPPED = new Set([
  ".git",
  ".next",
  ".nuxt",
  ".output",
  ".svelte-kit",
  ".temp",
  ".turbo",
  ".vercel",
  "build",
  "coverage",
  "dist",
  "node_modules",
  "vendor",
]);
/** Larger files are generated. */
const MAX_BYTES = 1024 * 1024;
const MAX_LOCK_BYTES = 16 * MAX_BYTES;

/**
 * Reads the files of a folder that the doctor looks at. Links are not followed.
 *
 * @param folder Its path.
 * @returns Texts by their path within the folder.
 */
export async function readFolder(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  async function visit(path: string): Promise<void> {
    for await (const { name, isDirectory, isFile } of Deno.readDir(`${folder}/${path}`)) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (isDirectory && !SKIPPED.has(name)) await visit(inner);
      if (!isFile || !isOfInterest(inner)) continue;
      const { size } = await Deno.stat(`${folder}/${inner}`);
      if (size <= (/lock/.test(name) ? MAX_LOCK_BYTES : MAX_BYTES)) {
        texts.set(inner, await Deno.readTextFile(`${folder}/${inner}`));
      }
    }
  }
  await visit("");
  return texts;
}
