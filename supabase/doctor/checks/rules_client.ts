/** What clients do to their session. */

import { authCall, isSupabaseCall } from "../source/auth_call.ts";
import { headerOf, isSecretKey, SECRET_NAME } from "../source/client.ts";
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
  text,
  walk,
} from "../source/node.ts";
import { lineOf } from "../project/source_file.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";
import { type KeyKind, keyKind } from "./key_kind.ts";
import { published } from "./published.ts";

/** `signOut()` without a scope. */
export const signOutGlobal: Rule = {
  id: "sign-out-global",
  why:
    "The default scope of signOut() is `global`: it ends the user's sessions on every device, and their next requests there answer session_not_found.",
  fix:
    'Write down which is meant: `signOut({ scope: "local" })` for this device, `"global"` for all.',
  types: ["CallExpression"],
  look(node, { runtime }) {
    const call = authCall(node);
    if (call?.method !== "signOut" || call.args.length > 0 || runtime === "function") return;
    return { severity: "info", message: "auth.signOut() without a scope ends every device." };
  },
};

/** The storage key of version 1. */
export const legacyStorageKey: Rule = {
  id: "legacy-storage-key",
  why:
    "Version 2 keeps the session under `sb-<ref>-auth-token`. Nothing is removed, and the dead session is there again after a reload.",
  fix: 'Call `supabase.auth.signOut({ scope: "local" })` instead; it knows the key.',
  types: ["CallExpression"],
  look(node) {
    const path = memberPath(child(node, "callee"));
    if (!/^(?:get|set|remove)Item$/.test(path.at(-1) ?? "")) return;
    if (!/^(?:local|session)Storage$/.test(path.at(-2) ?? "")) return;
    if (text(children(node, "arguments")[0]) !== "supabase.auth.token") return;
    return {
      severity: "warning",
      message: "`supabase.auth.token` is not the storage key of supabase-js 2.",
    };
  },
};

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

/** Tokens where others read them. */
export const tokenExposed: Rule = {
  id: "token-exposed",
  why:
    "Addresses and logs are kept by proxies, browsers and log services. Whoever reads an access token there is that user until its `exp`, and whoever reads a refresh token is the user until the session ends.",
  fix:
    "Send the token in the Authorization header (a WebSocket: in its first message or in a subprotocol), and log `claims.sub` or a request id instead.",
  types: ["CallExpression", "TemplateLiteral"],
  look(node, { runtime }) {
    // A page reads what Auth's own redirect has put there.
    const isAsked = runtime === "function" || runtime === "server";
    const where = node.type === "TemplateLiteral"
      ? tokenInAddress(node) ? "is put into an address" : undefined
      : isAsked && tokenOfQuery(node)
      ? "is read from the query"
      : tokenInLog(node)
      ? "is written to the log"
      : undefined;
    return where && { severity: "warning", message: `A token of the user ${where}.` };
  },
};

/** `searchParams.get("access_token")`. */
function tokenOfQuery(node: Node): boolean {
  const path = memberPath(child(node, "callee"));
  const reads =
    (path.at(-1) === "get" && /^(?:searchParams|query|params)$/.test(path.at(-2) ?? "")) ||
    (path.at(-1) === "query" && path.at(-2) === "req");
  const name = reads ? text(children(node, "arguments")[0]) : undefined;
  if (name === undefined || isOfFragment(node)) return false;
  if (/^(?:access_token|refresh_token|jwt|authorization)$/i.test(name)) return true;
  return /^(?:token|auth)$/i.test(name) && isAskedAbout(node);
}

/** `new URLSearchParams(location.hash…)`: what is behind `#` is sent to nobody. */
function isOfFragment(node: Node): boolean {
  const owner = bare(child(child(node, "callee"), "object"));
  const made = valueOf(owner);
  return made !== undefined && [...walk(made)].some((one) => /hash/i.test(nameOf(one) ?? ""));
}

/** Whether a value goes to Auth as a token. */
function isAskedAbout(node: Node): boolean {
  const declarator = around(
    node,
    (one) => one.type === "VariableDeclarator" || /Statement$/.test(one.type),
  );
  const program = around(node, (one) => one.type === "Program");
  if (declarator?.type !== "VariableDeclarator" || program === undefined) return false;
  return [...walk(program)].some((one) =>
    one.type === "CallExpression" &&
    /^(?:getUser|getClaims|setSession)$/.test(authCall(one)?.method ?? "") &&
    children(one, "arguments").some((each) => {
      const name = bare(each);
      return name?.type === "Identifier" && originOf(name)?.node === declarator;
    })
  );
}

/** `console.log(token)`. */
function tokenInLog(node: Node): boolean {
  if (memberPath(child(node, "callee"))[0] !== "console") return false;
  return children(node, "arguments").some((one) => {
    const found = bare(one)!;
    if (found.type === "TemplateLiteral") return children(found, "expressions").some(isToken);
    if (found.type === "ObjectExpression") {
      return children(found, "properties").some((each) => {
        const value = child(each, "value");
        return value !== undefined && isToken(value);
      });
    }
    return isToken(found) || isAllHeaders(found);
  });
}

