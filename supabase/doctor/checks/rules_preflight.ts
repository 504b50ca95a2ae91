/** The order of CORS and the check of the token. */

import { authCall } from "../source/auth_call.ts";
import { originOf } from "../source/scope.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  memberPath,
  type Node,
  text,
  walk,
} from "../source/node.ts";
import type { Rule } from "../source/rule.ts";

/** The answer to a preflight, behind the check of the token. */
export const preflightAfterAuth: Rule = {
  id: "cors-after-auth",
  why:
    'A preflight carries no token. Refused, it has no CORS headers, the browser never sends the request, and a living session looks like "offline".',
  fix: "Answer OPTIONS, or mount cors(), before anything that looks at the token.",
  types: ["CallExpression", "BinaryExpression"],
  look(node) {
    return node.type === "CallExpression" ? corsBehindAuth(node) : optionsBehindAuth(node);
  },
};

export const message = "CORS comes after the check of the token: preflights are refused.";

/** `app.use(cors())` behind `app.use(auth())`, on one app, for the same or all paths. */
function corsBehindAuth(node: Node) {
  const cors = mounted(node);
  if (cors?.what !== "cors") return;
  const list = around(node, (one) => one.type === "Program" || one.type === "BlockStatement");
  for (const statement of children(list, "body")) {
    for (const earlier of walk(statement)) {
      if (earlier === node) return;
      const auth = mounted(earlier);
      if (auth?.what !== "auth" || auth.app !== cors.app) continue;
      if (auth.path === undefined || auth.path === cors.path) {
        return { severity: "error", message } as const;
      }
    }
  }
  return;
}

const CHECKS_TOKEN: Readonly<Record<string, RegExp>> = {
  auth: /edge-auth|shared\/(?:mod|server\/auth)\.ts$/,
  jwt: /^(?:npm:|jsr:@)?hono[@/]/,
  jwk: /^(?:npm:|jsr:@)?hono[@/]/,
  bearerAuth: /^(?:npm:|jsr:@)?hono[@/]/,
};

function mounted(node: Node): { app: string; path: string | undefined; what: string } | undefined {
  if (node.type !== "CallExpression") return;
  const path = memberPath(child(node, "callee"));
  if (path.at(-1) !== "use" || path.length !== 2) return;
  const args = children(node, "arguments");
  const route = text(args[0]);
  for (const one of args) {
    const call = bare(one);
    const id = call?.type === "CallExpression" ? child(call, "callee") : undefined;
    const origin = id && importOf(id);
    if (origin === undefined) continue;
    const all = route === undefined || route === "*" || route === "/*";
    const at = { app: path[0]!, path: all ? undefined : route };
    if (origin.imported === "cors") return { ...at, what: "cors" };
    if (CHECKS_TOKEN[origin.imported]?.test(origin.from)) return { ...at, what: "auth" };
  }
  return;
}

function importOf(id: Node): { imported: string; from: string } | undefined {
  const origin = originOf(id);
  if (origin?.kind !== "import" || !origin.from || !origin.imported) return undefined;
  return { imported: origin.imported, from: origin.from };
}

/** `if (req.method === "OPTIONS")` behind a getUser() of the same function. */
function optionsBehindAuth(node: Node) {
  if (text(child(node, "right")) !== "OPTIONS") return;
  if (memberPath(child(node, "left")).at(-1) !== "method") return;
  if (!/^===?$/.test(String(node.operator))) return;
  const handler = around(node, isFunction);
  const body = child(handler, "body");
  for (const statement of children(body, "body")) {
    for (const one of walk(statement)) {
      if (one === node) return;
      const call = authCall(one);
      if (call?.method === "getUser" && around(one, isFunction) === handler) {
        return { severity: "warning", message } as const;
      }
    }
  }
  return;
}
