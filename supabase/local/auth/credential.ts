/** The check of the caller's token: header, signature, claims, user, session and ban. */

import { BadToken, type Claims } from "../jwt.ts";
import { type AuthCall, type AuthContext, AuthError, type Difference, isUuid } from "./call.ts";
import { accessOf } from "./routes.ts";
import { isBanned } from "./store.ts";

const NIL_UUID = "00000000-0000-0000-0000-000000000000";

/** The token of an Authorization header: `Bearer` in any case, one space, one token. */
export function bearerToken(header: string | null): string {
  const token = /^bearer (\S+)$/i.exec(header ?? "")?.[1];
  if (token) return token;
  throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
}

/** Verifies the token of a request. */
async function verifiedClaims(call: AuthCall, auth: AuthContext): Promise<Claims> {
  const token = bearerToken(call.request.headers.get("authorization"));
  try {
    return await auth.keys.verify(token, auth.now());
  } catch (error) {
    if (!(error instanceof BadToken)) throw error;
    const text = `invalid JWT: unable to parse or verify signature, ${error.message}`;
    throw new AuthError(403, "bad_jwt", text);
  }
}

/** The first audience of a token. Auth only checks that there is one. */
function audienceOf(claims: Claims): unknown {
  return Array.isArray(claims.aud) ? claims.aud[0] : claims.aud;
}

async function loadCaller(call: AuthCall, auth: AuthContext): Promise<void> {
  const claims = await verifiedClaims(call, auth);
  const { sub, session_id: sessionId } = claims;
  if (!sub) throw new AuthError(403, "bad_jwt", "invalid claim: missing sub claim");
  if (!isUuid(sub)) throw new AuthError(400, "bad_jwt", "invalid claim: sub claim must be a UUID");
  const user = await auth.store.user(sub);
  if (!user) {
    throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
  }
  const session = sessionId && sessionId !== NIL_UUID ? sessionId : undefined;
  if (session !== undefined) {
    if (!isUuid(session)) {
      throw new AuthError(403, "bad_jwt", "invalid claim: session_id claim must be a UUID");
    }
    if (!await auth.store.session(session)) {
      const text = "Session from session_id claim in JWT does not exist";
      throw new AuthError(403, "session_not_found", text);
    }
  }
  if (isBanned(user, auth.now())) throw new AuthError(403, "user_banned", "User is banned");
  call.caller = { claims, user, ...(session === undefined ? {} : { sessionId: session }) };
}

/** Only GET /user checks the audience. */
function checkAudience(call: AuthCall): void {
  if (call.path !== "/user" || call.method !== "GET" || !call.caller) return;
  const audience = audienceOf(call.caller.claims);
  const expected = call.request.headers.get("x-jwt-aud") ?? audience;
  if (audience === undefined || audience !== expected) {
    throw new AuthError(400, "validation_failed", "Token audience doesn't match request audience");
  }
}

/** The check of a user's token: lite has neither ES256 nor most of the rules. */
export const userToken: Difference = {
  auth:
    "the header is exactly `Bearer <token>`, the token ES256 or legacy HS256, its claims checked",
  rows: [
    "user/live-lower-case-scheme",
    "user/two-tokens",
    "user/bearer-bearer",
    "user/publishable-key",
    "user/unknown-kid",
    "user/aud-header",
    "user/no-aud",
    "user/session-id-not-uuid",
    "user/session-id-nil",
    "user/nbf-future",
    "after-ban",
    "logout/banned",
    "after-unban",
    "after-delete",
  ],
  async before(call, auth) {
    if (accessOf(call) !== "user") return;
    await loadCaller(call, auth);
    checkAudience(call);
    const { user, sessionId } = call.caller!;
    const claims = { sub: user.id, ...(sessionId ? { session_id: sessionId } : {}) };
    call.liteRequest = { ...call.liteRequest, token: await auth.liteToken(claims) };
  },
};

/** Only a token whose role is service_role may call the admin API. */
export const adminToken: Difference = {
  auth: "the admin API accepts only tokens whose role is service_role",
  rows: ["admin/not-admin"],
  async before(call, auth) {
    if (accessOf(call) !== "admin") return;
    const claims = await verifiedClaims(call, auth);
    if (claims.role !== "service_role") throw new AuthError(403, "not_admin", "User not allowed");
  },
};
