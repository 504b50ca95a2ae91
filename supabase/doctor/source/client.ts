/** Clients of supabase-js: who made them, with which key, and for whom they speak. */

import { at, environmentName, follow, foreign, type Place, returned } from "./follow.ts";
import { child, children, memberPath, nameOf, type Node, property, text, walk } from "./node.ts";
import { originOf } from "./scope.ts";
import { keyKind } from "../checks/key_kind.ts";

/** How a client was made. */
export interface Client {
  /** The call of `createClient`, `createServerClient` or `createBrowserClient`. */
  readonly call: Place;
  readonly made: string;
  /** The specifier of the package, if it was imported. */
  readonly from: string | undefined;
}

const MAKES = /^create(?:Server|Browser)?Client$/;

/** The client that this very call makes, if it is a call of supabase-js or ssr itself. */
export function madeBy(call: Place): Client | undefined {
  const callee = child(call.node, "callee");
  const found = callee?.type === "Identifier" ? originOf(callee) : undefined;
  const name = memberPath(callee).at(-1) ?? "";
  if (!MAKES.test(name) && !(found?.kind === "import" && MAKES.test(found.imported ?? ""))) {
    return undefined;
  }
  const imported = foreign(at(call, callee));
  if (imported !== undefined) {
    return MAKES.test(imported.imported)
      ? { call, made: imported.imported, from: imported.from }
      : undefined;
  }
  // A name that comes from nowhere: examples, and files that import it in a way not understood.
  return callee?.type === "Identifier" && found === undefined
    ? { call, made: name, from: undefined }
    : undefined;
}

/** The client that an expression stands for, if it is made where it can be seen. */
export function clientOf(place: Place | undefined, depth = 0): Client | undefined {
  const found = follow(place);
  if (found?.node.type !== "CallExpression" || depth > 5) return undefined;
  const made = madeBy(found);
  if (made !== undefined) return made;
  for (const one of returned(found)) {
    const client = clientOf(one, depth + 1);
    if (client !== undefined) return client;
  }
  return undefined;
}

/** Names that say their value is a secret key of Supabase. */
export const SECRET_NAME =
  /SERVICE_ROLE|SERVICE_KEY|SUPABASE_SECRET|(?:^|_)SECRET_KEYS?$|SB_SECRET/i;

/** Whether a client is made with a secret or service_role key. */
export function hasSecretKey({ call }: Client): boolean {
  return isSecretKey(at(call, children(call.node, "arguments")[1]));
}

/** Whether an expression is a secret key, by the variable that it reads or by its text. */
export function isSecretKey(place: Place | undefined): boolean {
  if (place === undefined) return false;
  const name = environmentName(place);
  if (name !== undefined) return SECRET_NAME.test(name) && !PUBLISHABLE.test(name);
  const found = follow(place)!.node;
  const kind = keyKind(text(found) ?? "");
  if (kind !== undefined) return kind === "secret" || kind === "service_role";
  const own = memberPath(found.type === "CallExpression" ? child(found, "callee") : found).at(-1)!;
  return /service_?role|service_?key|supabase_?secret/i.test(own);
}

/** Whether a client may keep a session: neither the service's, nor told to keep none. */
export function keepsSession(client: Client): boolean {
  if (client.made !== "createClient") return true; // of cookies, or of the page
  if (hasSecretKey(client)) return false;
  const options = follow(at(client.call, children(client.call.node, "arguments")[2]));
  const auth = options && follow(at(options, property(options.node, "auth")));
  const persists = property(auth?.node, "persistSession");
  return !(persists?.type === "Literal" && persists.value === false);
}

const PUBLISHABLE = /STRIPE|CLERK|ANON|PUBLISHABLE/i;

/** For whom a client speaks. */
export type Bearer = "caller" | "key" | "unknown";

/** For whom a client speaks by its options: whoever calls, its own key, or that cannot be seen. */
export function bearerOf({ call, made }: Client): Bearer {
  if (made !== "createClient") return "caller"; // of cookies
  const options = children(call.node, "arguments")[2];
  if (options === undefined) return "key";
  const value = follow(at(call, options));
  if (value?.node.type !== "ObjectExpression" || hasSpread(value.node)) return "unknown";
  if (property(value.node, "accessToken") !== undefined) return "caller";
  const auth = property(value.node, "auth");
  if (auth !== undefined && mayStore(at(value, auth))) return "unknown";
  const header = headerIn(value);
  if (header === "none") return "key";
  if (header === "unknown") return "unknown";
  return isOwnKey(header) ? "key" : "caller";
}

