/** Freezes a JSON value and all it holds, however deep, so that requests can share it. */
export function deepFreeze<T>(value: T): T {
  const open: object[] = isObject(value) ? [value] : []; // not recursive: depth is the sender's choice
  for (const each of open) {
    for (const inner of Object.values(each)) if (isObject(inner)) open.push(inner);
    Object.freeze(each);
  }
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
