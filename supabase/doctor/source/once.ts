/**
 * Computes something once per node or file, and keeps it there. A WeakMap would keep it as well;
 * but V8 holds on to what a WeakMap refers to until a full collection, and a node refers to its
 * whole tree: so every tree of a large folder would pile up.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 *
 * const partsOf = oncePer(({ name }: { name: string }) => name.split("."));
 * const object = { name: "a.b" };
 * assertStrictEquals(partsOf(object), partsOf(object));
 * ```
 */
export function oncePer<Owner extends object, More extends unknown[], Value>(
  compute: (owner: Owner, ...more: More) => Value,
): (owner: Owner, ...more: More) => Value {
  const kept = Symbol(compute.name);
  return (owner, ...more) => {
    const known = (owner as { [kept]?: { readonly value: Value } })[kept];
    if (known !== undefined) return known.value;
    const value = compute(owner, ...more);
    Object.defineProperty(owner, kept, { value: { value } }); // copies of the owner are without it
    return value;
  };
}
