/** Listeners of onAuthStateChange(). */

import { authCall, isSupabaseCall } from "./auth_call.ts";
import { at, follow } from "./follow.ts";
import {
  around,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  walk,
} from "./node.ts";
import { placeOf, type Surroundings } from "./rule.ts";

/** Whether a call is of onAuthStateChange(), with a listener that awaits supabase-js. */
export function hasAwaitingListener(node: Node, surroundings: Surroundings): boolean {
  const call = authCall(node);
  if (call?.method !== "onAuthStateChange") return false;
  const listener = follow(at(placeOf(node, surroundings), call.args[0]));
  if (listener === undefined || !isFunction(listener.node)) return false;
  // A promise that is returned is awaited as well.
  const returns = child(listener.node, "body")?.type !== "BlockStatement";
  if (listener.node.async !== true && !returns) return false;
  return awaitsSupabase(listener.node, { ...surroundings, file: listener.file }, returns ? 1 : 0);
}

/** Whether a function awaits supabase-js, itself or in a function of the project that it awaits. */
function awaitsSupabase(listener: Node, surroundings: Surroundings, depth: number): boolean {
  const body = child(listener, "body");
  if (body === undefined) return false;
  const isExpression = body.type !== "BlockStatement";
  for (const one of walk(body, (each) => each === body || !isFunction(each))) {
    const waits = one.type === "AwaitExpression" || (one.type === "ReturnStatement" && depth > 0);
    const awaited = one === body && isExpression
      ? body
      : waits
      ? child(one, "argument")
      : undefined;
    if (awaited === undefined) continue;
    for (const inner of walk(awaited, (each) => !isFunction(each))) {
      if (inner.type !== "CallExpression") continue;
      const place = placeOf(inner, surroundings);
      if (isSupabaseCall(place)) return true;
      const callee = depth < 3 ? child(inner, "callee") : undefined;
      let helper = callee?.type === "Identifier"
        ? follow(at(place, callee))
        : callee && at(place, ownMethod(callee));
      if (helper?.node.type === "CallExpression") { // useCallback(async () => …, [])
        helper = at(helper, children(helper.node, "arguments")[0]);
      }
      if (helper === undefined || !isFunction(helper.node)) continue;
      if (awaitsSupabase(helper.node, { ...surroundings, file: helper.file }, depth + 1)) {
        return true;
      }
    }
  }
  return false;
}

/** `this.load` of a class: its method, or the function that its property holds. */
function ownMethod(callee: Node): Node | undefined {
  const [owner, name, more] = memberPath(callee);
  const body = around(callee, (one) => one.type === "ClassBody");
  if (owner !== "this" || name === undefined || more !== undefined) return undefined;
  return child(
    children(body, "body").find((one) => nameOf(child(one, "key")) === name),
    "value",
  );
}
