/**
 * What an entry of a memory takes of the heap, in bytes, rounded up: V8 spends more on many small
 * members than on their text, and what a user's metadata holds is the user's choice.
 *
 * @param token The entry's key.
 * @param values JSON values that it holds.
 */
export function weigh(token: string, ...values: readonly unknown[]): number {
  let bytes = 512 + token.length;
  const open = [...values]; // not recursive: depth is the sender's choice
  for (const value of open) {
    if (typeof value === "string") bytes += textBytes(value);
    if (typeof value !== "object" || value === null) continue;
    const members = Object.entries(value);
    // A member has its place in a shape; a large object is a hash table.
    const each = Array.isArray(value) ? 24 : members.length > 64 ? 48 : 40;
    bytes += 64 + each * members.length;
    for (const [name, member] of members) {
      if (!Array.isArray(value)) bytes += textBytes(name);
      open.push(member);
    }
  }
  return bytes;
}

/** V8 spends one byte a character, or two on all of a text that needs them for one. */
function textBytes(text: string): number {
  return 16 + (WIDE.test(text) ? 2 : 1) * text.length;
}

// deno-lint-ignore no-control-regex
const WIDE = /[^\x00-\xff]/;
