/** Between these two lines of README.md, and nowhere else, the benchmark writes. */
export const START = "<!-- bench:start -->";
export const END = "<!-- bench:end -->";

/**
 * Puts text between the markers.
 *
 * @throws {Error} A marker is missing, there twice, or they are the wrong way round.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const page = `a\n${START}\nold\n${END}\nb\n`;
 * assertEquals(replaceBetween(page, "new"), `a\n${START}\n\nnew\n\n${END}\nb\n`);
 * ```
 */
export function replaceBetween(page: string, text: string): string {
  const [before, rest, ...more] = page.split(START);
  const [, after, ...evenMore] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length + evenMore.length > 0) {
    throw new Error(`README.md needs the lines ${START} and ${END}, once each and in this order.`);
  }
  return `${before}${START}\n\n${text.trim()}\n\n${END}${after}`;
}
