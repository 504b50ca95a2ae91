/** The two optional rules for changing a password, which lite does not know. */

import { decodeClaims } from "../jwt.ts";
import { type AuthCall, type AuthContext, type Difference, Refusal, text } from "./call.ts";

const day = 24 * 60 * 60 * 1000;

function caller(call: AuthCall) {
  if (!call.caller) throw new Error("The token is checked before the password rules.");
  return call.caller;
}

async function needNonce(call: AuthCall, auth: AuthContext): Promise<void> {
  const { user, sessionId } = caller(call);
  const session = sessionId ? await auth.store.session(sessionId) : undefined;
  if (session && auth.now() - new Date(session.created_at).getTime() <= day) return;
  const nonce = text(call.body.nonce);
  if (!nonce) {
    const text = "Password update requires reauthentication";
    throw new Refusal(400, "reauthentication_needed", text);
  }
  if (!await auth.store.takeNonce(user, nonce)) {
    throw new Refusal(422, "reauthentication_not_valid", "Nonce has expired or is invalid");
  }
}

/** Whether this is the user's password. Lite can only be asked by signing in. */
async function isPassword(email: string, password: string, auth: AuthContext): Promise<boolean> {
  const body = JSON.stringify({ email, password });
  const path = "/token?grant_type=password";
  const answer = await auth.lite({ method: "POST", path, body });
  const { access_token: token } = await answer.json();
  if (typeof token !== "string") return false;
  await auth.store.endSession(String(decodeClaims(token).session_id));
  return true;
}

async function needCurrentPassword(call: AuthCall, auth: AuthContext): Promise<void> {
  const { user, sessionId } = caller(call);
  // A session that a mail opened is how one sets a password one has forgotten.
  const opened = auth.amr.get(sessionId ?? "")?.[0]?.method;
  if (opened === "otp" || opened === "recovery" || opened === "magiclink") return;
  const current = text(call.body.current_password);
  const sentence = "Current password required when setting new password.";
  if (!current) throw new Refusal(400, "current_password_required", sentence);
  if (!await isPassword(user.email ?? "", current, auth)) {
    throw new Refusal(400, "current_password_invalid", sentence);
  }
}

/** `secure_password_change` and `require_current_password` of config.toml. */
export const passwordRules: Difference = {
  auth: "a project can ask for a nonce (old sessions) and for the current password",
  rows: [],
  async before(call, auth) {
    if (call.path !== "/user" || call.method !== "PUT") return;
    const { password } = call.body;
    if (typeof password !== "string") return;
    // What is too weak is refused first; lite says why.
    if (password.length < auth.settings.minimumPasswordLength) return;
    if (auth.settings.securePasswordChange) await needNonce(call, auth);
    if (auth.settings.requireCurrentPassword) await needCurrentPassword(call, auth);
  },
};
