/** The key of a value in a TOML file, from the root; numbers are places in an array. */
export type TomlPath = readonly (string | number)[];

/**
 * Finds where the keys of a TOML file are written. It reads strings and comments as such, so that
 * nothing inside one is ever taken for a key. The text has to be valid: parse it first.
 *
 * @param text The file.
 * @returns The line of a path, from 1; for one that is not written, that of its nearest parent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const line = tomlLines("# jwt_expiry = 1\n[auth]\njwt_expiry = 60\n");
 * assertEquals(line(["auth", "jwt_expiry"]), 3);
 * assertEquals(line(["auth", "site_url"]), 2);
 * ```
 */
export function tomlLines(text: string): (path: TomlPath) => number {
  const lines = new Map<string, number>();
  const tables = new Map<string, number>();
  let at = 0;
  let line = 1;

  const note = (path: TomlPath) => {
    const key = JSON.stringify(path);
    if (!lines.has(key)) lines.set(key, line);
  };
  const take = (count: number) => {
    for (const char of text.slice(at, at + count)) if (char === "\n") line++;
    at += count;
  };
  const skip = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    take(found.length);
    return found;
  };
  const trivia = () => skip(/(?:\s|#[^\n]*)*/y);
  const string = () =>
    skip(/"""(?:\\[^]|[^\\])*?"{3,5}|'''[^]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y);

  function key(): string[] {
    const parts: string[] = [];
    do {
      skip(/[ \t]*/y);
      const quoted = string();
      parts.push(
        quoted.startsWith('"')
          ? JSON.parse(quoted) as string
          : quoted.slice(1, -1) || skip(/[\w-]+/y),
      );
      skip(/[ \t]*/y);
    } while (skip(/\./y) !== "");
    return parts;
  }

  function value(path: TomlPath): void {
    skip(/[ \t]*/y);
    if (skip(/\[/y) !== "") {
      for (let i = 0; trivia(), at < text.length && skip(/\]/y) === ""; i++) {
        note([...path, i]);
        value([...path, i]);
        trivia();
        skip(/,/y);
      }
    } else if (skip(/\{/y) !== "") {
      while (trivia(), at < text.length && skip(/\}/y) === "") {
        pair(path);
        trivia();
        skip(/,/y);
      }
    } else if (string() === "") skip(/[^,\]}#\n]*/y);
  }

  function pair(table: TomlPath): void {
    const before = at;
    const path = [...table, ...key()];
    note(path);
    skip(/=/y);
    value(path);
    if (at === before) take(1); // not TOML: go on rather than stand still
  }

  let table: TomlPath = [];
  while (trivia(), at < text.length) {
    const head = skip(/\[\[?/y);
    if (head === "") {
      pair(table);
      continue;
    }
    table = key();
    skip(/\]\]?/y);
    if (head === "[[") {
      const name = JSON.stringify(table);
      const count = tables.get(name) ?? 0;
      tables.set(name, count + 1);
      table = [...table, count];
    }
    note(table);
  }

  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = lines.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return 1;
  };
}
