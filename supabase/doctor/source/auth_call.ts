import { at, follow, type Place } from "./follow.ts";
import { bare, child, children, memberPath, nameOf, type Node } from "./node.ts";
import { originOf, valueOf } from "./scope.ts";

/** A call of `<client>.auth.<method>(…)`. */
export interface AuthCall {
  /** `getUser`, or with the part in front: `mfa.enroll`, `admin.deleteUser`. */
  readonly method: string;
  /** The expression of the client; `undefined` where it is not seen. */
  readonly client: Node | undefined;
  readonly args: readonly Node[];
}

/**
 * Reads a call of supabase-js' auth client, also through `const { auth } = supabase`.
 *
 * @returns The call, or `undefined` for any other node.
 */
export function authCall(found: Node | undefined): AuthCall | undefined {
  const node = bare(found);
  if (node?.type !== "CallExpression") return undefined;
  const callee = bare(child(node, "callee"));
  if (callee?.type !== "MemberExpression") return undefined;
  const args = children(node, "arguments");
  let method = nameOf(child(callee, "property")) ?? "()";
  let owner = bare(child(callee, "object"));
  const part = memberPath(owner).at(-1);
  if (owner?.type === "MemberExpression" && (part === "mfa" || part === "admin")) {
    method = `${part}.${method}`;
    owner = bare(child(owner, "object"));
  }
  if (owner?.type === "MemberExpression" && memberPath(owner).at(-1) === "auth") {
    return { method, client: child(owner, "object"), args };
  }
  if (nameOf(owner) !== "auth") return undefined;
  const origin = owner && originOf(owner);
  if (origin?.kind !== "const") return undefined;
  if (origin.path.join() === "auth") return { method, client: origin.init, args };
  if (origin.path.at(-1) === "auth") return { method, client: undefined, args };
  return memberPath(origin.init).at(-1) === "auth"
    ? { method, client: child(bare(origin.init), "object"), args }
    : undefined;
}

/** The calls of an auth client among some nodes. */
export function* authCalls(nodes: Iterable<Node>): Generator<AuthCall & { node: Node }> {
  for (const node of nodes) {
    const call = node.type === "CallExpression" ? authCall(node) : undefined;
    if (call !== undefined) yield { ...call, node };
  }
}

/** Whether a name is the `error` of an awaited supabase-js call, and of which part of it. */
export function errorOf(node: Node | undefined): "auth" | "functions" | undefined {
  const found = bare(node);
  if (found === undefined) return undefined;
  if (found.type === "MemberExpression") { // const result = await …; result.error
    if (memberPath(found).at(-1) !== "error") return undefined;
    const origin = bare(child(found, "object"));
    return origin?.type === "Identifier" ? partOf(valueOf(origin)) : undefined;
  }
  if (found.type !== "Identifier") return undefined;
  const origin = originOf(found);
  if (origin?.path.join() !== "error") return undefined;
  if (origin.kind === "const") return partOf(origin.init);
  if (origin.kind !== "parameter") return undefined;
  const then = origin.node.parent?.parent; // .then(({ error }) => …)
  const callee = then?.type === "CallExpression" ? bare(child(then, "callee")) : undefined;
  return callee !== undefined && memberPath(callee).at(-1) === "then"
    ? partOf(child(callee, "object"))
    : undefined;
}

function partOf(call: Node | undefined): "auth" | "functions" | undefined {
  const found = bare(call);
  if (found?.type !== "CallExpression") return undefined;
  if (authCall(found) !== undefined) return "auth";
  const path = memberPath(child(found, "callee"));
  return path.at(-1) === "invoke" && path.at(-2) === "functions" ? "functions" : undefined;
}

/** Whether a call asks the project for something: rows, files, functions, its own session. */
export function isSupabaseCall(place: Place): boolean {
  const { node } = place;
  if (node.type !== "CallExpression") return false;
  if (authCall(node) !== undefined) return true;
  const path = memberPath(child(node, "callee"));
  const [owner, method] = path.slice(-2);
  if (owner === "functions" && method === "invoke") return true;
  if (method !== "from" && method !== "rpc") return false;
  if (/supabase|client|^db$|^sb$|admin/i.test(owner ?? "")) return true;
  const client = follow(at(place, child(bare(child(node, "callee")), "object")));
  return client?.node.type === "CallExpression" &&
    /create\w*Client$/.test(memberPath(child(client.node, "callee")).at(-1) ?? "");
}
