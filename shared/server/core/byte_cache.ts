/** A cache that is bounded in bytes, not in entries, and shared fairly by those who fill it. */
export interface ByteCache<V> {
  get(key: string): V | undefined;
  /**
   * Sets an entry of `bytes` that belongs to `owner`. One above the share of an owner is not kept, and
   * what the key held is dropped.
   */
  set(key: string, value: V, bytes: number, owner: string): void;
  delete(key: string): void;
}

/** What the entries of one owner may take: one account cannot evict everybody else. */
const MAX_OWNER_SHARE = 1 / 32;

/**
 * Builds an empty cache. It evicts the entries that were set first: those of an owner who is above
 * their share, else those of anybody. Reading does not renew an entry.
 *
 * @param maxBytes What all entries together may take; those of one owner a 32nd of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const cache = createByteCache<string>(64);
 * cache.set("ada", "kept", 2, "ada");
 * for (let n = 0; n < 100; n++) cache.set(`${n}`, "flood", 1, "eve");
 * cache.set("huge", "large", 3, "eve");
 * assertEquals(["ada", "97", "98", "99", "huge"].map(cache.get), ["kept", undefined, "flood", "flood", undefined]);
 * ```
 */
export function createByteCache<V>(maxBytes: number): ByteCache<V> {
  const entries = new Map<string, Entry<V>>();
  const owners = new Map<string, Owner>();
  const maxOwnerBytes = maxBytes * MAX_OWNER_SHARE;
  let totalBytes = 0;

  function remove(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    totalBytes -= entry.bytes;
    const owner = owners.get(entry.owner)!;
    owner.bytes -= entry.bytes;
    owner.keys.delete(key);
    if (owner.keys.size === 0) owners.delete(entry.owner);
  }

  return {
    get: (key) => entries.get(key)?.value,
    delete: remove,
    set(key, value, bytes, ownerName) {
      remove(key);
      if (bytes > maxOwnerBytes) return;
      const owner = owners.get(ownerName) ?? { bytes: 0, keys: new Set<string>() };
      owners.set(ownerName, owner);
      entries.set(key, { value, bytes, owner: ownerName });
      owner.keys.add(key);
      owner.bytes += bytes;
      totalBytes += bytes;
      for (const oldest of owner.keys) {
        if (owner.bytes <= maxOwnerBytes) break;
        remove(oldest);
      }
      for (const oldest of entries.keys()) {
        if (totalBytes <= maxBytes) break;
        remove(oldest);
      }
    },
  };
}

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  readonly owner: string;
}

interface Owner {
  bytes: number;
  /** In the order in which they were set. */
  readonly keys: Set<string>;
}
