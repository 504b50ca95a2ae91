/**
 * What a text is as JSON.
 *
 * @param text Any text.
 * @returns The value; `undefined` for HTML and other texts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([parseJson("{}"), parseJson("<h1>")], [{}, undefined]);
 * ```
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
