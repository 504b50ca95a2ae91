import { createHash } from "node:crypto";
import { isObject } from "./edit_text.ts";

/** The file in the copy that says what edge-auth has written. */
export const STAMP = ".edge-auth.json";

/** The content of {@linkcode STAMP}. */
export interface Stamp {
  /** The version of edge-auth. */
  readonly version: string;
  /** By path, the SHA-256 of each file as it was written, in hexadecimal digits. */
  readonly files: Readonly<Record<string, string>>;
}

/** What has to be done to a copy, and what was done to it by hand. */
export interface CopyPlan {
  /** The version of the copy; `null` where there is none, or where it does not say. */
  readonly installed: string | null;
  /** Files to write, by path; `null` for one to remove. */
  readonly writes: ReadonlyMap<string, string | null>;
  /** Files that somebody changed, which are left as they are. */
  readonly changedByHand: readonly string[];
  /**
   * Those of `changedByHand` that this version changes too. While there are any, nothing is
   * written: some files of one version and some of another do not fit together.
   */
  readonly conflicts: readonly string[];
}

/**
 * Compares a copy in a project with the files that it should have.
 *
 * @param version The version of edge-auth.
 * @param files The files that the copy should have, by path.
 * @param existing The files that are there, the stamp too.
 * @returns What is to be done; nothing for a copy that is current.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const files = new Map([["mod.ts", "export {};\n"]]);
 * const { writes } = planCopy("1.0.0", files, new Map());
 * assertEquals([...writes.keys()], ["mod.ts", ".edge-auth.json"]);
 *
 * const again = planCopy("1.0.0", files, writes as Map<string, string>);
 * assertEquals([again.installed, again.writes.size], ["1.0.0", 0]);
 * ```
 */
export function planCopy(
  version: string,
  files: ReadonlyMap<string, string>,
  existing: ReadonlyMap<string, string>,
): CopyPlan {
  const stamp = readStamp(existing.get(STAMP));
  const writes = new Map<string, string | null>();
  const [changedByHand, conflicts]: [string[], string[]] = [[], []];
  const isAsWritten = (path: string, text: string) => stamp?.files[path] === hash(text);

  for (const [path, text] of files) {
    const there = existing.get(path);
    if (there !== undefined && hash(there) === hash(text)) continue;
    if (there === undefined || isAsWritten(path, there)) {
      writes.set(path, text);
      continue;
    }
    changedByHand.push(path);
    if (stamp?.files[path] !== hash(text)) conflicts.push(path);
  }
  for (const path of Object.keys(stamp?.files ?? {})) {
    const there = existing.get(path);
    if (files.has(path) || there === undefined) continue;
    if (isAsWritten(path, there)) writes.set(path, null);
    else changedByHand.push(path);
  }
  if (conflicts.length > 0) writes.clear();
  else {
    const hashes = Object.fromEntries([...files].map(([path, text]) => [path, hash(text)]));
    const text = `${JSON.stringify({ version, files: hashes }, null, 2)}\n`;
    if (hash(text) !== hash(existing.get(STAMP) ?? "")) writes.set(STAMP, text);
  }
  return { installed: stamp?.version ?? null, writes, changedByHand, conflicts };
}

/** git may give the same file other ends of lines on another machine. */
function hash(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
}

function readStamp(text: string | undefined): Stamp | undefined {
  try {
    const stamp: unknown = JSON.parse(text ?? "");
    if (!isObject(stamp) || typeof stamp.version !== "string" || !isObject(stamp.files)) return;
    return stamp as unknown as Stamp;
  } catch {
    return undefined;
  }
}
