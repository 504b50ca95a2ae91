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
const KEPT_CHARS = 300_000;

/** Source that is parsed on demand, so that a large folder never has to fit into memory. */
export class Sources {
  readonly paths: readonly string[];
  readonly unreadable: Unreadable[] = [];
  readonly #known: Set<string>;
  readonly #kept = new Map<string, { file: SourceFile; size: number }>();
  readonly #failed = new Set<string>();
  #size = 0;

  constructor(readonly files: Files) {
    this.paths = files.paths.filter(isSourceFile);
    this.#known = new Set([...this.paths, ...(files.linked ?? []).filter(isSourceFile)]);
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** The parsed file; `undefined` if it is not there or cannot be read. */
  get(path: string): SourceFile | undefined {
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
      return kept.file;
    }
    if (!this.has(path) || this.#failed.has(path)) return undefined;
    const text = this.text(path);
    return text === undefined ? undefined : this.parse(path, text);
  }

  /** The text of a file; `undefined` if it cannot be read. */
  text(path: string): string | undefined {
    return attempt(
      path,
      this.unreadable,
      () => this.files.read(path),
      () => this.#failed.add(path),
    );
  }

  /** Parses a text that was read before. */
  parse(path: string, text: string): SourceFile | undefined {
    const kept = this.#kept.get(path)?.file;
    if (kept !== undefined || this.#failed.has(path)) return kept;
    const read = () => readSourceFile(path, text);
    const file = attempt(path, this.unreadable, read, () => this.#failed.add(path));
    if (file === undefined) return undefined;
    this.#kept.set(path, { file, size: text.length });
    this.#size += text.length;
    for (const [oldest, { size }] of this.#kept) {
      if (this.#size <= KEPT_CHARS || oldest === path) break;
      this.#kept.delete(oldest);
      this.#size -= size;
    }
    return file;
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
