/**
 * Compares what commands printed with what a page shows.
 *
 * @module
 */

/** What differs from run to run, and what stands for it. */
const VARYING: readonly [pattern: RegExp, replacement: string][] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}\b/g, "<jwt>"],
  [/\bada-\d+@example\.com\b/g, "ada-<number>@example.com"],
  [/\b1\d{9}\b/g, "<seconds>"],
  [/\bdur=\d+(?:\.\d+)?/g, "dur=<ms>"],
];

/**
 * Replaces ids and times, which differ from run to run.
 *
 * @param text What was printed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withoutVarying("at 1795466153"), "at <seconds>");
 * ```
 */
export function withoutVarying(text: string): string {
  return VARYING.reduce((rest, [from, to]) => rest.replaceAll(from, to), text);
}

/**
 * Says whether an output is the one that a page shows, where `…` stands for anything on one line.
 *
 * @param printed The output.
 * @param shown What the page shows.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isShown('{"id":"7","email":"ada@example.com"}\n', '{"id":"7",…}\n'));
 * assert(!isShown("200\n", "401\n"));
 * ```
 */
export function isShown(printed: string, shown: string): boolean {
  const pattern = withoutVarying(shown.trim()).split("…").map((part) => RegExp.escape(part));
  return new RegExp(`^${pattern.join(".*")}$`).test(withoutVarying(printed.trim()));
}
