/** Tokens where others read them, or where they grow old. */

import { authCall } from "../source/auth_call.ts";
import { headerOf } from "../source/client.ts";
import {
  around,
  bare,
  child,
  children,
  memberPath,
  nameOf,
  type Node,
  text,
  walk,
} from "../source/node.ts";
import type { Rule } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

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
