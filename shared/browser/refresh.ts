/** Renewing the token: once for all callers, and at most once in 30 seconds a session. @module */
import type { Client, StoredSession } from "./client.ts";
import { sessionOf } from "./current_token.ts";
import { tokenFacts } from "./token.ts";
import { LATE, within } from "./within.ts";

/** How a refresh ended. */
export type Refreshed =
  /** There is another token of the same user: send the request again with it. */
  | { readonly kind: "token" }
  /** Renewed less than 30 seconds ago, and the renewed token is refused too. */
  | { readonly kind: "too_soon" }
  /** Auth did not answer, limits us, or answered something that decides nothing. */
  | { readonly kind: "unavailable" }
  /** Auth will never renew this session; and what it called the reason. */
  | { readonly kind: "refused"; readonly code: string }
  /** Auth does not renew a suspended user's session; the suspension may be lifted. */
  | { readonly kind: "banned" }
  /** Nobody is signed in any more. */
  | { readonly kind: "gone" }
  /** Somebody else is signed in by now. */
  | { readonly kind: "other" };

/** Milliseconds between two refreshes of one session. */
const INTERVAL = 30_000;

/** For these the same refresh token will never work again. */
const FOR_GOOD = new Set([
  "refresh_token_not_found",
  "refresh_token_already_used",
  "session_not_found",
  "session_expired",
  "user_not_found",
]);

interface Run {
  readonly began: number;
  readonly outcome: Promise<Refreshed>;
}

/**
 * Makes the refresher of one client.
 *
 * The stored session is looked at first: where another call or another tab has renewed it already,
 * its token is taken and Auth is not asked.
 *
 * @param client The client.
 * @returns A function that renews the token that was refused, within so many milliseconds.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 * import { clientOf } from "./client.ts";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const client = clientOf(createClient("https://project.example", "sb_publishable_x", { auth }));
 * const refresh = createRefresh(client);
 * assertEquals(await refresh("a token of a session that is not there", 1000), { kind: "gone" });
 * ```
 */
export function createRefresh(
  client: Client,
): (failed: string, ms: number, signal?: AbortSignal | null) => Promise<Refreshed> {
  const runs = new Map<string, Run>();
  return async function refresh(failed, ms, signal) {
    const session = sessionOf(failed);
    const elsewhere = compare(await client.peek(), failed);
    if (elsewhere !== undefined) return elsewhere;
    let run = runs.get(session);
    const fresh = run !== undefined && performance.now() - run.began < INTERVAL;
    if (run === undefined || !fresh) {
      runs.clear(); // one session at a time is signed in: the others are history
      run = { began: performance.now(), outcome: ask(client, failed) };
      runs.set(session, run);
    }
    const outcome = await within(ms, run.outcome, signal);
    if (outcome === LATE) return { kind: "unavailable" };
    if (outcome.kind !== "token") return outcome;
    // Whoever joined looks for himself: the renewed token may be the one that was refused.
    return compare(await client.peek(), failed) ?? { kind: "too_soon" };
  };
}

/** What the stored session says about a refused token, where Auth need not be asked. */
function compare(stored: StoredSession | null, failed: string): Refreshed | undefined {
  if (stored === null) return { kind: "gone" };
  if (stored.access_token === failed) return undefined;
  const [now, then] = [tokenFacts(stored.access_token).user, tokenFacts(failed).user];
  return { kind: now === then ? "token" : "other" };
}

async function ask(client: Client, failed: string): Promise<Refreshed> {
  // This renews a token that is about to run out; refreshSession() would then renew it twice.
  await client.auth.getSession().catch(() => {});
  const renewed = compare(await client.peek(), failed);
  if (renewed?.kind === "token") return renewed;
  const code = await errorOf(client);
  if (code === null) return { kind: "token" };
  // Another tab may have been faster: then the refresh token was used, and there is a newer token.
  const elsewhere = compare(await client.peek(), failed);
  if (elsewhere !== undefined && elsewhere.kind !== "gone") return elsewhere;
  if (code === "user_banned") return { kind: "banned" };
  if (FOR_GOOD.has(code)) return { kind: "refused", code };
  return elsewhere ?? { kind: "unavailable" };
}

/** The code of what went wrong, empty where there is none; `null` if nothing did. */
async function errorOf({ auth }: Client): Promise<string | null> {
  try {
    const { error } = await auth.refreshSession();
    return error === null ? null : codeOf(error);
  } catch (error) {
    return codeOf(error); // `throwOnError`
  }
}

/** supabase-js has no code for faults of Auth, and turns `session_not_found` into an error without. */
function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { name, code }: { name?: unknown; code?: unknown } = error;
  if (name === "AuthSessionMissingError") return "session_not_found";
  return typeof code === "string" ? code : "";
}