/** `req.headers`, `Object.fromEntries(req.headers)`: the Authorization header is among them. */
function isAllHeaders(node: Node): boolean {
  const isCopy = node.type === "CallExpression" &&
    memberPath(child(node, "callee")).join(".") === "Object.fromEntries";
  let found = isCopy ? bare(children(node, "arguments")[0]) : node;
  const callee = found?.type === "CallExpression" ? bare(child(found, "callee")) : undefined;
  if (isCopy && callee && memberPath(callee).at(-1) === "entries") { // headers.entries()
    found = bare(child(callee, "object"));
  }
  const path = memberPath(found);
  return path.length === 2 && path[1] === "headers" && /^(?:req|request)$/.test(path[0]!);
}

/** Whether an expression is a token itself, not its length or whether it is there. */
function isToken(node: Node): boolean {
  const found = bare(node);
  if (found?.type === "MemberExpression") {
    const path = memberPath(found);
    if (/^(?:access|refresh)_token$/.test(path.at(-1)!)) return isOfSession(found);
    return path.at(-1)?.toLowerCase() === "authorization" && path.at(-2) === "headers";
  }
  if (found?.type === "CallExpression") return headerOf(found) === "authorization";
  if (found?.type !== "Identifier") return false;
  const origin = originOf(found);
  if (origin?.init === undefined) return false;
  if (/^(?:access|refresh)_token$/.test(origin.path.at(-1) ?? "")) {
    return origin.path.includes("session") || authCall(origin.init) !== undefined ||
      /session/i.test(nameOf(bare(origin.init)) ?? "");
  }
  if (origin.path.at(-1) === "session") return authCall(origin.init)?.method === "getSession";
  if (origin.path.length > 0) return false;
  const init = bare(origin.init);
  if (init?.type === "MemberExpression") return isToken(init);
  return init !== undefined && isHeaderText(init);
}

/** `session.access_token`, `data.session.access_token`: not the token of another service. */
function isOfSession(member: Node): boolean {
  const path = memberPath(member).slice(0, -1);
  if (path.some((name) => /session$/i.test(name))) return true;
  let root: Node | undefined = member;
  while (root?.type === "MemberExpression") root = bare(child(root, "object"));
  const origin = root?.type === "Identifier" ? originOf(root) : undefined;
  return origin?.path.includes("session") === true || authCall(origin?.init) !== undefined;
}

/** `headers.get("Authorization")`, with its scheme cut off or not; or a token of the query. */
function isHeaderText(node: Node): boolean {
  const found = bare(node);
  if (found?.type === "LogicalExpression") return isHeaderText(child(found, "left")!);
  if (found?.type === "ConditionalExpression") return isHeaderText(child(found, "consequent")!);
  if (found?.type === "MemberExpression") return isHeaderText(child(found, "object")!);
  if (found?.type === "Identifier") {
    const init = valueOf(found);
    return init !== undefined && init !== found && isHeaderText(init);
  }
  if (found?.type !== "CallExpression") return false;
  if (headerOf(found) === "authorization" || tokenOfQuery(found)) return true;
  const callee = bare(child(found, "callee"));
  return callee?.type === "MemberExpression" &&
    /^(?:replace|trim|split|slice|substring|at)$/.test(memberPath(callee).at(-1)!) &&
    isHeaderText(child(callee, "object")!);
}

/** `…?access_token=${session.access_token}`. */
function tokenInAddress(node: Node): boolean {
  const parts = children(node, "quasis").map((one) =>
    String((one.value as { cooked?: unknown } | undefined)?.cooked ?? one.cooked ?? "")
  );
  return children(node, "expressions").some((one, i) => {
    const before = parts.slice(0, i + 1).join("");
    if (!/[?&][\w-]*=$/.test(before) || before.includes("#")) return false;
    const value = bare(one);
    const inner =
      value?.type === "CallExpression" && nameOf(child(value, "callee")) === "encodeURIComponent"
        ? children(value, "arguments")[0]
        : value;
    return inner !== undefined && isToken(inner);
  });
}

/** Refresh tokens that the application keeps itself. */
export const refreshTokenKept: Rule = {
  id: "refresh-token-kept",
  why:
    "A refresh token is good for one refresh. supabase-js refreshes by itself, so a copy is soon an old one: used again it is refused as refresh_token_already_used, and the family of the session is ended.",
  fix:
    "Let supabase-js keep the session (`auth.storage`, or the cookies of @supabase/ssr), and ask it: `auth.getSession()`.",
  types: ["CallExpression", "AssignmentExpression"],
  look(node) {
    const isKept = keptBy(node).some((one) =>
      [...walk(one)].some((each) => {
        const found = each.type === "MemberExpression" ? memberPath(each) : [];
        if (found.at(-1) === "refresh_token") return /session/i.test(found.slice(0, -1).join("."));
        const origin = each.type === "Identifier" ? originOf(each) : undefined;
        return origin?.path.at(-1) === "refresh_token" &&
          (origin.path.includes("session") || authCall(origin.init) !== undefined ||
            /session/i.test(memberPath(origin.init).join(".")));
      })
    );
    return isKept
      ? {
        severity: "warning",
        message: "A refresh token is kept beside the session of supabase-js.",
      }
      : undefined;
  },
};

