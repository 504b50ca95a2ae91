import { createBrowserClient } from "@supabase/ssr";
import { withRecovery } from "../../../shared/browser/mod.ts";

export const supabase = createBrowserClient("https://<ref>.supabase.co", "sb_publishable_…");

export const { invoke } = withRecovery(supabase, {
  onSignedOut: () => location.assign("/login"),
});
