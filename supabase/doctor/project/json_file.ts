import { findNodeAtLocation, getNodeValue, type ParseError, parseTree } from "jsonc-parser";

/** A JSON file and where its members stand. */
export interface JsonFile {
  readonly path: string;
  readonly value: unknown;
  /** The line of a member, from 1; for one that is not there, that of its nearest parent. */
  lineOf(path: readonly string[]): number;
}

/**
 * Reads JSON, also with comments and commas at the end, as deno.json may have them.
 *
 * @throws {SyntaxError} It cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const file = readJsonFile("deno.jsonc", '{\n  // a map\n  "imports": { "a": "b", },\n}');
 * assertEquals([file.value, file.lineOf(["imports", "a"])], [{ imports: { a: "b" } }, 3]);
 * ```
 */
export function readJsonFile(path: string, text: string): JsonFile {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const [error] = errors;
  if (root === undefined || error !== undefined) {
    throw Object.assign(new SyntaxError("This is no JSON."), {
      lineNumber: lineAt(error?.offset ?? 0),
    });
  }
  return {
    path,
    value: getNodeValue(root) as unknown,
    lineOf(names) {
      for (let length = names.length; length > 0; length--) {
        const found = findNodeAtLocation(root, names.slice(0, length));
        if (found !== undefined) return lineAt((found.parent ?? found).offset);
      }
      return 1;
    },
  };
}

/** A member of an object that came out of JSON or TOML. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
