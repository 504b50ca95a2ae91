/** The two optional rules for a password change, which lite does not have. */

import { decodeClaims } from "../jwt.ts";
import { type AuthCall, type AuthContext, AuthError, type Difference, text } from "./call.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function caller(call: AuthCall) {
  if (!call.caller) throw new Error("The token is checked before the password rules.");
  return call.caller;
}

async function requireNonce(call: AuthCall, auth: AuthContext): Promise<void> {
  const { user, sessionId } = caller(call);
  const session = sessionId ? await auth.store.session(sessionId) : undefined;
  if (session && auth.now() - new Date(session.created_at).getTime() <= DAY_MS) return;
  const nonce = text(call.body.nonce);
  if (!nonce) {
    const text = "Password update requires reauthentication";
    throw new AuthError(400, "reauthentication_needed", text);
  }
  if (!await auth.store.takeNonce(user, nonce)) {
    throw new AuthError(422, "reauthentication_not_valid", "Nonce has expired or is invalid");
  }
}

/** Whether this is the user's password, found out by a sign-in. */
async function isPassword(email: string, password: string, auth: AuthContext): Promise<boolean> {
  const body = JSON.stringify({ email, password });
  const path = "/token?grant_type=password";
  const answer = await auth.lite({ method: "POST", path, body });
  const { access_token: token } = await answer.json();
  if (typeof token !== "string") return false;
  await auth.store.endSession(String(decodeClaims(token).session_id));
  return true;
}

async function requireCurrentPassword(call: AuthCall, auth: AuthContext): Promise<void> {
  const { user, sessionId } = caller(call);
  // A session of a mail link is for a user who forgot the password.
  const method = auth.amr.get(sessionId ?? "")?.[0]?.method;
  if (method === "otp" || method === "recovery" || method === "magiclink") return;
  const current = text(call.body.current_password);
  const sentence = "Current password required when setting new password.";
  if (!current) throw new AuthError(400, "current_password_required", sentence);
  if (!await isPassword(user.email ?? "", current, auth)) {
    throw new AuthError(400, "current_password_invalid", sentence);
  }
}

/** `secure_password_change` and `require_current_password` of config.toml. */
export const passwordRules: Difference = {
  auth: "a project can require a nonce (in old sessions) and the current password",
  rows: [],
  async before(call, auth) {
    if (call.path !== "/user" || call.method !== "PUT") return;
    const { password } = call.body;
    if (typeof password !== "string") return;
    // A weak password is refused first, by lite, with its reasons.
    if (password.length < auth.settings.minimumPasswordLength) return;
    if (auth.settings.securePasswordChange) await requireNonce(call, auth);
    if (auth.settings.requireCurrentPassword) await requireCurrentPassword(call, auth);
  },
};
