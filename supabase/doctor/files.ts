/** The edge to the disk. */

import type { Files } from "./project/sources.ts";
import { isOfInterest } from "./project/workspace.ts";
import { LOCK } from "./project/locks.ts";

/** Folders that hold nothing of the project's own; so does nearly every one that begins with a dot. */
const SKIPPED = /^(?:\.(?!github$)|(?:build|coverage|dist|node_modules|vendor)$)/;
/** Larger files are generated. */
const MAX_BYTES = 512 * 1024;
const MAX_LOCK_BYTES = 16 * 1024 * 1024;

/** A folder on the disk, and what of it is left out. */
export interface Folder extends Files {
  readonly bytes: number;
  /** Files and folders that could not be listed, and files that are too large. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Lists the files of a folder that the doctor looks at; each is read when it is asked for. What is
 * behind a symbolic link is known to imports, and not looked at a second time.
 *
 * @param folder Its path.
 */
export async function openFolder(folder: string): Promise<Folder> {
  const [paths, linked]: [string[], string[]] = [[], []];
  const skipped: { path: string; reason: string }[] = [];
  const root = await Deno.realPath(folder);
  let bytes = 0;
  const open = [{ path: "", isLinked: false }];

  async function visit(path: string, entry: Deno.DirEntry, isLinked: boolean): Promise<void> {
    if (SKIPPED.test(entry.name) && !entry.isFile) return;
    if (entry.isDirectory) return void open.push({ path, isLinked });
    if (entry.isSymlink) {
      const target = await Deno.realPath(`${folder}/${path}`);
      const isInside = target.startsWith(`${root}/`) && !`${root}/${path}`.startsWith(`${target}/`);
      if (!isInside || isLinked) return;
      if ((await Deno.stat(target)).isDirectory) return void open.push({ path, isLinked: true });
    }
    if (!isOfInterest(path)) return;
    const { size } = await Deno.stat(`${folder}/${path}`);
    if (size > (LOCK.test(path) ? MAX_LOCK_BYTES : MAX_BYTES)) {
      skipped.push({ path, reason: "It is too large." });
    } else if (isLinked || entry.isSymlink) linked.push(path);
    else {
      paths.push(path);
      bytes += size;
    }
  }

  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    try {
      for await (const entry of Deno.readDir(`${folder}/${at.path}`)) {
        const path = at.path === "" ? entry.name : `${at.path}/${entry.name}`;
        try {
          await visit(path, entry, at.isLinked);
        } catch {
          skipped.push({ path, reason: "It cannot be opened." }); // a link that leads nowhere
        }
      }
    } catch {
      skipped.push({ path: at.path, reason: "It cannot be listed." });
    }
  }
  return {
    paths: paths.sort(),
    linked: linked.sort(),
    bytes,
    skipped,
    read: (path) => decode(readBytes(`${folder}/${path}`)),
  };
}

/** Every file is read into it: a buffer of its own for each would pile up outside of the heap. */
const buffer = new Uint8Array(MAX_BYTES + 1);

/** The bytes of a file, until the next one is read. */
function readBytes(path: string): Uint8Array {
  using file = Deno.openSync(path);
  let length = 0;
  for (let count: number | null = 0; count !== null; length += count ?? 0) {
    if (length === buffer.length) return Deno.readFileSync(path); // a lock file
    count = file.readSync(buffer.subarray(length));
  }
  return buffer.subarray(0, length);
}

/**
 * Reads text as editors write it: UTF-8 or UTF-16, with or without a byte order mark.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decode(new Uint8Array([0xff, 0xfe, 0x61, 0x00])), "a");
 * assertEquals(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "a");
 * ```
 */
export function decode(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const encoding = a === 0xff && b === 0xfe
    ? "utf-16le"
    : a === 0xfe && b === 0xff
    ? "utf-16be"
    : bytes.length > 3 && a !== 0 && b === 0 && bytes[3] === 0
    ? "utf-16le"
    : bytes.length > 3 && a === 0 && b !== 0 && bytes[2] === 0
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes); // it takes the mark off
}
