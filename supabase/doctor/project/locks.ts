import { ownText } from "../own_text.ts";
import type { PackageUse } from "./packages.ts";
import { folderOf, nearest } from "./paths.ts";

/** Lock files may be large, and still are no generated source. */
export const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|deno\.lock)$/;

/** The lines about Supabase's packages, each with the line below it. */
const OWN_LINES = /^[^\n]*@supabase\/[^\n]*(?:\n(?![^\n]*@supabase\/)[^\n]*)?\n?/gm;

/** What the lock files of a folder say of Supabase's packages; each is read when somebody asks. */
export class Locks {
  readonly #paths: readonly string[];
  readonly #excerpts = new Map<string, string>();

  /**
   * @param paths All files.
   * @param read The text of a file; `undefined` if it cannot be read.
   */
  constructor(paths: readonly string[], readonly read: (path: string) => string | undefined) {
    this.#paths = paths.filter((path) => LOCK.test(path));
  }

  /** The versions in the lock files of the use's tool, in the nearest folder above that has one. */
  versions({ file, source, name }: Pick<PackageUse, "file" | "source" | "name">): string[] {
    if (source === "url") return [];
    const own = this.#paths.filter((path) => path.endsWith("deno.lock") === (source === "deno"));
    const folder = nearest(file, (one) => own.some((path) => folderOf(path) === one));
    return own.filter((path) => folderOf(path) === folder)
      .flatMap((path) => lockedVersions(this.#excerptOf(path), name));
  }

  #excerptOf(path: string): string {
    let found = this.#excerpts.get(path);
    if (found === undefined) {
      const lines = (this.read(path) ?? "").match(OWN_LINES) ?? [];
      this.#excerpts.set(path, found = ownText(lines.join("")));
    }
    return found;
  }
}

/** The versions of a package in a lock file, whichever tool wrote it. */
export function lockedVersions(lock: string, name: string): string[] {
  const quoted = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const patterns = [
    `"node_modules/${quoted}":\\s*\\{\\s*"version":\\s*"([^"]+)"`, // package-lock.json
    `^\\s*['"]?/?${quoted}@(\\d[\\w.-]*)['"]?(?:\\([^\\n]*\\))?:`, // pnpm-lock.yaml
    `^"?${quoted}@[^\\n]*:\\n\\s+version:? "?(\\d[\\w.-]*)`, // yarn.lock
    `"${quoted}@(\\d+\\.\\d+\\.\\d+[\\w.-]*)"`, // bun.lock, deno.lock
    `"${quoted}@(\\d+\\.\\d+\\.\\d+[^"_]*)_`, // deno.lock, with peers
  ];
  return [
    ...new Set(
      patterns.flatMap((one) =>
        [...lock.matchAll(new RegExp(one, "gm"))].map(([, found]) => found!)
      ),
    ),
  ];
}
