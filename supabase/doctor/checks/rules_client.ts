/** What clients do to their session. */

import { authCall } from "../source/auth_call.ts";
import { around, child, children, isFunction, memberPath, text } from "../source/node.ts";
import type { Rule } from "../source/rule.ts";

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
