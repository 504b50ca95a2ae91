/// <reference lib="dom" />
import { createClient } from "@supabase/supabase-js";
import { parseAuthRedirect, withRecovery } from "../../../shared/browser/mod.ts";

// Before createClient(), which takes a sign-in out of the address.
export const redirect = parseAuthRedirect(location.href);
if (redirect.problem !== null) history.replaceState(null, "", redirect.url);

export const supabase = createClient("https://<ref>.supabase.co", "sb_publishable_…");

export const { invoke, fetch } = withRecovery(supabase, {
  onSignedOut: (problem) => location.assign(`/login?why=${problem.code}`),
  onStepUp: () => confirmSecondFactor(),
  onReauthenticate: async ({ code }, body) => {
    if (code.startsWith("current_password")) {
      const current_password = prompt("Your current password");
      return current_password && { ...Object(body), current_password };
    }
    await supabase.auth.reauthenticate(); // mails a code
    const nonce = prompt("The code that we have mailed you");
    return nonce && { ...Object(body), nonce };
  },
});

async function confirmSecondFactor(): Promise<boolean> {
  const { data } = await supabase.auth.mfa.listFactors();
  const factorId = data?.totp[0]?.id;
  const code = factorId && prompt("The code of your authenticator app");
  if (!factorId || !code) return false;
  const { error } = await supabase.auth.mfa.challengeAndVerify({ factorId, code });
  return error === null;
}
