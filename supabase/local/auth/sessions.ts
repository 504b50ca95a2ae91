/** What ends sessions, and what prevents a refresh or a sign-in. */

import { type AuthContext, AuthError, type Difference, isUuid, text } from "./call.ts";
import { isBanned } from "./store.ts";

/** Sign-out without a scope is global at Auth, local at lite. */
export const defaultLogoutScope: Difference = {
  auth: "sign-out without a scope ends every session of the user",
  rows: [],
  before(call) {
    if (call.path !== "/logout") return;
    const given = call.query.get("scope") || "global";
    // Without a session in the token, Auth ends all sessions of the user.
    const known = ["global", "local", "others"].includes(given);
    const scope = known && !call.caller?.sessionId ? "global" : given;
    call.liteRequest = {
      ...call.liteRequest,
      path: `/logout?${new URLSearchParams({ scope })}`,
      body: "{}",
    };
  },
};

/** A password change, also after a recovery, ends the user's other sessions. */
export const passwordChange: Difference = {
  auth: "a password change by the user ends the user's other sessions",
  rows: ["after-password-change/other-device", "after-recovery/old-session"],
  async after(call, answer, auth) {
    const changed = call.path === "/user" && call.method === "PUT" && answer.ok &&
      call.body.password !== undefined;
    if (changed && call.caller) {
      await auth.store.endSessions(call.caller.user.id, call.caller.sessionId);
    }
    return answer;
  },
};

/** Only an admin may change `app_metadata`. */
export const appMetadata: Difference = {
  auth: "a user who sends app_metadata is refused; lite ignores it",
  rows: [],
  before(call) {
    if (call.path !== "/user" || call.method !== "PUT" || call.body.app_metadata == null) return;
    throw new AuthError(403, "not_admin", "Updating app_metadata requires admin privileges");
  },
};

/** A ban is checked before the password. */
export const bannedSignIn: Difference = {
  auth: "a banned user can neither sign in with a password nor use a mailed token",
  rows: ["password/banned"],
  async before(call, auth) {
    const email = text(call.body.email);
    if (call.path === "/token" && call.query.get("grant_type") === "password" && email) {
      const user = await auth.store.userByEmail(email);
      if (user && isBanned(user, auth.now())) {
        throw new AuthError(400, "user_banned", "User is banned");
      }
    }
    if (call.path === "/verify") await refuseBannedToken(call.method === "GET", call, auth);
  },
};

async function refuseBannedToken(
  link: boolean,
  call: { query: URLSearchParams; body: Record<string, unknown> },
  auth: AuthContext,
): Promise<void> {
  const given = link ? call.query.get("token") : text(call.body.token_hash);
  const email = text(call.body.email);
  const user = given
    ? await auth.store.userByTokenHash(given.replace(/^pkce_/, ""))
    : email
    ? await auth.store.userByEmail(email)
    : undefined;
  if (user && isBanned(user, auth.now())) throw new AuthError(403, "user_banned", "User is banned");
}

/** What Auth checks before it rotates a refresh token. */
export const refreshChecks: Difference = {
  auth:
    "an unknown refresh token, a banned user and a session past not_after have codes of their own",
  rows: ["refresh/unknown", "refresh/banned"],
  async before(call, auth) {
    if (call.path !== "/token" || call.query.get("grant_type") !== "refresh_token") return;
    const token = text(call.body.refresh_token) ?? "";
    if (token.length < 12) return; // Lite answers validation_failed, as Auth does.
    const row = isUuid(token) ? await auth.store.refreshToken(token) : undefined;
    if (!row) {
      const text = "Invalid Refresh Token: Refresh Token Not Found";
      throw new AuthError(400, "refresh_token_not_found", text);
    }
    const headers = { "sb-auth-user-id": row.user_id };
    const user = await auth.store.user(row.user_id);
    if (user && isBanned(user, auth.now())) {
      throw new AuthError(400, "user_banned", "Invalid Refresh Token: User Banned", headers);
    }
    const session = row.session_id ? await auth.store.session(row.session_id) : undefined;
    if (session?.not_after && new Date(session.not_after).getTime() <= auth.now()) {
      const both = { ...headers, "sb-auth-session-id": session.id };
      throw new AuthError(400, "session_expired", "Invalid Refresh Token: Session Expired", both);
    }
  },
};
