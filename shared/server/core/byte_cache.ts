/** A cache that is bounded in bytes, not in entries. */
export interface ByteCache<V> {
  get(key: string): V | undefined;
  /** Sets an entry of `bytes`; one above its share is not kept, and what the key held is dropped. */
  set(key: string, value: V, bytes: number): void;
  delete(key: string): void;
}

/** The part of the cache that one entry may take, so that one large entry cannot evict all others. */
const MAX_ENTRY_SHARE = 1 / 32;

/**
 * Builds an empty cache. It evicts the entries that were set first; reading does not renew one.
 *
 * @param maxBytes What all entries together may take; one entry may take a 32nd of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const cache = createByteCache<string>(64);
 * for (let n = 0; n <= 32; n++) cache.set(`${n}`, "small", 2);
 * cache.set("huge", "large", 3);
 * assertEquals([cache.get("0"), cache.get("1"), cache.get("huge")], [undefined, "small", undefined]);
 * ```
 */
export function createByteCache<V>(maxBytes: number): ByteCache<V> {
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>();
  let totalBytes = 0;
  function remove(key: string): void {
    totalBytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }
  return {
    get: (key) => entries.get(key)?.value,
    delete: remove,
    set(key, value, bytes) {
      remove(key);
      if (bytes > maxBytes * MAX_ENTRY_SHARE) return;
      entries.set(key, { value, bytes });
      totalBytes += bytes;
      for (const oldest of entries.keys()) {
        if (totalBytes <= maxBytes) break;
        remove(oldest);
      }
    },
  };
}
