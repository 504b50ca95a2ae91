/** Signing out on this device, and only there, once Auth has confirmed it. @module */
import { authCode, readBounded } from "./refusal.ts";
import { sameSession, sameUser, type StoredSession } from "./client.ts";
import { within } from "./outage.ts";
import type { Sessions } from "./session.ts";

/** How it ended. */
export type SignedOut =
  /** Nobody is signed in here any more. */
  | "out"
  /** The same user has signed in again: there is a newer session. */
  | "newer"
  /** Another user has. */
  | "other"
  /** Auth did not confirm it. The session stays. */
  | "unconfirmed";

/** Signs out the session of a token; `spent`: Auth has just refused to renew it. */
export type SignOut = (token: string, spent: boolean, ms: number) => Promise<SignedOut>;

/**
 * Makes what signs out, for one client. Calls about the same token share one sign-out.
 *
 * @param sessions The client's session.
 * @param send The fetch that Auth is asked with.
 * @returns A function that signs out if the session of the token is still the stored one and Auth
 * confirms that it ended.
 */
export function createSignOut(sessions: Sessions, send: typeof fetch): SignOut {
  const underWay = new Map<string, Promise<SignedOut>>();
  return function signOut(token, spent, ms) {
    const key = `${spent} ${token}`;
    let shared = underWay.get(key);
    if (shared === undefined) {
      shared = run(sessions, send, token, spent, ms).finally(() => underWay.delete(key));
      underWay.set(key, shared);
    }
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
  token: string,
  spent: boolean,
): SignedOut | undefined {
  if (stored === null) return "out";
  const { access_token } = stored;
  if (spent ? access_token === token : sameSession(access_token, token)) return undefined;
  return sameUser(access_token, token) ? "newer" : "other";
}

async function run(
  sessions: Sessions,
  send: typeof fetch,
  token: string,
  spent: boolean,
  ms: number,
): Promise<SignedOut> {
  const { client } = sessions;
  const early = look(await sessions.read(), token, spent);
  if (early !== undefined) return early;
  const code = client.isServer ? null : await confirm(sessions, send, token, spent, ms);
  if (code === null) return "unconfirmed";
  const onlyToken = code === "bad_jwt";
  sessions.because(token, code);
  // Twice at most: once through supabase-js, and once more if it kept what it should have dropped.
  for (let tries = 0; tries < 2; tries++) {
    // No await between the look and the removal where the storage answers at once: nothing can come
    // in between. A storage that answers later leaves that gap, and nobody can close it from here.
    const looked = client.peek();
    const found = look(looked instanceof Promise ? await looked : looked, token, onlyToken);
    if (found !== undefined) return found;
    // A listener that throws or hangs does not keep the session: what counts is the next look.
    await within(ms, client.drop()).catch(() => {});
  }
  return look(await sessions.read(), token, onlyToken) ?? "unconfirmed";
}

/**
 * Asks Auth about one token, by a plain fetch: `auth.getUser(token)` would remove whatever session
 * is stored by the time of the answer, also a newer one. Without an API version Auth answers in the
 * shape that is Auth's own beyond doubt, whatever headers a proxy removes.
 *
 * @returns The code under which Auth calls this very token dead, or `null`: it is alive, or Auth is
 * away, limits us, or says something else. A token that has run out is dead if it cannot be renewed.
 */
async function confirm(
  { client: { url, key } }: Sessions,
  send: typeof fetch,
  token: string,
  spent: boolean,
  ms: number,
): Promise<string | null> {
  const stop = new AbortController();
  const ask = async () => {
    const response = await send(`${url}/auth/v1/user`, {
      headers: { apikey: key, Authorization: `Bearer ${token}` },
      cache: "no-store",
      redirect: "manual",
      signal: stop.signal,
    });
    return authCode(response, await readBounded(response, ms));
  };
  try {
    const code = await within(ms, ask());
    if (code === undefined) return null;
    // `no_authorization` says that the token did not arrive, so it says nothing about it.
    const dead = /^(session_(not_found|expired)|user_not_found)$/.test(code);
    return dead || (spent && code === "bad_jwt") ? code : null;
  } catch {
    return null;
  } finally {
    stop.abort();
  }
}
