/** Calls of Auth that need a session, or a token, and do not have it. */

import { readSpecifier } from "../project/packages.ts";
import { compareVersions, readVersion, type Version } from "../project/versions.ts";
import { authCall } from "../source/auth_call.ts";
import { bearerOf, type Client, clientOf } from "../source/client.ts";
import { at } from "../source/follow.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  isReference,
  memberPath,
  nameOf,
  type Node,
  text,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

/** `auth.getSession()` on a server. */
export const getSessionOnServer: Rule = {
  id: "get-session-on-server",
  why:
    "getSession() asks nobody: it hands back what the storage or the cookie holds, so a signed-out, deleted or banned user passes until the token's `exp`, and a forged cookie does too.",
  fix:
    "Ask Auth: `const { data, error } = await supabase.auth.getUser()`, with the client of the cookies.",
  types: ["CallExpression"],
  look(node, surroundings) {
    const { runtime } = surroundings;
    if (runtime !== "function" && runtime !== "server") return;
    const call = authCall(node);
    if (call?.method !== "getSession") return;
    if (isCheckedBeside(node) || opensSession(node, surroundings) || givesTokenOnly(node)) return;
    // It refreshes the cookies, as the guides of old had it, and nobody trusts what it says.
    const isDropped = /middleware|proxy/.test(surroundings.file?.path ?? "") && isBare(node);
    if (isDropped || isUnread(node)) return;
    if (runtime === "server") {
      return {
        severity: "warning",
        message: "auth.getSession() on a server: what it returns is not checked by Auth.",
      };
    }
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    const isSure = client?.made === "createClient" && bearerOf(client) !== "unknown" &&
      !opensSession(node, surroundings, client);
    return {
      severity: isSure ? "error" : "warning",
      message: isSure
        ? "auth.getSession() in an Edge Function: its client holds no session, so it is null for everybody."
        : "auth.getSession() in an Edge Function: it does not ask Auth whether the session is alive.",
      fix:
        "Ask Auth with the caller's token: `const { data, error } = await supabase.auth.getUser(token)`; or mount edge-auth, which does.",
    };
  },
};

/** A call with what does not change its value, such as `await`, around it. */
function whole(node: Node): Node {
  let one = node;
  while (one.parent && bare(one.parent) === node) one = one.parent;
  return one;
}

/** Whether a call is a statement of its own. */
function isBare(node: Node): boolean {
  return whole(node).parent?.type === "ExpressionStatement";
}

/** Whether what a call returns is given a name that nobody reads from then on. */
function isUnread(node: Node): boolean {
  const one = whole(node);
  const { parent } = one;
  const isAssigned = parent?.type === "AssignmentExpression" && parent.right === one &&
    parent.parent?.type === "ExpressionStatement";
  const pattern = isAssigned
    ? child(parent, "left")
    : parent?.type === "VariableDeclarator"
    ? child(parent, "id")
    : undefined;
  const scope = outermost(node);
  if (pattern === undefined || scope === undefined) return false;
  const own = new Set(walk(pattern));
  const names = new Set([...own].map(nameOf));
  return ![...walk(scope)].some((each) =>
    each.type === "Identifier" && !own.has(each) && names.has(nameOf(each)) && isReference(each) &&
    Number(each.start ?? 0) > Number(node.start ?? 0)
  );
}

/** The outermost function around a node: what is asked in a callback is asked in it as well. */
function outermost(node: Node): Node | undefined {
  let found: Node | undefined;
  for (let one = node.parent; one; one = one.parent) if (isFunction(one)) found = one;
  return found;
}

/** The same function also asks, as in the guides of SvelteKit and Next.js. */
function isCheckedBeside(node: Node): boolean {
  const scope = outermost(node) ?? around(node, (one) => one.type === "Program");
  return scope !== undefined &&
    [...walk(scope)].some((one) => /^get(?:User|Claims)$/.test(authCall(one)?.method ?? ""));
}

