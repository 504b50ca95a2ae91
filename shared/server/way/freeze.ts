/** Freezes a JSON value and all it holds, however deep, so that requests can share it. */
export function deepFreeze<T>(value: T): T {
  const open: unknown[] = [value]; // not recursive: depth is the sender's choice
  for (const each of open) {
    if (typeof each !== "object" || each === null || Object.isFrozen(each)) continue;
    Object.freeze(each);
    for (const inner of Object.values(each)) open.push(inner);
  }
  return value;
}
