/** The page of fake_project.ts: a client set up as the README shows, and what it was told. */
import { createClient } from "@supabase/supabase-js";
import { createRecovery, onSession, problemOf } from "../../../shared/browser/mod.ts";

const told: string[] = [];
const kinds: string[] = [];
const outages: number[] = [];
const dialogs: { complete: () => void; cancel: () => void }[] = [];

const recovery = createRecovery({
  onSignedOut: ({ code }) => told.push(code),
  onOutage: (outage) => outages.push(outage === null ? 0 : 1),
  onStepUp: (_, { complete, cancel }) => {
    dialogs.push({ complete, cancel });
  },
  patience: Number(new URLSearchParams(location.search).get("patience") ?? 20_000),
});

const supabase = recovery.attach(
  createClient(location.origin, "sb_publishable_x", {
    auth: { storageKey: "sb-test-auth-token" },
    global: { fetch: recovery.fetch },
  }),
);

onSession(supabase, ({ kind }) => kinds.push(kind));

const app = { supabase, told, kinds, outages, dialogs, problemOf };
/** What tests reach in the page. */
export type App = typeof app;
Object.assign(globalThis, { app });
