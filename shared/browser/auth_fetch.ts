/**
 * The fetch between supabase-js and Auth. supabase-js removes its session after many answers that
 * do not mean that the session has ended, such as an error page of a proxy. This fetch passes on
 * only a refusal in Auth's own format, about the stored session; otherwise supabase-js keeps its
 * session.
 *
 * @module
 */
import {
  compareWithStored,
  isSession,
  sameUser,
  type StoredSession,
  type Successor,
} from "./client.ts";
import { delay, jsonResponse, type OutageState, parseObject, withTimeout } from "./outage.ts";
import { fetchAuth, type FetchedAnswer, FINAL_CODES } from "./failure.ts";
import type { SessionStore } from "./session.ts";
import { createSignOut, MIN_RETRY_MS, type SignOut } from "./sign_out.ts";

/** The outcome of a refresh. */
export type RefreshOutcome =
  /** `newer`: send the request again with the stored token. */
  | Successor
  /** Refreshed less than 30 seconds ago, and the new token was refused too. */
  | "unchanged"
  /** Auth will never refresh this session. */
  | "refused"
  /** Auth does not refresh the session of a suspended user; the suspension may be lifted. */
  | "banned"
  /**
   * Auth did not answer, limits the rate, or gave an answer that is not a refusal: milliseconds
   * until the next try.
   */
  | number;

/** The fetch between supabase-js and Auth, and what calls need of it. */
export interface AuthFetch {
  /**
   * Sends a request to Auth. It must not call `auth` of supabase-js, which waits for the answer.
   */
  readonly fetch: typeof fetch;
  /** Refreshes the session of a refused token, unless that has been done already. */
  refresh(token: string, timeoutMs: number): Promise<RefreshOutcome>;
  /** Signs out on this device if Auth confirms that the session of a refused token has ended. */
  readonly signOut: SignOut;
  /** Whether the stored token has expired, and the last try to refresh it failed. */
  isStale(stored: StoredSession): boolean;
  /**
   * Whether another tab has refreshed the stored token, and supabase-js was told so just now.
   */
  isTaken(stored: StoredSession): boolean;
  /** Tries a refresh as soon as allowed, if Auth has not decided about the last one. */
  tryNow(): Promise<void>;
  /**
   * How long supabase-js waited for a refresh, if it was answered just now: the call that it sends
   * next has waited for it.
   */
  justWaitedMs(): number | undefined;
}

/** The usual longest time from the answer of a refresh to when supabase-js sends the call. */
export const JUST_NOW_MS = 100;

/** The shortest time between two refreshes of one session. */
const MIN_REFRESH_INTERVAL_MS = 30_000;

/** The longest time between two tries. */
const MAX_RETRY_MS = 30_000;

/** supabase-js refreshes a token that expires within 90 seconds. */
const EXPIRY_MARGIN_MS = 90_000;

/** A refresh that Auth did not grant. */
interface FailedTry extends FetchedAnswer {
  readonly refreshToken: string;
}

/** What {@linkcode createAuthFetch} needs. */
export interface AuthFetchOptions {
  readonly store: SessionStore;
  readonly outage: OutageState;
  readonly send: typeof fetch;
  /** The time limit of one try. */
  readonly timeoutMs: number;
}

