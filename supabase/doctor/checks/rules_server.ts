/** What servers do to a session. */

import { authCall, clientCall, mayHaveAuthorization } from "../source/auth_call.ts";
import { around, bare, child, children, isFunction, memberPath } from "../source/node.ts";
import { type Node, text, walk } from "../source/node.ts";
import type { Rule } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

/** `auth.getSession()` on a server. */
export const getSessionOnServer: Rule = {
  id: "get-session-on-server",
  why:
    "getSession() asks nobody: it hands back what the storage or the cookie holds, so a signed-out, deleted or banned user passes until the token's `exp`, and a forged cookie does too.",
  fix:
    "Ask Auth with the caller's token: `const { data, error } = await supabase.auth.getUser(token)`; or mount edge-auth, which does.",
  types: ["CallExpression"],
  look(node, runtime) {
    if (runtime !== "function" && runtime !== "server") return;
    if (authCall(node)?.method !== "getSession") return;
    if (runtime === "server" && isCheckedBeside(node)) return;
    return runtime === "function"
      ? {
        severity: "error",
        message:
          "auth.getSession() in an Edge Function: it does not ask Auth whether the session is alive.",
      }
      : {
        severity: "warning",
        message: "auth.getSession() on a server: what it returns is not checked by Auth.",
      };
  },
};

/** The same function also asks Auth, as in the guides of SvelteKit and Next.js. */
function isCheckedBeside(node: Node): boolean {
  const scope = around(node, isFunction);
  return scope !== undefined &&
    [...walk(scope)].some((one) => authCall(one)?.method === "getUser");
}

/** `auth.getUser()` in a function whose client holds no session. */
export const getUserWithoutToken: Rule = {
  id: "get-user-without-token",
  why:
    "A client in a function has no stored session, so getUser() without a token answers AuthSessionMissingError without a call, for every caller.",
  fix: 'Pass the token: `supabase.auth.getUser(authorization.replace(/^Bearer /i, ""))`.',
  types: ["CallExpression"],
  look(node, runtime) {
    if (runtime !== "function") return;
    const call = authCall(node);
    if (call?.method !== "getUser" || call.args.length > 0) return;
    const made = clientCall(call.client);
    if (made === undefined || /^create(?:Server|Browser)/.test(callee(made))) return;
    if (mayHaveAuthorization(made)) return;
    if (opensSession(node)) return;
    return {
      severity: "error",
      message:
        "auth.getUser() without a token, on a client without a session or an Authorization header.",
    };
  },
};

function callee(call: Node): string {
  return memberPath(child(call, "callee")).at(-1) ?? "";
}

/** A sign-in or setSession around the call gives the client a session. */
function opensSession(node: Node): boolean {
  const scope = around(node, (one) => one.type === "Program");
  return scope !== undefined &&
    [...walk(scope)].some((one) =>
      /^(?:setSession|signIn|signUp|verifyOtp|exchangeCodeForSession|refreshSession|initialize)/
        .test(authCall(one)?.method ?? "")
    );
}

const TAKES_TOKEN = new Set(["getUser", "getClaims"]);

/** The whole Authorization header where a token belongs. */
export const headerAsToken: Rule = {
  id: "header-as-token",
  why:
    "The header begins with the scheme, `Bearer`, so Auth is sent `Bearer Bearer …` and answers 401 no_authorization: a living session looks lost.",
  fix: 'Cut the scheme off: `header.replace(/^Bearer /i, "")`.',
  types: ["CallExpression"],
  look(node) {
    const call = authCall(node);
    if (call === undefined || !TAKES_TOKEN.has(call.method)) return;
    const [token] = call.args;
    if (!isAuthorizationHeader(token)) return;
    return {
      severity: "error",
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

const message = "CORS comes after the check of the token: preflights are refused.";

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