/** What a call or an assignment puts into a storage or a cookie. */
function keptBy(node: Node): Node[] {
  if (node.type === "AssignmentExpression") { // document.cookie = …
    const isCookie = memberPath(child(node, "left")).join(".").endsWith("document.cookie");
    const right = child(node, "right");
    return isCookie && right !== undefined ? [right] : [];
  }
  const method = memberPath(child(node, "callee")).at(-1) ?? "";
  if (!/^set(?:Item|ItemAsync|Cookie)?$|^cookie$/.test(method)) return [];
  const object = child(bare(child(node, "callee")), "object");
  const owner = object === undefined ? "" : [...walk(object)].map(nameOf).join(".");
  const keeps = /Async$|Cookie$/.test(method) ||
    (method === "cookie" && /^(?:res|response|reply)$/.test(owner)) ||
    /storage|cookie|secure|mmkv|preferences/i.test(owner);
  return keeps ? children(node, "arguments") : [];
}

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

/** An event that is never sent. */
export const eventUserDeleted: Rule = {
  id: "event-user-deleted",
  why:
    "supabase-js 2 has no such event, so the branch never runs. A deleted user shows as user_not_found from getUser(), and keeps the local session until then.",
  fix:
    "Ask Auth: `getUser()` answers 403 user_not_found. Behind edge-auth the action is `sign_in`.",
  types: ["BinaryExpression", "SwitchCase"],
  look(node) {
    const sides = node.type === "SwitchCase" ? ["test"] : ["left", "right"];
    if (!sides.some((side) => text(child(node, side)) === "USER_DELETED")) return;
    const listener = around(
      node,
      (one) => isFunction(one) && authCall(one.parent ?? undefined)?.method === "onAuthStateChange",
    );
    if (listener === undefined) return;
    return { severity: "warning", message: "The event USER_DELETED is never sent." };
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
    if (!isSecretKey(at(placeOf(node, surroundings), args[1]))) return;
    return { severity: "error", message: "createServerClient() with cookies has a secret key." };
  },
};

/** `getAll: () => []` lets no cookie in, so no session either. */
function readsNone(cookies: Node): boolean {
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

/** A secret key where everybody can read it. */
export const secretKeyInBrowser: Rule = {
  id: "secret-key-in-browser",
  why:
    "Whoever reads the page can read, change and delete everything, users and sessions too. Rotating the key then refuses every function that still has the old one.",
  fix: "Use the publishable key in the browser, move the call into a function, and rotate the key.",
  types: ["MemberExpression", "Literal"],
  look(node, { runtime }) {
    if (node.type === "Literal") {
      const kind = runtime === "browser" ? secretLiteral(node) : undefined;
      return kind && { severity: "error", message: `A ${kind} key is written in browser code.` };
    }
    const name = environmentName(node);
    if (name === undefined || !SECRET_NAME.test(name)) return;
    if (!PUBLIC_NAME.test(name)) return;
    // Bundlers replace `import.meta.env`; `process.env` may also be a script's of Node.
    const inPage = runtime === "browser" || memberPath(node).at(-3) !== "process";
    return {
      severity: inPage ? "error" : "warning",
      message: inPage
        ? `${name} is a secret by its name, and is put into the page.`
        : `${name} is a secret by its name, and has the prefix of variables for the page.`,
    };
  },
};

/** A secret key written down in source. */
export const secretKeyInSource: Rule = {
  id: "secret-key-in-source",
  why:
    "It is in the history of the repository for everybody who can read that, and rotating it needs a deployment.",
  fix: "Read it from the environment (`supabase secrets set`), and rotate it.",
  types: ["Literal"],
  look(node, { runtime }) {
    const kind = runtime === "browser" ? undefined : secretLiteral(node);
    return kind && { severity: "warning", message: `A ${kind} key is written in the source.` };
  },
};

/** Prefixes whose variables frameworks put into the page. */
export const PUBLIC_NAME =
  /^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY|VUE_APP)_/;

function secretLiteral(node: Node): KeyKind | undefined {
  const value = String(node.value);
  const kind = /^(?:eyJ|sb_)/.test(value) ? keyKind(value) : undefined;
  if (kind === undefined || published(value) !== undefined) return undefined;
  return kind === "secret" || kind === "service_role" ? kind : undefined;
}

/** `NAME` of `process.env.NAME` or `import.meta.env.NAME`. */
function environmentName(node: Node): string | undefined {
  const path = memberPath(node);
  if (path.at(-2) !== "env") return undefined;
  const meta = child(child(node, "object"), "object")?.type === "MetaProperty";
  return meta || path.at(-3) === "process" ? path.at(-1) : undefined;
}
