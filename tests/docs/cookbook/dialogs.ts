/// <reference lib="dom" />
import type { Problem } from "../../../shared/browser/mod.ts";
import { supabase } from "./supabase.ts";

/** A second factor; or the password again, where only the sign-in is too old. */
export async function confirmFactor({ code }: Problem): Promise<boolean> {
  const { data } = await supabase.auth.mfa.listFactors();
  const factorId = data?.totp[0]?.id;
  if (factorId) {
    const code = prompt("The code of your authenticator app");
    if (!code) return false;
    const { error } = await supabase.auth.mfa.challengeAndVerify({ factorId, code });
    return error === null;
  }
  if (code !== "authentication_too_old") return false;
  const { data: { session } } = await supabase.auth.getSession();
  const email = session?.user.email;
  const password = email && prompt(`The password of ${email}`);
  if (!email || !password) return false;
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  return error === null;
}

/** Auth uses a code up before it looks at the password: so both are asked for, and sent together. */
export async function reauthenticate({ code }: Problem): Promise<object | null> {
  // A code that was only mistyped still counts: no second mail.
  if (code !== "reauthentication_not_valid" && !code.startsWith("current_password")) {
    await supabase.auth.reauthenticate(); // mails one
  }
  const current_password = prompt("Your current password");
  if (!current_password) return null;
  if (code === "current_password_required") return { current_password };
  const nonce = prompt("The code that we have mailed you");
  return nonce ? { current_password, nonce } : null;
}
