/** A Map that drops its oldest entries when they weigh too much. */
export interface BoundedMap<V> {
  get(key: string): V | undefined;
  /** `bytes` is what the entry takes; one that would take more than its share is not kept. */
  set(key: string, value: V, bytes: number): void;
  delete(key: string): void;
}

/** Part of the map that one entry may take: nobody's large one pushes everybody's out. */
const SHARE = 1 / 32;

/**
 * Builds an empty map.
 *
 * @param most What all entries together may take, in bytes; one of them a 32nd of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const map = boundedMap<string>(64);
 * for (let n = 0; n <= 32; n++) map.set(`${n}`, "small", 2);
 * map.set("huge", "large", 3);
 * assertEquals([map.get("0"), map.get("1"), map.get("huge")], [undefined, "small", undefined]);
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
      if (bytes > most * SHARE) return;
      entries.set(key, { value, bytes });
      total += bytes;
      for (const oldest of entries.keys()) {
        if (total <= most) break;
        remove(oldest);
      }
    },
  };
}