/** Of the session only its token is taken, to be passed on to somebody who checks it. */
function givesTokenOnly(node: Node): boolean {
  const scope = outermost(node);
  if (scope === undefined) return false;
  const names = [...walk(scope)].filter((one) => {
    if (one.type !== "Identifier") return false;
    const origin = originOf(one);
    return origin?.init !== undefined && bare(origin.init) === node && isReference(one) &&
      !isPattern(one, origin.node);
  });
  return names.length > 0 && names.every((one) => {
    const path = pathFrom(one);
    if (/token$/.test(path.at(-1) ?? "") || path.includes("access_token")) return true;
    return isMereTest(one);
  });
}

function isPattern(node: Node, declarator: Node): boolean {
  const id = child(declarator, "id");
  return id !== undefined && [...walk(id)].includes(node);
}

function pathFrom(identifier: Node): string[] {
  const path: string[] = [];
  let one: Node = identifier;
  while (one.parent && (one.parent.type === "MemberExpression" || bare(one.parent) === bare(one))) {
    if (one.parent.type === "MemberExpression") {
      if (one.parent.object !== one) break;
      path.push(nameOf(child(one.parent, "property")) ?? "()");
    }
    one = one.parent;
  }
  return path;
}

function isMereTest(identifier: Node): boolean {
  let one: Node = identifier;
  while (
    one.parent &&
    /^(?:MemberExpression|LogicalExpression|UnaryExpression|ChainExpression)$/.test(one.parent.type)
  ) one = one.parent;
  return /^(?:If|While)Statement$|^ConditionalExpression$/.test(one.parent?.type ?? "") &&
    one.parent!.test === one;
}

/** `auth.getUser()` in a function whose client holds no session. */
export const getUserWithoutToken: Rule = {
  id: "get-user-without-token",
  why:
    "A client in a function has no stored session. getUser() without a token then answers AuthSessionMissingError without a call, for every caller; with an Authorization header on the client it does so in supabase-js up to 2.39.3 and in 2.42.5.",
  fix: 'Pass the token: `supabase.auth.getUser(authorization.replace(/^Bearer /i, ""))`.',
  types: ["CallExpression"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function") return;
    const call = authCall(node);
    if (call?.method !== "getUser" || call.args.length > 0) return;
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    if (client?.made !== "createClient" || opensSession(node, surroundings, client)) return;
    const bearer = bearerOf(client);
    if (bearer === "key") {
      return {
        severity: "error",
        message:
          "auth.getUser() without a token, on a client without a session or an Authorization header.",
      };
    }
    const version = exactVersion(client.from);
    if (bearer !== "caller" || version === undefined || !ignoresHeader(version)) return;
    // Up to 2.39.3 the package takes the newest gotrue-js: a lock file may hold one that works.
    const isPinned = compareVersions(version, [2, 39, 3]) > 0;
    return {
      severity: isPinned ? "error" : "warning",
      message: `auth.getUser() without a token makes no call in supabase-js ${version.join(".")}` +
        `${isPinned ? "" : ", as its dependencies are resolved today"}, also with an ` +
        "Authorization header on the client.",
    };
  },
};

/** The version of a specifier that names one exactly: `npm:@supabase/supabase-js@2.39.3`. */
function exactVersion(specifier: string | undefined): Version | undefined {
  const range = specifier === undefined ? undefined : readSpecifier(specifier)?.range;
  return range !== undefined && /^v?\d+\.\d+\.\d+$/.test(range) ? readVersion(range) : undefined;
}

/** Measured: 2.39.0 and 2.39.3 ignore it, 2.39.4 to 2.39.8 do not, 2.42.5 does, 2.43.0 does not. */
function ignoresHeader(version: Version): boolean {
  return compareVersions(version, [2, 39, 3]) <= 0 || compareVersions(version, [2, 42, 5]) === 0;
}

/** A sign-in or setSession in the file of the call, or where its client is made, opens a session. */
function opensSession(node: Node, surroundings: Surroundings, client?: Client): boolean {
  const here = surroundings.file?.nodes ?? walk(around(node, (one) => one.type === "Program")!);
  return [...here, ...client?.call.file?.nodes ?? []].some((one) =>
    one.type === "CallExpression" && OPENS.test(authCall(one)?.method ?? "")
  );
}

