/// <reference lib="dom" />
import { createClient } from "@supabase/supabase-js";
import { createRecovery } from "../../../shared/browser/mod.ts";
import { parseAuthRedirect } from "../../../shared/problems/auth_redirect.ts";
import { confirmFactor, reauthenticate } from "./dialogs.ts";

// Before createClient(), which takes a sign-in out of the address.
export const redirect = parseAuthRedirect(location.href);
if (redirect.problem !== null) history.replaceState(null, "", redirect.url);

const recovery = createRecovery({
  onSignedOut: ({ code }) => location.assign(`/login?why=${code}`),
  onStepUp: confirmFactor,
  onReauthenticate: reauthenticate,
  onOutage: (outage) => document.body.toggleAttribute("data-outage", outage !== null),
});

export const supabase = recovery.attach(
  createClient("https://<ref>.supabase.co", "sb_publishable_…", {
    global: { fetch: recovery.fetch },
  }),
);
