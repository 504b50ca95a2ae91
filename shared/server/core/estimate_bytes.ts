/** An entry without its values: the key's string, a decoded token, a session, and places in two maps. */
const ENTRY_BYTES = 1024;

/**
 * Estimates what a cache entry takes on the heap, in bytes, as an upper bound: V8 spends more on many
 * small members than on their text, most of all where no two objects have the same keys, and what a
 * user's metadata holds is the user's choice. The figures are measured in tests/e2e/faults/memory.ts.
 *
 * @param key The entry's key.
 * @param values The JSON values that the entry holds.
 */
export function estimateBytes(key: string, ...values: readonly unknown[]): number {
  let bytes = ENTRY_BYTES + key.length;
  const open = [...values]; // not recursive: the sender decides how deep the values are
  for (const value of open) {
    if (typeof value === "string") bytes += stringBytes(value);
    else if (typeof value === "number") bytes += 16;
    if (typeof value !== "object" || value === null) continue;
    const members = Object.entries(value);
    bytes += OBJECT_BYTES + (Array.isArray(value) ? ITEM_BYTES : MEMBER_BYTES) * members.length;
    for (const [name, member] of members) {
      if (!Array.isArray(value)) bytes += stringBytes(name);
      open.push(member);
    }
  }
  return bytes;
}

const OBJECT_BYTES = 128;
const ITEM_BYTES = 16;
/** A slot, and a share of the hidden class that describes it. */
const MEMBER_BYTES = 100;

/** V8 stores a string with one byte per character, or with two if one character needs it. */
function stringBytes(text: string): number {
  return 32 + (BEYOND_LATIN1.test(text) ? 2 : 1) * text.length;
}

// deno-lint-ignore no-control-regex
const BEYOND_LATIN1 = /[^\x00-\xff]/;
