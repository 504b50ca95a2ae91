/** The folder of a path, without a slash at its end. */
export function dirname(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/**
 * Joins a relative path to a folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(join("supabase", "./functions/me/../deno.json"), "supabase/functions/deno.json");
 * ```
 */
export function join(folder: string, path: string): string {
  const parts = folder.split("/").filter((part) => part !== "");
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/**
 * The relative path from a folder to a file, as an import writes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(relative("supabase", "import_map.json"), "../import_map.json");
 * assertEquals(relative("functions/me", "functions/me/deno.json"), "./deno.json");
 * ```
 */
export function relative(folder: string, path: string): string {
  const from = folder.split("/").filter((part) => part !== "");
  const to = path.split("/");
  let common = 0;
  while (common < from.length && from[common] === to[common]) common++;
  const up = from.slice(common).map(() => "..");
  return [...(up.length > 0 ? up : ["."]), ...to.slice(common)].join("/");
}