/** Creates the fetch between one client and Auth. */
export function createAuthFetch({ store, outage, send, timeoutMs }: AuthFetchOptions): AuthFetch {
  const { client } = store;
  /** The last try to refresh, if it failed. */
  let lastFailure: FailedTry | undefined;
  let failures = 0;
  /** The earliest time of the next try, by `performance.now()`. */
  let notBeforeMs = 0;
  /** When supabase-js last asked for a refresh, and when it was answered. */
  let askedAtMs = 0;
  let answeredAtMs = -Infinity;
  /** The access token of another tab that supabase-js last got. */
  let takenToken: string | undefined;
  /** How many calls wait for a refresh; some clients refresh once for each. */
  let waitingCalls = 0;
  /** Settles when the other tabs can read the new session. */
  let written: Promise<unknown> | undefined;

  /**
   * Answers with the stored session in Auth's format, so that supabase-js keeps what is stored.
   *
   * @param refreshToken What supabase-js has sent.
   */
  async function answerWithStored(
    stored: StoredSession,
    refreshToken: string,
  ): Promise<Response> {
    if (stored.refresh_token === refreshToken) client.knownToken = stored.access_token;
    else takenToken = stored.access_token;
    const expires_in = stored.expires_in || 60;
    return jsonResponse({ ...await client.storedUser(), ...stored, expires_in });
  }

  /** Ends a try. Unless Auth has decided, it is asked again later. */
  function endTry(failure: FailedTry | undefined): void {
    lastFailure = failure;
    if (!failure || decisionOf(failure)) {
      failures = notBeforeMs = 0;
      return outage.endAll();
    }
    const { response } = failure;
    const retryAfterMs = Number(response?.headers.get("retry-after")) * 1000 || 0;
    // Auth's rate limit has no Retry-After, so every further try waits longer.
    const leastMs = MIN_RETRY_MS * (response?.status === 429 ? 2 ** failures++ : 1);
    // Bounded, because it may be the header of a proxy, and the user waits.
    const retryMs = Math.min(Math.max(retryAfterMs, leastMs), MAX_RETRY_MS);
    notBeforeMs = performance.now() + retryMs;
    outage.begin("auth", retryMs);
  }

  /** The last try to refresh the stored session, if it failed. */
  function failureOf(stored: StoredSession | null): FailedTry | undefined {
    return lastFailure?.refreshToken === stored?.refresh_token ? lastFailure : undefined;
  }

  function isRefused(stored: StoredSession): boolean {
    return decisionOf(failureOf(stored)) === "refused";
  }

  function justWaitedMs(): number | undefined {
    return performance.now() - answeredAtMs < JUST_NOW_MS ? answeredAtMs - askedAtMs : undefined;
  }

  async function refreshGrant(
    input: Input,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const refreshToken = String(parseObject(String(init?.body)).refresh_token);
    const stored = await store.read();
    const isStored = stored?.refresh_token === refreshToken;
    if (stored === null || (!isStored && !store.isOwn(refreshToken))) {
      return await passThrough(input, init);
    }
    // An application may refresh a session at any time, for new claims.
    const isAutomatic = waitingCalls > 0 || isAboutToExpire(stored);
    const isTooSoon = performance.now() < notBeforeMs || (isAutomatic && isRecent(stored));
    // Another tab has refreshed the session since supabase-js read it.
    if (!isStored || isTooSoon) return await answerWithStored(stored, refreshToken);

    // A refusal is passed on when the access token has expired too, also for supabase-js: until then
    // the session lives.
    const bySupabaseJs = expiryMs({ ...stored, stored_at: Infinity });
    const isAlive = Math.max(expiryMs(stored), bySupabaseJs) > Date.now();
    if (!isRefused(stored)) {
      const limitMs = askedAtMs + timeoutMs - performance.now();
      const answer = await fetchAuth(send, limitMs, input, init);
      const renewed = parseObject(answer.text);
      const isRenewed = isSessionOf(renewed, stored) && answer.response?.ok;
      // Read again: the user may have signed in, or another tab may have refreshed the session.
      const current = await store.read();
      const isReplaced = current !== null && current.refresh_token !== refreshToken;
      endTry(isRenewed || isReplaced ? undefined : { refreshToken, ...answer });
      if (isReplaced) return await answerWithStored(current, refreshToken);
      if (isRenewed) {
        written = withTimeout(1000, store.nextWrite());
        return jsonResponse({ ...renewed, renewed_at: Date.now() });
      }
    }
    const refusal = failureOf(stored);
    if (isAlive || !isRefused(stored) || !refusal?.response || client.isServer) {
      return await answerWithStored(stored, refreshToken);
    }
    store.setEndReason(refusal.code);
    return new Response(refusal.text, refusal.response);
  }

  /**
   * Sends a refresh with a token from elsewhere. If it fails, supabase-js removes the stored
   * session if its token has expired, so that gets a new expiry in one minute.
   */
  async function passThrough(input: Input, init: RequestInit | undefined): Promise<Response> {
    const response = await send(input, init);
    const stored = await client.peek();
    if (stored && isAboutToExpire(stored)) {
      await client.save({ ...stored, expires_at: Math.ceil(Date.now() / 1000) + 60 });
    }
    return response;
  }

  /** GET /user: `session_not_found` ends the stored session only if the request had its token. */
  async function getUser(input: Input, init: RequestInit | undefined): Promise<Response> {
    const { response, text, code } = await fetchAuth(send, timeoutMs, input, init);
    if (!response) throw new TypeError("Auth did not answer.");
    const ended = "session_not_found";
    const stored = await store.read();
    const said = parseObject(text);
    if (stored === null || (said.code !== ended && said.error_code !== ended)) {
      return new Response(text, response);
    }
    const token = new Headers(init?.headers).get("authorization")?.slice(7);
    if (code !== ended || stored.access_token !== token || client.isServer) {
      return jsonResponse({ error_code: "bad_jwt", msg: "bad_jwt" }, response.status);
    }
    store.setEndReason(code);
    return new Response(text, response);
  }

  /** Runs in one tab of this browser at a time, until the other tabs can read the result. */
  function withLock(limitMs: number, run: () => Promise<Response>): Promise<Response> {
    const locks = (globalThis.navigator as { readonly locks?: Locks } | undefined)?.locks;
    if (!locks) return run();
    let response: Promise<Response> | undefined;
    return new Promise((resolve, reject) => {
      const start = async () => {
        resolve(await (response ??= run()));
        await written;
        // WebKit shows a write to other tabs a moment later.
        await delay(JUST_NOW_MS);
      };
      // A tab that holds the lock for so long hangs: go on without it.
      locks.request(
        `${client.storageKey}-refresh`,
        { signal: AbortSignal.timeout?.(limitMs) },
        start,
      )
        .catch(start).catch(reject);
    });
  }

  return {
    async fetch(input, init) {
      const url = String(input);
      if (init?.method === "GET" && url === `${client.url}/auth/v1/user`) {
        return await getUser(input, init);
      }
      if (!url.startsWith(`${client.url}/auth/v1/token?grant_type=refresh_token`)) {
        return await send(input, init);
      }
      askedAtMs = performance.now();
      // Half of the time is for waiting on other tabs, and half for Auth.
      const response = await withLock(timeoutMs / 2, () => refreshGrant(input, init));
      answeredAtMs = performance.now();
      return response;
    },
    async refresh(token, limitMs) {
      let stored = await store.read();
      const decision = decisionOf(failureOf(stored));
      // The suspension may have been lifted, but not since supabase-js asked for this call.
      const mayAsk = !decision || (decision === "banned" && justWaitedMs() === undefined);
      if (stored?.access_token === token && mayAsk && performance.now() >= notBeforeMs) {
        if (isRecent(stored)) return "unchanged";
        waitingCalls++;
        await withTimeout(limitMs, client.auth.refreshSession()).catch(() => {}); // `throwOnError`
        waitingCalls--;
        stored = await store.read();
      }
      return compareWithStored(stored, token) ?? decisionOf(failureOf(stored)) ??
        Math.max(MIN_RETRY_MS, notBeforeMs - performance.now());
    },
    signOut: createSignOut(store, send, isRefused),
    isStale: (stored) => failureOf(stored) !== undefined && expiryMs(stored) <= Date.now(),
    isTaken: (stored) => stored.access_token === takenToken && justWaitedMs() !== undefined,
    async tryNow() {
      await delay(notBeforeMs - performance.now());
      // It may have been refreshed meanwhile.
      if (notBeforeMs > 0 && failureOf(await store.read())) {
        await client.auth.refreshSession().catch(() => {}); // `throwOnError`
      }
    },
    justWaitedMs,
  };
}

