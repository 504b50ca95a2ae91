/** A Map that drops its oldest entries when they weigh too much. */
export interface BoundedMap<V> {
  get(key: string): V | undefined;
  /** `bytes` is what the entry takes; one that is heavier than the whole map is not kept. */
  set(key: string, value: V, bytes: number): void;
  delete(key: string): void;
}

/**
 * Builds an empty map.
 *
 * @param most What all entries together may take, in bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const map = boundedMap<string>(100);
 * map.set("a", "first", 60);
 * map.set("b", "second", 60);
 * assertEquals([map.get("a"), map.get("b")], [undefined, "second"]);
 * ```
 */
export function boundedMap<V>(most: number): BoundedMap<V> {
  const entries = new Map<string, { value: V; bytes: number }>();
  let total = 0;
  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }
  return {
    get: (key) => entries.get(key)?.value,
    delete: remove,
    set(key, value, bytes) {
      remove(key);
      if (bytes > most) return;
      entries.set(key, { value, bytes });
      total += bytes;
      for (const oldest of entries.keys()) {
        if (total <= most) break;
        remove(oldest);
      }
    },
  };
}
