import { ownText } from "../own_text.ts";
import type { PackageUse } from "./packages.ts";
import { folderOf, nearest } from "./paths.ts";

/** Lock files may be large, and still are no generated source. */
export const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|deno\.lock)$/;

/** The lock files of a folder: each is read when somebody asks, and only versions are kept. */
export class Locks {
  readonly #paths: readonly string[];
  readonly #known = new Map<string, readonly string[]>();

  /**
   * @param paths All files.
   * @param read The text of a file; `undefined` if it cannot be read.
   */
  constructor(paths: readonly string[], readonly read: (path: string) => string | undefined) {
    this.#paths = paths.filter((path) => LOCK.test(path));
  }

  /** The versions that the lock files decide on: those of the use's tool in the nearest folder above. */
  versions({ file, source, name }: Pick<PackageUse, "file" | "source" | "name">): string[] {
    if (source === "url") return [];
    const own = this.#paths.filter((path) => path.endsWith("deno.lock") === (source === "deno"));
    const folder = nearest(file, (one) => own.some((path) => folderOf(path) === one));
    return own.filter((path) => folderOf(path) === folder)
      .flatMap((path) => this.#versionsIn(path, name));
  }

  #versionsIn(path: string, name: string): readonly string[] {
    const key = `${path} ${name}`;
    let found = this.#known.get(key);
    if (found === undefined) {
      this.#known.set(key, found = lockedVersions(this.read(path) ?? "", name));
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
        [...lock.matchAll(new RegExp(one, "gm"))].map(([, found]) => ownText(found!))
      ),
    ),
  ];
}
