/// <reference lib="dom" />
import { createBrowserClient } from "@supabase/ssr";
import { createRecovery } from "../../../shared/browser/mod.ts";

const recovery = createRecovery({ onSignedOut: () => location.assign("/login") });

export const supabase = recovery.attach(
  createBrowserClient("https://<ref>.supabase.co", "sb_publishable_…", {
    global: { fetch: recovery.fetch },
  }),
);