type Input = Parameters<typeof fetch>[0];

/** The part of Web Locks that is used: not every TypeScript `lib` has it. */
interface Locks {
  request(
    name: string,
    options: { readonly signal: AbortSignal | undefined },
    callback: () => Promise<void>,
  ): Promise<void>;
}

/** What Auth has decided about a session that it did not refresh. */
function decisionOf(failure: FailedTry | undefined): "refused" | "banned" | undefined {
  const code = failure?.code ?? "";
  if (FINAL_CODES.test(code)) return "refused";
  return code === "user_banned" ? "banned" : undefined;
}

/** Whether it is a session of the same user, and not the answer of a cache or a captive portal. */
function isSessionOf(object: ReturnType<typeof parseObject>, stored: StoredSession): boolean {
  return isSession(object) && object.expires_in > 0 &&
    sameUser(object.access_token, stored.access_token);
}

/** When the access token expires by this device's clock, in milliseconds since 1970. */
export function expiryMs(
  { expires_at = Infinity, expires_in, stored_at = Infinity }: StoredSession,
): number {
  // A time in the future was written when the clock was ahead.
  return stored_at > Date.now() ? expires_at * 1000 : stored_at + expires_in * 1000;
}

/** The same test as in supabase-js. */
function isAboutToExpire({ expires_at = Infinity }: StoredSession): boolean {
  return expires_at * 1000 - Date.now() < EXPIRY_MARGIN_MS;
}

function isRecent({ renewed_at = -Infinity, expires_in }: StoredSession): boolean {
  const ageMs = Date.now() - renewed_at;
  // A token with a lifetime of a minute or less counts as recent for half of that.
  return ageMs >= 0 && ageMs < Math.min(MIN_REFRESH_INTERVAL_MS, expires_in * 500);
}
