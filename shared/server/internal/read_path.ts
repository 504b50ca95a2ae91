/**
 * What a JSON value holds at a path of keys; `undefined` where a key is missing. Inherited members,
 * such as `constructor`, are not part of it.
 */
export function readPath(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** Whether a value is a path: a list of keys, none of them empty. */
export function isPath(value: unknown): value is readonly [string, ...string[]] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((key) => typeof key === "string" && key !== "");
}
