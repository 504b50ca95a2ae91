/** What Auth says of the token, and the most probable reason. */

import { bodyOf, decodeToken, isApiKeyRefusal, readAuthError, readSession } from "../library.ts";
import { isLoopback } from "../checks/config.ts";
import { keyKind } from "../checks/key_kind.ts";
import type { Check, Hit } from "../finding.ts";
import type { Inspection } from "./inspection.ts";

/** Auth's code for the token, if it gave one. */
function codeOf({ user }: Inspection): string | undefined {
  if (user === undefined || user.kind === "fault" || isApiKeyRefusal(user)) return undefined;
  return user.status >= 400 && user.status < 500 ? readAuthError(user)?.code : undefined;
}

/** A session that lives. */
export const alive: Check<Inspection> = {
  id: "token-alive",
  why: "So the session is not lost: what looks like it happens between the client and the check.",
  fix:
    "Look at what the function receives (a proxy that drops Authorization, another client that sends its key), at CORS, and at the findings of `deno task doctor`.",
  *look({ user, token }) {
    if (user?.kind !== "answer" || user.status !== 200 || isBanned(bodyOf(user))) return;
    if (bodyOf(user)?.id !== decodeToken(token)?.claims.sub) return;
    yield { severity: "info", message: "Auth says: the session of this token is alive." };
  },
};

function isBanned(user: Readonly<Record<string, unknown>> | null): boolean {
  return Date.parse(String(user?.banned_until ?? "")) > Date.now();
}

const ENDS =
  "a sign-out (the default scope `global` ends every device), a password change or a recovery elsewhere, an administrator";

/** A session whose row is gone. */
export const ended: Check<Inspection> = {
  id: "token-session-ended",
  why:
    "Auth looks for the user first, then for the session: so the user exists, and neither a deletion nor a `db reset` is the reason.",
  fix:
    "Sign in again. Who ended it: `select created_at, payload->>'action' from auth.audit_log_entries where payload->>'actor_id' = '<sub of the token>' order by 1 desc` shows logout, user_updated_password and the like; `select id from auth.sessions where user_id = '<sub>'` shows which sessions are left: none after a global sign-out, others after a local one.",
  *look(inspection) {
    if (codeOf(inspection) !== "session_not_found") return;
    const claims = decodeToken(inspection.token)?.claims;
    const session = claims && readSession(claims);
    const factor = session?.aal === "aal1"
      ? ", or a second factor verified on another device (that ends the user's other aal1 sessions)"
      : "";
    const message = `Auth says: this session has ended. Most probably by ${ENDS}${factor}.`;
    yield { severity: "error", message };
  },
};

/** A user who is not there. */
export const userGone: Check<Inspection> = {
  id: "token-user-gone",
  why:
    "The signature is good, so the token is from this project or shares its key; the user it names is not there any more.",
  fix:
    "Sign in again, or sign up. Check: `select count(*) from auth.users where id = '<sub of the token>'` is 0.",
  *look(inspection) {
    if (codeOf(inspection) !== "user_not_found") return;
    const local = inspection.url !== undefined && isLoopback(new URL(inspection.url).hostname);
    const message = local
      ? "Auth says: no such user. On a local stack most probably the token was minted before a `supabase db reset`, or by another local stack: all share their keys."
      : "Auth says: no such user. The user was deleted, or the token is from another project with the same key.";
    yield { severity: "error", message };
  },
};

/** A user who may not. */
export const banned: Check<Inspection> = {
  id: "token-user-banned",
  why:
    "The session lives on and works again when the ban is lifted; signing out does not help, and is itself refused by a new Auth.",
  fix:
    'Look at `banned_until` in auth.users. Lift it: `supabase.auth.admin.updateUserById(id, { ban_duration: "none" })`.',
  *look(inspection) {
    const { user } = inspection;
    const old = user?.kind === "answer" && user.status === 200 && isBanned(bodyOf(user));
    if (!old && codeOf(inspection) !== "user_banned") return;
    yield { severity: "error", message: "Auth says: the user is banned." };
  },
};

/** A token that Auth does not believe. */
export const refused: Check<Inspection> = {
  id: "token-refused",
  why:
    "Auth has one code for a bad signature, an unknown key and broken claims. The session may be alive.",
  fix:
    "Refresh the session: after a rotation of the signing keys that heals it. Else sign in at this project, and check that nothing cuts or changes the token.",
  *look(inspection) {
    const code = codeOf(inspection);
    if (code === undefined || HANDLED.has(code)) return;
    const claims = decodeToken(inspection.token)?.claims;
    if (claims === undefined || (claims.exp ?? Infinity) <= inspection.now) return; // that is why
    const message =
      `Auth refuses the token (${code}), and it has not expired: most probably another project's or stack's key signed it.`;
    yield { severity: "error", message };
  },
};

const HANDLED = new Set(["session_not_found", "user_not_found", "user_banned"]);

/** Nobody to ask, or no answer. */
export const unknown: Check<Inspection> = {
  id: "token-unknown",
  why: "Only Auth knows whether a session lives; the token itself cannot tell.",
  fix:
    "Set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY), or pass --url; try again when Auth answers.",
  *look(inspection): Generator<Hit> {
    const { user, url, token } = inspection;
    if (decodeToken(token) === null || keyKind(token) !== undefined) return;
    if (url === undefined) {
      yield {
        severity: "info",
        message:
          "No project is known, so Auth was not asked: whether the session lives is unknown.",
      };
      return;
    }
    if (user === undefined || codeOf(inspection) !== undefined) return;
    if (user.kind === "answer" && isApiKeyRefusal(user)) {
      yield {
        severity: "error",
        message: "The gateway refuses the API key, or wants one: Auth was not reached.",
      };
      return;
    }
    const isUser = user.kind === "answer" && user.status === 200 &&
      bodyOf(user)?.id === decodeToken(token)?.claims.sub;
    if (isUser) return;
    const how = user.kind === "fault" ? user.reason : `status ${user.status}`;
    yield {
      severity: "error",
      message:
        `Auth gave no answer that can be used (${how}): whether the session lives is unknown.`,
    };
  },
};

/** All of this file. */
export const answerChecks: readonly Check<Inspection>[] = [
  alive,
  ended,
  userGone,
  banned,
  refused,
  unknown,
];
