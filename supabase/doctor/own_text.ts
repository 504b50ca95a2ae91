/**
 * A copy of a text. What is cut out of a file holds on to all of that file (V8 keeps the cut as a
 * reference), so what outlives the reading of a file is copied.
 */
export function ownText(part: string): string {
  return JSON.parse(JSON.stringify(part)) as string;
}