/** The Authorization header, or the token, that the options of a client set, if it is written there. */
export function authorizationOf({ call }: Client): Place | undefined {
  const options = follow(at(call, children(call.node, "arguments")[2]));
  const token = options && at(options, property(options.node, "accessToken"));
  if (token !== undefined) return token;
  const found = options?.node.type === "ObjectExpression" ? headerIn(options) : "unknown";
  return typeof found === "object" ? found : undefined;
}

function headerIn(options: Place): Place | "none" | "unknown" {
  const global = chosen(at(options, property(options.node, "global")));
  if (global === undefined) return "none";
  if (global.node.type !== "ObjectExpression" || hasSpread(global.node)) return "unknown";
  const headers = chosen(at(global, property(global.node, "headers")));
  if (headers === undefined) return "none";
  if (headers.node.type !== "ObjectExpression" || hasSpread(headers.node)) return "unknown";
  const header = children(headers.node, "properties").find((one) =>
    one.computed === true || nameOf(child(one, "key"))?.toLowerCase() === "authorization"
  );
  const set = child(header, "value");
  return set === undefined ? "none" : at(headers, set);
}

/** What an expression stands for; of `a ? {…} : undefined` and `a && {…}`, the object. */
function chosen(place: Place | undefined): Place | undefined {
  const found = follow(place);
  const sides = found?.node.type === "ConditionalExpression"
    ? ["consequent", "alternate"]
    : found?.node.type === "LogicalExpression"
    ? ["right", "left"]
    : [];
  for (const side of sides) {
    const inner = follow(at(found!, child(found!.node, side)));
    if (inner?.node.type === "ObjectExpression") return inner;
  }
  return found;
}

/** `Bearer ${key}` of the function's own. */
function isOwnKey(place: Place | undefined): boolean {
  const found = follow(place);
  if (found === undefined) return false;
  if (found.node.type === "TemplateLiteral") {
    return children(found.node, "expressions").some((one) =>
      environmentName(at(found, one)) !== undefined || isSecretKey(at(found, one))
    );
  }
  return environmentName(found) !== undefined;
}

/** A storage of its own may hold a session. */
function mayStore(options: Place): boolean {
  const value = follow(options);
  if (value?.node.type !== "ObjectExpression" || hasSpread(value.node)) return true;
  return property(value.node, "storage") !== undefined;
}

export function hasSpread(node: Node): boolean {
  return children(node, "properties").some((one) => one.type !== "Property");
}

/** Whether an expression holds what the caller sent in `Authorization`, or a session's token. */
export function isCallersToken(place: Place | undefined, depth = 0): boolean {
  if (place === undefined || depth > 4) return false;
  const whole = follow(place)!;
  for (const node of walk(whole.node)) {
    if (node.type === "CallExpression" && headerOf(node) === "authorization") return true;
    if (node.type === "MemberExpression") {
      const path = memberPath(node);
      if (path.at(-1) === "access_token") return true;
      if (path.at(-1)?.toLowerCase() === "authorization" && path.at(-2) === "headers") return true;
    }
    if (node.type !== "Identifier" || node === whole.node) continue;
    const origin = originOf(node);
    if (origin?.init && origin.kind !== "import" && origin.init !== place.node) {
      if (origin.path.at(-1) === "access_token") return true;
      if (isCallersToken(at(whole, origin.init), depth + 1)) return true;
    }
  }
  return /^(?:auth(?:orization)?_?header|authorization|jwt|access_?token|user_?token)$/i
    .test(nameOf(whole.node) ?? "");
}

/**
 * The name of the header that a call reads, in small letters: `headers.get("Authorization")` of
 * fetch, `c.req.header("Authorization")` of Hono, `getHeader(event, "authorization")` of h3.
 */
export function headerOf(call: Node): string | undefined {
  if (call.type !== "CallExpression") return undefined;
  const path = memberPath(child(call, "callee"));
  const reads = (path.at(-1) === "get" && /headers$/i.test(path.at(-2) ?? "")) ||
    (path.at(-1) === "header" && path.at(-2) === "req") ||
    /^get(?:Request)?Header$/.test(path.at(-1) ?? "");
  const args = children(call, "arguments");
  return reads ? text(args.at(-1))?.toLowerCase() : undefined;
}
