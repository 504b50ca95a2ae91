/** The page's client: supabase-js as any page has it, and recovery around its calls. */

import { createClient } from "@supabase/supabase-js";
import { type RecoveryEvent, withRecovery } from "../../../shared/browser/mod.ts";
import type { Problem } from "../../../shared/browser/mod.ts";
import { askForProof } from "./ask.ts";
import { publishableKey, recall } from "./person.ts";
import { recordingFetch } from "./recorder.ts";

/** Where supabase-js keeps the session. */
const storageKey = "sb-page-auth-token";

/** Who was here before; found out before the client looks for a session. */
export const visitor = recall();

export const supabase = createClient(location.origin, publishableKey, {
  auth: { storageKey, detectSessionInUrl: false },
  global: { fetch: recordingFetch },
});

/** Told what recovery does. */
export const hooks: {
  onStep: (event: RecoveryEvent) => void;
  onSignedOut: (problem: Problem) => void;
} = { onStep: () => {}, onSignedOut: () => {} };

export const { invoke } = withRecovery(supabase, {
  onStep: (event) => hooks.onStep(event),
  onSignedOut: (problem) => hooks.onSignedOut(problem),
  onReauthenticate: askForProof,
  // A page that shows waiting can afford two minutes of it.
  patience: 120_000,
});

/** The access token that is stored, or none. It may have run out. */
export function storedToken(): string | undefined {
  return JSON.parse(localStorage.getItem(storageKey) ?? "{}").access_token;
}

/**
 * Puts another access token into the stored session, and leaves its expiry as it is: so it is on a
 * machine whose clock is behind, where only the server notices that a token has run out.
 */
export function replaceToken(token: string): void {
  const session = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
  localStorage.setItem(storageKey, JSON.stringify({ ...session, access_token: token }));
}

/** Whether anything of a session is left in this browser. */
export function isStorageClean(): boolean {
  return Object.keys(localStorage).every((key) => !key.startsWith("sb-"));
}

/** Calls one of the stack's control routes. */
export async function control(
  path: string,
  body: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`/_local/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}
