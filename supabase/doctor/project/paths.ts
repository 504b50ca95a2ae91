/** Paths within the folder that is read: relative, with slashes. */

/** Joins a relative path to the folder of a file. */
export function join(folder: string, path: string): string {
  const parts = path.startsWith("/") ? [] : folder.split("/").filter((part) => part !== "");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** The folder of a path, without a slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** A folder and all that are above it, the nearest first. */
export function foldersAbove(folder: string): string[] {
  const found = [folder];
  for (let at = folder; at !== ""; found.push(at)) at = folderOf(at);
  return found;
}

/** The nearest folder above a file of which `holds` is true. */
export function nearest(path: string, holds: (folder: string) => boolean): string | undefined {
  return foldersAbove(folderOf(path)).find(holds);
}
