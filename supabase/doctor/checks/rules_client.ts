/** What clients do to their session. */

import { authCall } from "../source/auth_call.ts";
import {
  around,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  property,
  text,
} from "../source/node.ts";
import type { Rule } from "../source/rule.ts";
import { valueOf } from "../source/scope.ts";
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
  look(node) {
    const call = authCall(node);
    if (call?.method !== "signOut" || call.args.length > 0) return;
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
  look(node) {
    if (memberPath(child(node, "callee")).at(-1) !== "createServerClient") return;
    const args = children(node, "arguments");
    if (property(valueOf(args[2]), "cookies") === undefined) return;
    if (!isSecret(args[1])) return;
    return { severity: "error", message: "createServerClient() with cookies has a secret key." };
  },
};

/** A secret key where everybody can read it. */
export const secretKeyInBrowser: Rule = {
  id: "secret-key-in-browser",
  why:
    "Whoever reads the page can read, change and delete everything, users and sessions too. Rotating the key then refuses every function that still has the old one.",
  fix: "Use the publishable key in the browser, move the call into a function, and rotate the key.",
  types: ["MemberExpression", "Literal"],
  look(node, runtime) {
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
  look(node, runtime) {
    const kind = runtime === "browser" ? undefined : secretLiteral(node);
    return kind && { severity: "warning", message: `A ${kind} key is written in the source.` };
  },
};

/** Prefixes whose variables frameworks put into the page. */
export const PUBLIC_NAME =
  /^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY|VUE_APP)_/;
/** Names that say their value is a secret key. */
export const SECRET_NAME = /SERVICE_ROLE|SERVICE_KEY|SUPABASE_SECRET|SECRET_KEYS?$/;

function secretLiteral(node: Node): KeyKind | undefined {
  const value = String(node.value);
  const kind = published(value) === undefined ? keyKind(value) : undefined;
  return kind === "secret" || kind === "service_role" ? kind : undefined;
}

/** `NAME` of `process.env.NAME` or `import.meta.env.NAME`. */
function environmentName(node: Node): string | undefined {
  const path = memberPath(node);
  if (path.at(-2) !== "env") return undefined;
  const meta = child(child(node, "object"), "object")?.type === "MetaProperty";
  return meta || path.at(-3) === "process" ? path.at(-1) : undefined;
}

function isSecret(node: Node | undefined): boolean {
  const value = valueOf(node);
  if (value === undefined) return false;
  const kind = keyKind(text(value) ?? "");
  if (kind === "secret" || kind === "service_role") return true;
  if (value.type === "MemberExpression") return SECRET_NAME.test(environmentName(value) ?? "");
  if (value.type !== "CallExpression") return false;
  const reads = memberPath(child(value, "callee")).join(".") === "Deno.env.get";
  return reads && SECRET_NAME.test(text(children(value, "arguments")[0]) ?? nameOf(value) ?? "");
}
