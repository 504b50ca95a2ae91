/**
 * Who is signed in, as one subscription.
 *
 * @module
 */
import type { AuthChangeEvent, Session } from "@supabase/supabase-js";
import { type AnyClient, clientOf, type StoredSession } from "./client.ts";
import { sessionOf } from "./current_token.ts";

/** What changed. */
export type SessionChange =
  | {
    /** `refreshed` is the same session with another token or another user record. */
    readonly kind: "signed_in" | "refreshed";
    readonly session: StoredSession;
    /** The event of supabase-js behind it: `PASSWORD_RECOVERY` asks for a new password. */
    readonly event: AuthChangeEvent;
  }
  | { readonly kind: "signed_out"; readonly session: null; readonly event: AuthChangeEvent };

/**
 * Tells who is signed in: first what was stored, once supabase-js has recovered it, then each change,
 * of this tab and of others.
 *
 * What is stored decides, not the event: a sign-out that arrives after a new sign-in reports nobody,
 * and a token that cannot be renewed while Auth is away is no sign-out. Events that change nothing
 * (supabase-js repeats `SIGNED_IN` each time a tab comes to the front) are not told.
 *
 * @param supabase The client.
 * @param callback Is told, one change after the other. It may call supabase-js.
 * @returns Ends the subscription.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const supabase = createClient("https://project.example", "sb_publishable_x", { auth });
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const stop = onSession(supabase, ({ kind }) => resolve(kind));
 * assertEquals(await promise, "signed_out");
 * stop();
 * ```
 */
export function onSession(
  supabase: AnyClient,
  callback: (change: SessionChange) => void,
): () => void {
  const client = clientOf(supabase);
  // What was told last; `undefined` until the stored session is recovered.
  let last: StoredSession | null | undefined;
  let recovered = false;
  let recovery = false;
  let stopped = false;
  let queue = Promise.resolve();

  async function look(event: AuthChangeEvent, given: Session | null): Promise<void> {
    const stored = await client.peek();
    // The event's own has the user record also where that is stored apart.
    const now = given?.access_token === stored?.access_token ? given : stored;
    const change = changeOf(last, now, event);
    last = now;
    if (change === undefined || stopped) return;
    try {
      callback(change);
    } catch (error) {
      reportError(error); // the page's own mistake; the next change is told all the same
    }
  }

  const { data: { subscription } } = client.auth.onAuthStateChange((event, session) => {
    if (!recovered) {
      recovery ||= event === "PASSWORD_RECOVERY";
      if (event !== "INITIAL_SESSION") return;
      recovered = true;
      if (recovery) event = "PASSWORD_RECOVERY";
    }
    // Not awaited: supabase-js waits for its listeners, and this one may call it.
    queue = queue.then(() => look(event, session));
  });
  return () => {
    stopped = true;
    subscription.unsubscribe();
  };
}

function changeOf(
  last: StoredSession | null | undefined,
  now: StoredSession | null,
  event: AuthChangeEvent,
): SessionChange | undefined {
  if (now === null) {
    return last === null ? undefined : { kind: "signed_out", session: null, event };
  }
  const same = !!last && sessionOf(last.access_token) === sessionOf(now.access_token);
  if (!same || event === "PASSWORD_RECOVERY") return { kind: "signed_in", session: now, event };
  const changed = last.access_token !== now.access_token || event === "USER_UPDATED";
  return changed ? { kind: "refreshed", session: now, event } : undefined;
}
