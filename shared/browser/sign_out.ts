/** Signs out on this device only, once Auth has confirmed that the session has ended. @module */
import { compareWithStored, type StoredSession, type Successor } from "./client.ts";
import { fetchAuth, FINAL_CODES } from "./failure.ts";
import { MIN_AUTH_MS } from "./options.ts";
import { withTimeout } from "./outage.ts";
import type { SessionStore } from "./session.ts";

/**
 * The outcome of a sign-out. A number: Auth did not confirm it, and the session stays; milliseconds
 * until the next try.
 */
export type SignOutOutcome = Successor | number;

/** The shortest time between two questions to Auth, in milliseconds. */
export const MIN_RETRY_MS = 2_000;

/** Signs out the session of a refused token, if it is still the stored one. */
export type SignOut = (token: string, timeoutMs: number) => Promise<SignOutOutcome>;

/**
 * Creates the sign-out of one client. Calls about the same token share one sign-out.
 *
 * @param store The client's session.
 * @param send The fetch for the request to Auth.
 * @param isRefreshRefused Whether Auth has refused to refresh the stored session.
 * @returns A function that signs out if Auth confirms that the session has ended.
 */
export function createSignOut(
  store: SessionStore,
  send: typeof fetch,
  isRefreshRefused: (stored: StoredSession) => boolean,
): SignOut {
  const { client } = store;
  const inFlight = new Map<string, Promise<SignOutOutcome>>();

  async function run(token: string, timeoutMs: number): Promise<SignOutOutcome> {
    if (client.isServer) return MIN_RETRY_MS;
    // A plain fetch: `auth.getUser(token)` would remove the session that is stored when the
    // response arrives, even a newer one. Without an API version header Auth answers in its older
    // format, which is recognised even if a proxy removes headers.
    const { code } = await fetchAuth(send, timeoutMs, `${client.url}/auth/v1/user`, {
      headers: { apikey: client.key, Authorization: `Bearer ${token}` },
      cache: "no-store",
      redirect: "manual",
    });
    // With a synchronous storage there is no await between the read and the removal, so nothing can
    // change in between. With an asynchronous storage this gap cannot be closed.
    const peeked = client.peek();
    const stored = peeked instanceof Promise ? await peeked : peeked;
    // `no_authorization` means that the token did not arrive, which says nothing about the token.
    const isEnded = FINAL_CODES.test(code) ||
      (code === "bad_jwt" && stored && isRefreshRefused(stored));
    if (isEnded && stored?.access_token === token) {
      store.setEndReason(code);
      // A listener that throws or hangs must not keep the session: the next read decides.
      await withTimeout(MIN_AUTH_MS, client.removeSession()).catch(() => {});
    }
    const found = compareWithStored(await store.read(), token);
    // The session stays: its end, if it comes later, has a reason of its own.
    if (found === undefined) store.setEndReason("no_authorization");
    return found ?? MIN_RETRY_MS;
  }

  return function signOut(token, timeoutMs) {
    const outcome = inFlight.get(token) ??
      run(token, timeoutMs).finally(() => inFlight.delete(token));
    inFlight.set(token, outcome);
    return outcome;
  };
}