const OPENS =
  /^(?:setSession|signIn|signUp|verifyOtp|exchangeCodeForSession|refreshSession|initialize)/;

/** What needs a stored session, where there is none. */
export const noSession: Rule = {
  id: "method-needs-session",
  why:
    "A client that only has the caller's Authorization header holds no session. updateUser(), reauthenticate() and refreshSession() answer AuthSessionMissingError without a call, getAuthenticatorAssuranceLevel() says null, and signOut() reports success without one.",
  fix:
    "Send the caller's bearer to Auth yourself: `PUT /auth/v1/user`, `GET /auth/v1/reauthenticate`; sign out with `auth.admin.signOut(token, scope)`; read `aal` from `getClaims(token)`.",
  types: ["CallExpression"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function") return;
    const call = authCall(node);
    const effect = call && NEEDS_SESSION[call.method];
    if (call === undefined || effect === undefined) return;
    if (/^(?:refreshSession|mfa\.)/.test(call.method) && call.args.length > 0) return;
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    if (client?.made !== "createClient" || bearerOf(client) === "unknown") return;
    if (opensSession(node, surroundings, client)) return;
    return {
      severity: "error",
      message: `auth.${call.method}() on a client without a session: ${effect}.`,
    };
  },
};

/** Measured with supabase-js 2.119.1 on a client with an Authorization header. */
const NEEDS_SESSION: Readonly<Record<string, string>> = {
  updateUser: "AuthSessionMissingError, and nothing is changed",
  reauthenticate: "AuthSessionMissingError, and no mail is sent",
  refreshSession: "AuthSessionMissingError",
  signOut: "no error, and nobody is signed out",
  "mfa.getAuthenticatorAssuranceLevel": "the level is always null",
};

const TAKES_TOKEN = new Set(["getUser", "getClaims"]);

/** The whole Authorization header where a token belongs. */
export const headerAsToken: Rule = {
  id: "header-as-token",
  why:
    "The header begins with the scheme, `Bearer`, so Auth is sent `Bearer Bearer …` and answers 401 no_authorization: a living session looks lost.",
  fix: 'Cut the scheme off: `header.replace(/^Bearer /i, "")`.',
  types: ["CallExpression"],
  look(node, { runtime }) {
    const call = authCall(node);
    if (call === undefined || !TAKES_TOKEN.has(call.method)) return;
    const [token] = call.args;
    if (!isAuthorizationHeader(token)) return;
    return {
      // supabase-js sends the scheme to functions; to another server, one's own client may not.
      severity: runtime === "function" ? "error" : "warning",
      message: `The whole Authorization header is passed to auth.${call.method}() as the token.`,
    };
  },
};

/** `headers.get("Authorization")` of fetch, or `c.req.header("Authorization")` of Hono. */
function isAuthorizationHeader(node: Node | undefined): boolean {
  const value = valueOf(node);
  if (value?.type === "LogicalExpression") return isAuthorizationHeader(child(value, "left"));
  if (value?.type === "TemplateLiteral") {
    const before = children(value, "quasis")[0];
    return rawOf(before).startsWith("Bearer ");
  }
  if (value?.type === "MemberExpression") { // request.headers.authorization of Node
    const path = memberPath(value);
    return path.at(-1)?.toLowerCase() === "authorization" && path.at(-2) === "headers";
  }
  if (value?.type !== "CallExpression") return false;
  const path = memberPath(child(value, "callee"));
  const reads = (path.at(-1) === "get" && /headers$/i.test(path.at(-2) ?? "")) ||
    (path.at(-1) === "header" && path.at(-2) === "req");
  return reads && text(children(value, "arguments")[0])?.toLowerCase() === "authorization";
}

function rawOf(element: Node | undefined): string {
  const value = element?.value as { raw?: unknown } | undefined;
  return String(value?.raw ?? element?.raw ?? "");
}
