/** Cookies of a server that hold the session. */

import { lineOf } from "../project/source_file.ts";
import { isSecretKey } from "../source/client.ts";
import { at, follow, resultsOf } from "../source/follow.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  property,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

/** Redirects of a middleware that lose what was refreshed. */
export const middlewareDropsCookies: Rule = {
  id: "middleware-drops-cookies",
  why:
    "The check may have refreshed the session, and its new cookies are on another response than the one that is returned. The browser keeps the used refresh token: the next refresh is refused, and the user is signed out.",
  fix:
    "Copy them first: `response.cookies.getAll().forEach((cookie) => redirect.cookies.set(cookie))`, then return the redirect.",
  types: ["CallExpression"],
  look(node, surroundings) {
    const scope = around(node, isFunction);
    if (scope === undefined) return;
    if (!refreshesCookies(node) && !refreshesByHelper(node, surroundings)) return;
    const dropped = [...walk(scope)].filter((one) =>
      one.type === "CallExpression" && Number(one.start ?? 0) > Number(node.start ?? 0) &&
      /^(?:NextResponse\.(?:redirect|rewrite|json)|Response\.redirect)$/.test(
        memberPath(child(one, "callee")).join("."),
      ) &&
      isReturnedAlone(one)
    );
    if (dropped.length === 0) return;
    return {
      severity: "warning",
      message: dropped.length === 1
        ? `A redirect in line ${lineOf(dropped[0]!)} is returned without the refreshed cookies.`
        : `${dropped.length} responses (first in line ${
          lineOf(dropped[0]!)
        }) are returned without the refreshed cookies.`,
    };
  },
};

/** Whether a call makes a client that writes refreshed cookies on a response. */
function refreshesCookies(node: Node): boolean {
  if (memberPath(child(node, "callee")).at(-1) !== "createServerClient") return false;
  const cookies = valueOf(property(valueOf(children(node, "arguments")[2]), "cookies"));
  const write = property(cookies, "setAll") ?? property(cookies, "set");
  return write !== undefined && writesOnResponse(write);
}

/** `updateSession(request)` of another file, in a middleware that goes on with its answer. */
function refreshesByHelper(node: Node, surroundings: Surroundings): boolean {
  const callee = child(node, "callee");
  if (!/(?:^|\/)(?:middleware|proxy)\.[jt]s$/.test(surroundings.file?.path ?? "")) return false;
  if (callee?.type !== "Identifier") return false;
  const helper = follow(at(placeOf(node, surroundings), callee));
  return helper !== undefined && helper.file !== surroundings.file && isFunction(helper.node) &&
    [...walk(helper.node)].some((one) => one.type === "CallExpression" && refreshesCookies(one));
}

/** `response.cookies.set(…)`, not `cookies().set(…)` nor `request.cookies.set(…)` alone. */
function writesOnResponse(write: Node): boolean {
  return [...walk(write)].some((one) => {
    const path = one.type === "CallExpression" ? memberPath(child(one, "callee")) : [];
    return path.at(-1) === "set" && path.at(-2) === "cookies" && /res/i.test(path.at(-3) ?? "");
  });
}

function isReturnedAlone(node: Node): boolean {
  let one: Node = node;
  while (
    one.parent && (bare(one.parent) === bare(one) || one.parent.type === "ConditionalExpression")
  ) {
    one = one.parent;
  }
  if (one.parent?.type === "ReturnStatement") {
    // `NextResponse.redirect(url, { headers: response.headers })` takes them along.
    return children(node, "arguments").slice(1).every((each) =>
      ![...walk(each)].some((inner) => /headers|cookies/i.test(nameOf(inner) ?? ""))
    );
  }
  const declarator = one.parent?.type === "VariableDeclarator" ? one.parent : undefined;
  const id = child(declarator, "id");
  const scope = declarator && around(declarator, isFunction);
  if (id?.type !== "Identifier" || scope === undefined) return false;
  const uses = [...walk(scope)].filter((each) =>
    each !== id && each.type === "Identifier" && each.name === id.name &&
    originOf(each)?.node === declarator
  );
  return uses.length > 0 && uses.every((each) => each.parent?.type === "ReturnStatement");
}

/** The old interface of cookies. */
export const ssrGetSetRemove: Rule = {
  id: "ssr-get-set-remove",
  why:
    "A session is larger than a cookie and is kept in several. `get`, `set` and `remove` handle them one by one, so a part can be missing or left over: the session is cut off, or comes back after its end.",
  fix:
    "Give `getAll` and `setAll`, which @supabase/ssr has from 0.4.0, and update the package if it is older.",
  types: ["CallExpression"],
  look(node) {
    if (!/^create(?:Server|Browser)Client$/.test(memberPath(child(node, "callee")).at(-1) ?? "")) {
      return;
    }
    const cookies = valueOf(property(valueOf(children(node, "arguments")[2]), "cookies"));
    if (property(cookies, "get") === undefined || property(cookies, "getAll") !== undefined) return;
    return {
      severity: "warning",
      message: "The cookies have get, set and remove, the interface of before 0.4.",
    };
  },
};

/** A secret key in a client that speaks for the cookie's user. */
export const secretKeyCookieClient: Rule = {
  id: "secret-key-cookie-client",
  why:
    "The session in the cookie replaces the key as bearer, so calls act as the user under row level security, and as the service where no cookie is: which of the two changes with the session.",
  fix:
    "Use the publishable key with cookies, and a second client, `createClient(url, secretKey, { auth: { persistSession: false } })`, for what the service does.",
  types: ["CallExpression"],
  look(node, surroundings) {
    if (memberPath(child(node, "callee")).at(-1) !== "createServerClient") return;
    const args = children(node, "arguments");
    const cookies = property(valueOf(args[2]), "cookies");
    if (cookies === undefined || readsNone(cookies)) return;
    const key = at(placeOf(node, surroundings), args[1]);
    if (!isSecretKey(key)) return;
    const isChosen = follow(key)?.node.type === "ConditionalExpression";
    return {
      severity: isChosen ? "warning" : "error",
      message: `createServerClient() with cookies has a secret key${
        isChosen ? ", where that is chosen" : ""
      }.`,
    };
  },
};

/** `getAll: () => []` lets no cookie in, so no session either. */
function readsNone(cookies: Node): boolean {
  const object = valueOf(cookies);
  if (object?.type === "ObjectExpression" && children(object, "properties").length === 0) {
    return true;
  }
  const read = valueOf(property(valueOf(cookies), "getAll") ?? property(valueOf(cookies), "get"));
  if (read === undefined || !isFunction(read)) return false;
  const results = resultsOf(read);
  return results.every((one) => {
    const value = bare(one);
    return value?.type === "ArrayExpression"
      ? children(value, "elements").length === 0
      : value?.type === "Literal" || nameOf(value) === "undefined";
  });
}
