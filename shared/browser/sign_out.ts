/** Signs out on this device only, once Auth has confirmed that the session has ended. @module */
import { authCode, fetchBounded } from "./failure.ts";
import { compareWithStored, sameSession, type Successor } from "./client.ts";
import { withTimeout } from "./outage.ts";
import type { SessionStore } from "./session.ts";

/** The outcome of a sign-out; `unconfirmed`: Auth did not confirm, and the session stays. */
export type SignOutOutcome = Successor | "unconfirmed";

/** Signs out the session of a token; `isRefreshRefused`: Auth has just refused to refresh it. */
export type SignOut = (
  token: string,
  isRefreshRefused: boolean,
  timeoutMs: number,
) => Promise<SignOutOutcome>;

/**
 * Creates the sign-out of one client. Calls about the same token share one sign-out.
 *
 * @param store The client's session.
 * @param send The fetch for the request to Auth.
 * @returns A function that signs out if the session of the token is still the stored one, and Auth
 * confirms that it has ended.
 */
export function createSignOut(store: SessionStore, send: typeof fetch): SignOut {
  const { client } = store;
  const inFlight = new Map<string, Promise<SignOutOutcome>>();

  /**
   * Asks Auth about one token with a plain fetch: `auth.getUser(token)` would remove the session
   * that is stored when the response arrives, even a newer one. Without an API version header Auth
   * answers in its older format, which is recognised even if a proxy removes headers.
   *
   * @returns The code with which Auth says that this token's session has ended. `undefined` if the
   * token is valid, or Auth does not answer, limits the rate, or gives another code. `bad_jwt`
   * counts only if Auth has just refused to refresh the session.
   */
  async function confirm(
    token: string,
    isRefreshRefused: boolean,
    timeoutMs: number,
  ): Promise<string | undefined> {
    const answer = await fetchBounded(send, timeoutMs, `${client.url}/auth/v1/user`, {
      headers: { apikey: client.key, Authorization: `Bearer ${token}` },
      cache: "no-store",
      redirect: "manual",
    });
    const code = answer && authCode(answer.response, answer.text);
    // `no_authorization` means that the token did not arrive, which says nothing about the token.
    const isEnded = /^(session_(not_found|expired)|user_not_found)$/.test(code ?? "");
    return isEnded || (isRefreshRefused && code === "bad_jwt") ? code : undefined;
  }

  async function run(
    token: string,
    isRefreshRefused: boolean,
    timeoutMs: number,
  ): Promise<SignOutOutcome> {
    let isSame = isRefreshRefused ? Object.is : sameSession;
    const before = compareWithStored(await store.read(), token, isSame);
    if (before !== undefined) return before;
    const code = client.isServer ? undefined : await confirm(token, isRefreshRefused, timeoutMs);
    if (code === undefined) return "unconfirmed";
    // If Auth says that the session has ended, all its tokens are invalid. If only this token was
    // refused, another tab may have refreshed the session at the same moment: its new token stays.
    isSame = code === "bad_jwt" ? Object.is : sameSession;
    // At most twice: again if supabase-js did not remove the session the first time.
    for (let tries = 0; tries < 2; tries++) {
      // With a synchronous storage there is no await between the read and the removal, so nothing
      // can change in between. With an asynchronous storage this gap cannot be closed.
      const peeked = client.peek();
      const stored = peeked instanceof Promise ? await peeked : peeked;
      const found = compareWithStored(stored, token, isSame);
      if (found !== undefined) return found;
      store.setEndReason(stored?.access_token ?? token, code);
      // A listener that throws or hangs must not keep the session: the next read decides.
      await withTimeout(timeoutMs, client.removeSession()).catch(() => {});
    }
    return compareWithStored(await store.read(), token, isSame) ?? "unconfirmed";
  }

  return function signOut(token, isRefreshRefused, timeoutMs) {
    const key = `${isRefreshRefused} ${token}`;
    let outcome = inFlight.get(key);
    if (outcome === undefined) {
      outcome = run(token, isRefreshRefused, timeoutMs).finally(() => inFlight.delete(key));
      inFlight.set(key, outcome);
    }
    return outcome;
  };
}
