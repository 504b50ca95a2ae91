import { bare, child, children, memberPath, nameOf, type Node, property } from "./node.ts";
import { originOf, valueOf } from "./scope.ts";

/** A call of `<client>.auth.<method>(…)`. */
export interface AuthCall {
  readonly method: string;
  /** The expression of the client; `undefined` where `auth` alone was taken out of it. */
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
  const method = memberPath(callee).at(-1) ?? "()";
  const args = children(node, "arguments");
  const owner = bare(child(callee, "object"));
  if (owner?.type === "MemberExpression" && memberPath(owner).at(-1) === "auth") {
    return { method, client: child(owner, "object"), args };
  }
  if (nameOf(owner) !== "auth") return undefined;
  const origin = owner && originOf(owner);
  const taken = origin?.path.at(-1) === "auth" || memberPath(origin?.init).at(-1) === "auth";
  return origin?.kind === "const" && taken ? { method, client: undefined, args } : undefined;
}

/** The calls of an auth client among some nodes. */
export function* authCalls(nodes: Iterable<Node>): Generator<AuthCall & { node: Node }> {
  for (const node of nodes) {
    const call = node.type === "CallExpression" ? authCall(node) : undefined;
    if (call !== undefined) yield { ...call, node };
  }
}

/** The call that made a client, if it was made by supabase-js or ssr in this very file. */
export function clientCall(client: Node | undefined): Node | undefined {
  const made = valueOf(client);
  const name = made?.type === "CallExpression" ? memberPath(child(made, "callee")).at(-1) : "";
  return /^create(?:Server|Browser)?Client$/.test(name ?? "") ? made : undefined;
}

/** Whether the options of `createClient` may set an Authorization header of their own. */
export function mayHaveAuthorization(made: Node): boolean {
  const options = children(made, "arguments")[2];
  if (options === undefined) return false;
  const value = valueOf(options);
  if (value?.type !== "ObjectExpression" || hasSpread(value)) return true; // cannot be seen
  const global = valueOf(property(value, "global"));
  if (property(value, "accessToken") !== undefined) return true;
  if (property(value, "auth") !== undefined && hasStorage(property(value, "auth"))) return true;
  if (property(value, "global") === undefined) return false;
  if (global?.type !== "ObjectExpression" || hasSpread(global)) return true;
  const headers = property(global, "headers");
  if (headers === undefined) return false;
  const written = valueOf(headers);
  if (written?.type !== "ObjectExpression" || hasSpread(written)) return true;
  return children(written, "properties").some((one) =>
    one.computed === true || nameOf(child(one, "key"))?.toLowerCase() === "authorization"
  );
}

/** A storage of its own may hold a session. */
function hasStorage(options: Node | undefined): boolean {
  const value = valueOf(options);
  if (value?.type !== "ObjectExpression" || hasSpread(value)) return true;
  return property(value, "storage") !== undefined;
}

function hasSpread(node: Node): boolean {
  return children(node, "properties").some((one) => one.type !== "Property");
}

/** Whether a name is the `error` of an awaited supabase-js call, and of which part of it. */
export function errorOf(node: Node | undefined): "auth" | "functions" | undefined {
  const found = bare(node);
  if (found === undefined) return undefined;
  if (found.type === "MemberExpression") { // const result = await …; result.error
    if (memberPath(found).at(-1) !== "error") return undefined;
    const origin = bare(child(found, "object"));
    return origin?.type === "Identifier" ? part(valueOf(origin)) : undefined;
  }
  if (found.type !== "Identifier") return undefined;
  const origin = originOf(found);
  if (origin?.kind !== "const" || origin.path.join() !== "error") return undefined;
  return part(origin.init);
}

function part(call: Node | undefined): "auth" | "functions" | undefined {
  if (authCall(call) !== undefined) return "auth";
  const found = bare(call);
  if (found?.type !== "CallExpression") return undefined;
  const path = memberPath(child(found, "callee"));
  if (path.at(-2) === "mfa" && path.at(-3) === "auth") return "auth";
  return path.at(-1) === "invoke" && path.at(-2) === "functions" ? "functions" : undefined;
}
