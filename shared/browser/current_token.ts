/** The token to send a call with. @module */
import type { Client } from "./client.ts";
import { tokenFacts } from "./token.ts";
import { LATE, within } from "./within.ts";

/** What there is to send. */
export type CurrentToken =
  | { readonly kind: "token"; readonly token: string }
  /** Nobody is signed in. */
  | { readonly kind: "none" }
  /** Somebody is, with a token that has run out and that Auth cannot renew now. */
  | { readonly kind: "unavailable" }
  /** Somebody was: Auth refused to renew, and supabase-js has signed them out. */
  | { readonly kind: "ended"; readonly session: string };

/**
 * Asks supabase-js for the token, which renews it where it has run out. A session whose token cannot
 * be renewed right now is not "nobody": the call must not go out as anonymous.
 *
 * @param client The client.
 * @param ms Milliseconds that it may take; supabase-js alone tries for 25 seconds.
 * @param signal The caller's.
 * @returns What there is to send.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 * import { clientOf } from "./client.ts";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const client = clientOf(createClient("https://project.example", "sb_publishable_x", { auth }));
 * assertEquals(await currentToken(client, 1000), { kind: "none" });
 * ```
 */
export async function currentToken(
  client: Client,
  ms: number,
  signal?: AbortSignal | null,
): Promise<CurrentToken> {
  const before = await client.peek();
  const asked = client.auth.getSession().then(
    ({ data }) => data.session,
    () => null, // `throwOnError`
  );
  const session = await within(ms, asked, signal);
  if (session === LATE) return { kind: "unavailable" };
  if (session !== null) return { kind: "token", token: session.access_token };
  if (await client.peek() !== null) return { kind: "unavailable" };
  if (before === null) return { kind: "none" };
  return { kind: "ended", session: sessionOf(before.access_token) };
}

/** What names the session of a token: its id, or the token itself where it has none. */
export function sessionOf(token: string): string {
  return tokenFacts(token).session ?? token;
}
