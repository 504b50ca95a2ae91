/** The edge to the keyboard: a token that no history, log or screen keeps. */

/** What raw mode sends for the keys that matter. */
const KEY = { interrupt: 3, end: 4, newline: 10, enter: 13, erase: 8, delete: 127 };

/**
 * Reads a line that is typed or pasted in raw mode, where nothing is shown.
 *
 * @param chunks What the terminal sends.
 * @returns The line; `undefined` if the person gave up (Ctrl-C).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const typed = [new TextEncoder().encode("abx"), new Uint8Array([127, 99, 13])];
 * assertEquals(await readHidden(typed), "abc");
 * ```
 */
export async function readHidden(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string | undefined> {
  const bytes: number[] = [];
  for await (const chunk of chunks) {
    for (const byte of chunk) {
      if (byte === KEY.interrupt) return undefined;
      if (byte === KEY.enter || byte === KEY.newline || byte === KEY.end) return text(bytes);
      if (byte === KEY.erase || byte === KEY.delete) bytes.pop();
      else bytes.push(byte);
    }
  }
  return text(bytes);
}

function text(bytes: readonly number[]): string {
  // Some terminals wrap what is pasted in escape sequences.
  // deno-lint-ignore no-control-regex
  return new TextDecoder().decode(new Uint8Array(bytes)).replaceAll(/\x1b\[20[01]~/g, "");
}

/** Reads the token from a prompt, or from what is piped in. */
export async function readToken(): Promise<string | undefined> {
  if (!Deno.stdin.isTerminal()) return await new Response(Deno.stdin.readable).text();
  await Deno.stderr.write(new TextEncoder().encode("Access token (it is not shown): "));
  Deno.stdin.setRaw(true);
  try {
    return await readHidden(Deno.stdin.readable);
  } finally {
    Deno.stdin.setRaw(false);
    console.error();
  }
}
