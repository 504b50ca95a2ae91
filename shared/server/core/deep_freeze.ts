/** Freezes a JSON value and everything in it, so that requests can share it. */
export function deepFreeze<T>(value: T): T {
  const open: object[] = isObject(value) ? [value] : []; // not recursive: the sender decides the depth
  for (const object of open) {
    Object.freeze(object);
    for (const member of Object.values(object)) if (isObject(member)) open.push(member);
  }
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
