/**
 * Estimates what a cache entry takes on the heap, in bytes, rounded up: V8 spends more on many small
 * members than on their text, and what a user's metadata holds is the user's choice.
 *
 * @param key The entry's key.
 * @param values The JSON values that the entry holds.
 */
export function estimateBytes(key: string, ...values: readonly unknown[]): number {
  let bytes = 512 + key.length;
  const open = [...values]; // not recursive: the sender decides how deep the values are
  for (const value of open) {
    if (typeof value === "string") bytes += stringBytes(value);
    if (typeof value !== "object" || value === null) continue;
    const members = Object.entries(value);
    // V8 keeps a small object's members in a shape, and a large object as a hash table.
    const bytesPerMember = Array.isArray(value) ? 24 : members.length > 64 ? 48 : 40;
    bytes += 64 + bytesPerMember * members.length;
    for (const [name, member] of members) {
      if (!Array.isArray(value)) bytes += stringBytes(name);
      open.push(member);
    }
  }
  return bytes;
}

/** V8 stores a string with one byte per character, or with two if one character needs it. */
function stringBytes(text: string): number {
  return 16 + (BEYOND_LATIN1.test(text) ? 2 : 1) * text.length;
}

// deno-lint-ignore no-control-regex
const BEYOND_LATIN1 = /[^\x00-\xff]/;
