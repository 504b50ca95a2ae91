/** Signing out on this device, and only there, once Auth has confirmed it. @module */
import { authCode, readBounded } from "./failure.ts";
import { sameSession, sameUser, type StoredSession } from "./client.ts";
import { deadline } from "./outage.ts";
import type { SessionStore } from "./session.ts";

/** How it ended. */
export type SignOutOutcome =
  /** Nobody is signed in here any more. */
  | "out"
  /** The same user has signed in again: there is a newer session. */
  | "newer"
  /** Another user has. */
  | "other"
  /** Auth did not confirm it. The session stays. */
  | "unconfirmed";

/** Signs out the session of a token; `isRefreshRefused`: Auth has just refused to renew it. */
export type SignOut = (
  token: string,
  isRefreshRefused: boolean,
  timeoutMs: number,
) => Promise<SignOutOutcome>;

/**
 * Makes what signs out, for one client. Calls about the same token share one sign-out.
 *
 * @param store The client's session.
 * @param send The fetch that Auth is asked with.
 * @returns A function that signs out if the session of the token is still the stored one and Auth
 * confirms that it ended.
 */
export function createSignOut(store: SessionStore, send: typeof fetch): SignOut {
  const inFlight = new Map<string, Promise<SignOutOutcome>>();
  return function signOut(token, isRefreshRefused, timeoutMs) {
    const key = `${isRefreshRefused} ${token}`;
    let outcome = inFlight.get(key);
    if (outcome === undefined) {
      outcome = run(store, send, token, isRefreshRefused, timeoutMs).finally(() =>
        inFlight.delete(key)
      );
      inFlight.set(key, outcome);
    }
    return outcome;
  };
}

/**
 * What the stored session says about the refused token; `undefined` if it has to go. A session that
 * Auth calls gone is gone with all its tokens. If only the token is isRefreshRefused, another tab may have
 * renewed the session in the same moment: then the stored token is another one, and stays.
 */
function compareWithStored(
  stored: StoredSession | null,
  token: string,
  isRefreshRefused: boolean,
): SignOutOutcome | undefined {
  if (stored === null) return "out";
  const { access_token } = stored;
  if (isRefreshRefused ? access_token === token : sameSession(access_token, token)) {
    return undefined;
  }
  return sameUser(access_token, token) ? "newer" : "other";
}

async function run(
  store: SessionStore,
  send: typeof fetch,
  token: string,
  isRefreshRefused: boolean,
  timeoutMs: number,
): Promise<SignOutOutcome> {
  const { client } = store;
  const outcomeBefore = compareWithStored(await store.read(), token, isRefreshRefused);
  if (outcomeBefore !== undefined) return outcomeBefore;
  const code = client.isServer
    ? null
    : await confirm(store, send, token, isRefreshRefused, timeoutMs);
  if (code === null) return "unconfirmed";
  const onlyToken = code === "bad_jwt";
  store.setEndReason(token, code);
  // Twice at most: once through supabase-js, and once more if it kept what it should have dropped.
  for (let tries = 0; tries < 2; tries++) {
    // No await between the look and the removal where the storage answers at once: nothing can come
    // in between. A storage that answers later leaves that gap, and nobody can close it from here.
    const looked = client.peek();
    const found = compareWithStored(
      looked instanceof Promise ? await looked : looked,
      token,
      onlyToken,
    );
    if (found !== undefined) return found;
    // A listener that throws or hangs does not keep the session: what counts is the next look.
    await deadline(timeoutMs, client.removeSession()).catch(() => {});
  }
  return compareWithStored(await store.read(), token, onlyToken) ?? "unconfirmed";
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
  { client: { url, key } }: SessionStore,
  send: typeof fetch,
  token: string,
  isRefreshRefused: boolean,
  timeoutMs: number,
): Promise<string | null> {
  const stop = new AbortController();
  const askAuth = async () => {
    const response = await send(`${url}/auth/v1/user`, {
      headers: { apikey: key, Authorization: `Bearer ${token}` },
      cache: "no-store",
      redirect: "manual",
      signal: stop.signal,
    });
    return authCode(response, await readBounded(response, timeoutMs));
  };
  try {
    const code = await deadline(timeoutMs, askAuth());
    if (code === undefined) return null;
    // `no_authorization` says that the token did not arrive, so it says nothing about it.
    const isEnded = /^(session_(not_found|expired)|user_not_found)$/.test(code);
    return isEnded || (isRefreshRefused && code === "bad_jwt") ? code : null;
  } catch {
    return null;
  } finally {
    stop.abort();
  }
}
