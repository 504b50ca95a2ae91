/** Parses a JSON object; `null` for any other value, and for what is not JSON. */
export function parseJsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

/** The most values in a JSON text: zod 4 takes a second to refuse 100,000 wrong items. */
export const MAX_JSON_VALUES = 50_000;
/** The most objects and lists inside one another: zod 4 fails at 2,000 in a schema that contains itself. */
const MAX_JSON_DEPTH = 500;

/**
 * Whether a JSON text holds more values, or values inside one another, than can be worked on without
 * stalling the process. Takes a few milliseconds per megabyte; the contents of strings do not count.
 *
 * @param json The text; if it is not JSON, the result means nothing.
 */
export function isTooComplex(json: string): boolean {
  if (json.length <= MAX_JSON_DEPTH) return false;
  let values = 0;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    switch (json.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(json, i);
        break;
      case BRACKET:
      case BRACE:
        if (++depth > MAX_JSON_DEPTH || ++values > MAX_JSON_VALUES) return true;
        break;
      case COMMA:
        if (++values > MAX_JSON_VALUES) return true;
        break;
      case END_BRACKET:
      case END_BRACE:
        depth--;
    }
  }
  return false;
}

/** The place of the quote that ends a string, or the end of the text. */
function endOfString(json: string, begin: number): number {
  for (let end = begin;;) {
    end = json.indexOf('"', end + 1);
    if (end < 0) return json.length;
    let before = end;
    while (json.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [BRACKET, END_BRACKET, BRACE, END_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
