import { type AST, getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { member } from "./json_file.ts";

/** The key of a value in a TOML file, from the root; numbers are places in an array. */
export type TomlPath = readonly (string | number)[];

/** supabase/config.toml, or what one of its `[remotes.*]` makes of it. */
export interface ConfigFile {
  readonly path: string;
  /** The remote whose settings these are; `undefined` for those of the local stack. */
  readonly remote?: string | undefined;
  /** The value of a key; `undefined` where it is not written, or comes out of `env()`. */
  get(...path: string[]): unknown;
  /** Whether a key is written, whatever it is set to. */
  has(...path: string[]): boolean;
  /** The line of a path, from 1; for one that is not written, that of its nearest parent. */
  lineOf(path: TomlPath): number;
}

/**
 * Reads a config.toml.
 *
 * @returns The settings, and those of each `[remotes.*]` over them.
 * @throws {SyntaxError} It is no TOML.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [config] = readConfig("supabase/config.toml", '[auth]\njwt_expiry = 60\nsite_url = "env(URL)"');
 * assertEquals([config!.get("auth", "jwt_expiry"), config!.lineOf(["auth", "jwt_expiry"])], [60, 2]);
 * assertEquals(config!.get("auth", "site_url"), undefined); // it cannot be known here
 * ```
 */
export function readConfig(path: string, text: string): ConfigFile[] {
  const tree = parseTOML(text);
  const values: unknown = getStaticTOMLValue(tree);
  const lines = linesOf(tree);
  const lineOf = (found: TomlPath) => {
    for (let length = found.length; length > 0; length--) {
      const line = lines.get(JSON.stringify(found.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
  const read = (names: readonly string[]) => names.reduce<unknown>(member, values);
  const base: ConfigFile = {
    path,
    get: (...names) => known(read(names)),
    has: (...names) => read(names) !== undefined,
    lineOf,
  };
  const remotes = Object.keys((member(values, "remotes") as object | undefined) ?? {});
  return [
    base,
    ...remotes.map((remote): ConfigFile => {
      const within = (names: readonly string[]) => ["remotes", remote, ...names];
      const isOwn = (names: readonly string[]) => read(within(names)) !== undefined;
      return {
        path,
        remote,
        get: (...names) => isOwn(names) ? known(read(within(names))) : base.get(...names),
        has: (...names) => isOwn(names) || base.has(...names),
        lineOf: (found) => lineOf(isOwn(found.map(String)) ? within(found.map(String)) : found),
      };
    }),
  ];
}

/** `env(NAME)` is whatever the environment says: unknown. */
function known(value: unknown): unknown {
  return typeof value === "string" && /^env\(\w+\)$/.test(value.trim()) ? undefined : value;
}

/** The line of each key and of each item of an array. */
function linesOf(tree: AST.TOMLProgram): Map<string, number> {
  const lines = new Map<string, number>();
  const note = (path: TomlPath, node: AST.TOMLNode) => {
    const key = JSON.stringify(path);
    if (!lines.has(key)) lines.set(key, node.loc.start.line);
  };
  const keysOf = (key: AST.TOMLKey) =>
    key.keys.map((one) => one.type === "TOMLBare" ? one.name : one.value);
  const pair = (node: AST.TOMLKeyValue, table: TomlPath) => {
    const path = [...table, ...keysOf(node.key)];
    note(path, node);
    value(node.value, path);
  };
  const value = (node: AST.TOMLContentNode, path: TomlPath) => {
    if (node.type === "TOMLArray") {
      node.elements.forEach((one, i) => {
        note([...path, i], one);
        value(one, [...path, i]);
      });
    } else if (node.type === "TOMLInlineTable") {
      for (const one of node.body) pair(one, path);
    }
  };
  for (const node of tree.body[0].body) {
    if (node.type === "TOMLKeyValue") pair(node, []);
    else {
      note(node.resolvedKey, node);
      for (const one of node.body) pair(one, node.resolvedKey);
    }
  }
  return lines;
}
