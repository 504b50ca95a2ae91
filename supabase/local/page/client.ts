/** The page's client: supabase-js as any page has it, and recovery below all that it sends. */

import { createClient } from "@supabase/supabase-js";
import { createRecovery, type RecoveryOptions } from "../../../shared/browser/mod.ts";
import { observedFetch } from "./exchange.ts";
import { publishableKey, rememberedUser } from "./user.ts";

/** Where supabase-js keeps the session. */
const STORAGE_KEY = "sb-page-auth-token";

/** Who was here before; found out before the client looks for a session. */
export const visitor = rememberedUser();

/** What the page does about what recovery tells; filled in by the files that show it. */
export const hooks: {
  -readonly [K in "onStep" | "onSignedOut" | "onOutage" | "onStepUp" | "onReauthenticate"]?:
    RecoveryOptions[K];
} = {};

const recovery = createRecovery({
  fetch: observedFetch,
  onStep: (event) => hooks.onStep?.(event),
  onSignedOut: (problem) => hooks.onSignedOut?.(problem),
  onOutage: (outage) => hooks.onOutage?.(outage),
  onStepUp: (problem, dialog) => hooks.onStepUp?.(problem, dialog),
  onReauthenticate: (problem, dialog) => hooks.onReauthenticate?.(problem, dialog),
  // A page that shows the waiting can afford two minutes of it.
  patience: 120_000,
});

export const supabase = recovery.attach(
  createClient(location.origin, publishableKey, {
    auth: { storageKey: STORAGE_KEY, detectSessionInUrl: false },
    global: { fetch: recovery.fetch },
  }),
);

let changesHere = 0;

/**
 * Runs something that signs in or out in this tab.
 *
 * @param run Asks supabase-js.
 * @returns What it gives.
 */
export async function changeSession<T>(run: () => Promise<T>): Promise<T> {
  changesHere++;
  try {
    return await run();
  } finally {
    // supabase-js does not wait for those who are told.
    setTimeout(() => changesHere--);
  }
}

/** Whether a change of the session came from another tab, as it is told. */
export function isOfAnotherTab(): boolean {
  return changesHere === 0;
}

/** The access token that is stored, or none. It may have run out. */
export function storedToken(): string | undefined {
  return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}")?.access_token;
}

/**
 * Changes the stored session, as time does: as if it had not been renewed just now.
 *
 * @param change What is different.
 */
export function changeStoredSession(change: { access_token: string; expires_at?: number }): void {
  const { renewed_at: _, ...session } = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
  localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...session, ...change }));
}

/** Whether nothing of a session is left in this browser. */
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
