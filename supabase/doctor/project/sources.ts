import { folderOf, foldersAbove } from "./paths.ts";
import { isSourceFile, readSourceFile, type SourceFile } from "./source_file.ts";

/** Files of a folder, read when they are asked for. */
export interface Files {
  /** Relative, with slashes, sorted. */
  readonly paths: readonly string[];
  /** What lies behind symbolic links: imports find it, and it is not looked at again. */
  readonly linked?: readonly string[];
  /** What is there, and is not looked at. */
  readonly skipped?: readonly { readonly path: string }[];
  /** @throws {Error} It cannot be read. */
  read(path: string): string;
}

/** A file that could not be read: nothing is known of it. */
export interface Unreadable {
  readonly path: string;
  readonly line: number | null;
  readonly reason: string;
}

/** Trees of so many characters of source are kept, to follow imports; the others are let go. */
const KEPT_CHARS = 150_000;

/** Source that is parsed on demand, so that a large folder never has to fit into memory. */
export class Sources {
  readonly paths: readonly string[];
  readonly unreadable: Unreadable[] = [];
  readonly #known: Set<string>;
  readonly #folders: Set<string>;
  /** What imports led to: the least recently used first. */
  readonly #kept = new Map<string, { file: SourceFile; size: number }>();
  readonly #failed = new Set<string>();
  #size = 0;
  /** What is being looked at, and what follows imports back to it finds. */
  #current: SourceFile | undefined;

  constructor(readonly files: Files) {
    this.paths = files.paths.filter(isSourceFile);
    this.#known = new Set([...this.paths, ...(files.linked ?? []).filter(isSourceFile)]);
    this.#folders = new Set([...new Set([...this.#known].map(folderOf))].flatMap(foldersAbove));
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** Whether any source file is in a folder, or below it. */
  hasFolder(folder: string): boolean {
    return this.#folders.has(folder);
  }

  /** The parsed file that an import leads to; `undefined` if it is not there or cannot be read. */
  get(path: string): SourceFile | undefined {
    if (this.#current?.path === path) return this.#current;
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
      return kept.file;
    }
    const text = this.text(path);
    const file = text === undefined ? undefined : this.#parse(path, text);
    if (file !== undefined) this.#keep(file, text!.length);
    return file;
  }

  /**
   * The parsed file that is looked at next: it is let go with the one after it, since most files
   * are looked at only once.
   *
   * @param text What was read of it before.
   */
  open(path: string, text = this.text(path)): SourceFile | undefined {
    if (this.#current?.path !== path) {
      this.#current = undefined; // before the next tree is made
      this.#current = this.#kept.get(path)?.file ??
        (text === undefined ? undefined : this.#parse(path, text));
    }
    return this.#current;
  }

  /** The text of a file; `undefined` if it is not there or cannot be read. */
  text(path: string): string | undefined {
    if (!this.has(path) || this.#failed.has(path)) return undefined;
    return this.#attempt(path, () => this.files.read(path));
  }

  #parse(path: string, text: string): SourceFile | undefined {
    if (this.#failed.has(path)) return undefined;
    return this.#attempt(path, () => readSourceFile(path, text));
  }

  #keep(file: SourceFile, size: number): void {
    this.#kept.set(file.path, { file, size });
    this.#size += size;
    for (const [oldest, { size }] of this.#kept) {
      if (this.#size <= KEPT_CHARS || oldest === file.path) break;
      this.#kept.delete(oldest);
      this.#size -= size;
    }
  }

  #attempt<T>(path: string, work: () => T): T | undefined {
    return attempt(path, this.unreadable, work, () => this.#failed.add(path));
  }
}

/** Does something with a file; whatever goes wrong is written down, and the others are read. */
export function attempt<T>(
  path: string,
  unreadable: Unreadable[],
  work: () => T,
  failed: () => void = () => {},
): T | undefined {
  try {
    return work();
  } catch (error) {
    failed();
    if (!unreadable.some((one) => one.path === path)) {
      unreadable.push({ path, line: lineOfError(error), reason: reasonOf(error) });
    }
    return undefined;
  }
}

/** Parsers tell the line, each in its own way. */
function lineOfError(error: unknown): number | null {
  const { loc, lineNumber } = error as { loc?: { line?: number }; lineNumber?: number };
  const told = loc?.line ?? lineNumber;
  return typeof told === "number" && Number.isInteger(told) ? told : null;
}

/** Without anything that stands in the file. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return "This file cannot be parsed.";
  if (error instanceof RangeError) return "This file is nested too deeply.";
  return "This file cannot be read.";
}
