/** Signing out on this device, and only there, once Auth has confirmed it. @module */
import type { Client, StoredSession } from "./client.ts";
import { confirm } from "./confirm.ts";
import { sessionOf } from "./current_token.ts";
import { tokenFacts } from "./token.ts";
import { LATE, within } from "./within.ts";

/** How it ended. */
export type SignedOut =
  /** Nobody is signed in here any more, and what Auth calls the reason. */
  | { readonly kind: "out"; readonly code: string }
  /** The same user has signed in again: there is a newer session. */
  | { readonly kind: "newer" }
  /** Another user has. */
  | { readonly kind: "other" }
  /** Auth did not confirm it. The session stays. */
  | { readonly kind: "unconfirmed" };

/**
 * Makes what signs out, for one client. Calls about the same token share one sign-out.
 *
 * @param client The client.
 * @returns A function that signs out if the session of the refused token is still the stored one and
 * Auth confirms that it ended. See {@linkcode confirm} for `spent`.
 *
 * @example Where nobody is signed in, nobody is asked
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 * import { clientOf } from "./client.ts";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const client = clientOf(createClient("https://project.example", "sb_publishable_x", { auth }));
 * assertEquals(await createSignOut(client)("a token", false, 1000), {
 *   kind: "out",
 *   code: "no_authorization",
 * });
 * ```
 */
export function createSignOut(
  client: Client,
): (failed: string, spent: boolean, ms: number) => Promise<SignedOut> {
  const underWay = new Map<string, Promise<SignedOut>>();
  return function signOut(failed, spent, ms) {
    const key = `${spent} ${failed}`;
    const shared = underWay.get(key) ??
      run(client, failed, spent, ms).finally(() => underWay.delete(key));
    underWay.set(key, shared);
    return shared;
  };
}

/**
 * What the stored session says about the refused token; `undefined` if it has to go. A session that
 * Auth calls gone is gone with all its tokens. If only the token is spent, another tab may have
 * renewed the session in the same moment: then the stored token is another one, and stays.
 */
function look(
  stored: StoredSession | null,
  failed: string,
  code: string,
  spent: boolean,
): SignedOut | undefined {
  if (stored === null) return { kind: "out", code };
  const same = spent
    ? stored.access_token === failed
    : sessionOf(stored.access_token) === sessionOf(failed);
  if (same) return undefined;
  const mine = tokenFacts(stored.access_token).user === tokenFacts(failed).user;
  return { kind: mine ? "newer" : "other" };
}

async function run(client: Client, failed: string, spent: boolean, ms: number): Promise<SignedOut> {
  const early = look(await client.peek(), failed, "no_authorization", spent);
  if (early !== undefined) return early;
  const code = await confirm(client, failed, spent, ms);
  if (code === null) return { kind: "unconfirmed" };
  const onlyToken = code === "bad_jwt";
  // Twice at most: once through supabase-js, and once more if it kept what it should have dropped.
  for (let tries = 0; tries < 2; tries++) {
    // No await between the look and the removal where the storage answers at once: nothing can come
    // in between. A storage that answers later leaves that gap, and nobody can close it from here.
    const looked = client.peek();
    const stored = looked instanceof Promise ? await looked : looked;
    const found = look(stored, failed, code, onlyToken);
    if (found !== undefined) return found;
    // A listener that throws or hangs does not keep the session: what counts is the next look.
    await within(ms, client.drop()).catch(() => LATE);
  }
  return look(await client.peek(), failed, code, onlyToken) ?? { kind: "unconfirmed" };
}
