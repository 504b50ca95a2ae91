/** The root of this repository. */
export const ROOT = new URL("../../", import.meta.url);

/**
 * Copies the project without the files that .gitignore names, as a clone has it: a file that only
 * this machine has must not make a deployment pass. Needs no git.
 *
 * @param target An empty folder.
 */
export async function copyProject(target: string): Promise<void> {
  const ignored = ignoredBy(await Deno.readTextFile(new URL(".gitignore", ROOT)));
  await copy("");

  async function copy(path: string): Promise<void> {
    await Deno.mkdir(`${target}/${path}`, { recursive: true });
    for await (const { name, isDirectory, isFile } of Deno.readDir(new URL(path || ".", ROOT))) {
      const inner = `${path}${name}`;
      if (name === ".git" || ignored(inner)) continue;
      if (isDirectory) await copy(`${inner}/`);
      if (isFile) await Deno.copyFile(new URL(inner, ROOT), `${target}/${inner}`);
    }
  }
}

/**
 * Reads the part of .gitignore's syntax that this project uses: names and paths, `*` in a name.
 *
 * @param text The file.
 * @returns Whether it names a path, relative to the root and without a slash at its end.
 */
export function ignoredBy(text: string): (path: string) => boolean {
  const patterns = text.split("\n")
    .map((line) => line.trim().replace(/\/$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const path = RegExp.escape(line.replace(/^\//, "")).replaceAll("\\*", "[^/]*");
      return new RegExp(`${line.includes("/") ? "^" : "(^|/)"}${path}$`);
    });
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** The functions of the project: the folders in functions/. */
export async function functionNames(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL("functions/", ROOT)));
  return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
}
