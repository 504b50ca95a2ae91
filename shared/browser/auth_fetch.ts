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
  sameSession,
  sameUser,
  type StoredSession,
  type Successor,
  unverifiedClaims,
} from "./client.ts";
import {
  delay,
  endDelaysEarly,
  jsonResponse,
  type OutageState,
  parseJson,
  withTimeout,
} from "./outage.ts";
import { authCode, fetchBounded, readBounded, withText } from "./failure.ts";
import { JUST_NOW_MS, type SessionStore } from "./session.ts";

/** The outcome of a refresh. */
export type RefreshOutcome =
  /** `newer`: send the request again with the stored token. */
  | Successor
  /** Refreshed less than 30 seconds ago, and the new token was refused too. */
  | "too_soon"
  /**
   * Auth did not answer, limits the rate, or gave an answer that is not a refusal: milliseconds
   * until the next try.
   */
  | number
  /** Auth will never refresh this session; its error code says why. */
  | Refusal
  /** Auth does not refresh the session of a suspended user; the suspension may be lifted. */
  | "banned";

interface Refusal {
  readonly code: string;
  /** Auth's response. */
  readonly response: Response;
  readonly text: string;
}

/** The fetch between supabase-js and Auth, and what calls need of it. */
export interface AuthFetch {
  /**
   * Sends a request to Auth. It must not call `auth` of supabase-js, which waits for the answer.
   */
  readonly fetch: typeof fetch;
  /** Refreshes the session of a refused token, unless that has been done already. */
  refresh(token: string, timeoutMs: number): Promise<RefreshOutcome>;
  /** Whether the stored token has expired, and the last try to refresh it failed. */
  isStale(stored: StoredSession): boolean;
  /** Tries a refresh as soon as allowed, if the last one failed. */
  tryNow(): void;
  /**
   * Whether supabase-js has just received a session that another tab refreshed. It stores nothing
   * then, and some versions send the next request without a token.
   */
  justTaken(): boolean;
  /** How long the last try took if it ended just now: the call has already waited for it. */
  lastWaitMs(): number;
}

/** The shortest time between two refreshes of one session. */
const MIN_REFRESH_INTERVAL_MS = 30_000;

/** The shortest and the longest time between two tries. */
const MIN_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

/** supabase-js refreshes a token that expires within 90 seconds. */
const EXPIRY_MARGIN_MS = 90_000;

/** Codes after which the same refresh token never works again. */
const FINAL_CODES =
  /^(refresh_token_(not_found|already_used)|session_(not_found|expired)|user_not_found)$/;

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
  /** The last try to refresh: the refresh token, when it began and ended, and what came of it. */
  let lastTry = { token: "", fromMs: 0, toMs: -Infinity, outcome: "newer" as RefreshOutcome };
  let failures = 0;
  /**
   * The earliest times, by `performance.now()`, of the next try: for a waiting call, and without
   * one.
   */
  let [notBeforeMs, backgroundNotBeforeMs] = [0, 0];
  let takenAtMs = -Infinity;
  /** How many calls wait for a refresh. */
  let waitingCalls = 0;

  /** Answers with the stored session in Auth's format, so that supabase-js keeps what is stored. */
  async function answerWithStored(stored: StoredSession, isTaken = false): Promise<Granted> {
    if (isTaken) takenAtMs = performance.now();
    const expires_in = stored.expires_in || 60;
    return { response: jsonResponse({ ...await client.storedUser(), ...stored, expires_in }) };
  }

  /** Ends a try. Without an outcome Auth has not decided, and is asked again later. */
  function endTry(
    token: string,
    fromMs: number,
    outcome: RefreshOutcome | undefined,
    response?: Response,
  ): void {
    const toMs = performance.now();
    const isDecided = outcome !== undefined;
    // Auth's rate limit has no Retry-After, so every further try waits longer.
    const backoffMs = Math.min(MIN_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
    const retryAfterMs = Number(response?.headers.get("retry-after")) * 1000 || 0;
    const leastMs = response?.status === 429 ? backoffMs : MIN_RETRY_MS;
    // Bounded, because it may be the header of a proxy, and the user waits.
    const retryMs = Math.min(Math.max(retryAfterMs, leastMs), MAX_RETRY_MS);
    failures = isDecided ? 0 : failures + 1;
    notBeforeMs = isDecided ? 0 : toMs + retryMs;
    backgroundNotBeforeMs = outcome === "banned"
      ? toMs + MIN_RETRY_MS
      : isDecided
      ? 0
      : Math.max(notBeforeMs, toMs + backoffMs);
    lastTry = { token, fromMs, toMs, outcome: outcome ?? retryMs };
    if (!isDecided) return outage.begin("auth", backgroundNotBeforeMs - toMs);
    outage.end("auth");
    endDelaysEarly();
  }

  async function refreshGrant(
    input: Input,
    init: RequestInit | undefined,
    fromMs: number,
  ): Promise<Granted> {
    const token = Object(parseJson(String(init?.body))).refresh_token;
    const stored = await store.read();
    // Not ours: refreshed in another tab since supabase-js read it, or a token from elsewhere,
    // which the application itself sends.
    const isOurs = stored?.refresh_token === token;
    if (stored === null || (!isOurs && !store.hasSeen(token))) {
      return { response: await passThrough(input, init) };
    }
    const nowMs = performance.now();
    const isForCall = waitingCalls > 0;
    const isTooSoon = nowMs < (isForCall ? notBeforeMs : backgroundNotBeforeMs) ||
      ((isForCall || isAboutToExpire(stored)) && isRecent(stored));
    if (!isOurs || isTooSoon) return await answerWithStored(stored, !isOurs);
    const known = refusalOf(stored);
    if (known) return await answerRefused(stored, known);

    const limitMs = timeoutMs - (nowMs - fromMs);
    const { response, text = "" } = await fetchBounded(send, limitMs, input, init) ?? {};
    const renewed: Partial<StoredSession> = Object(parseJson(text));
    // Read again: the user may have signed in, or another tab may have refreshed the session.
    const current = await store.read();
    const isReplaced = current !== null && current.refresh_token !== token;
    if (response?.ok && (isReplaced || isSessionOf(renewed, stored))) {
      endTry(token, fromMs, "newer");
      if (isReplaced) return await answerWithStored(current, true);
      return {
        response: jsonResponse({ ...renewed, renewed_at: Date.now() }),
        // Other tabs wait for the lock until the new session is stored.
        visible: withTimeout(1000, store.nextWrite()),
      };
    }
    if (isReplaced) return await answerWithStored(current, true);
    const code = response && authCode(response, text);
    if (response && code && FINAL_CODES.test(code)) {
      const refusal = { code, response, text };
      endTry(token, fromMs, refusal);
      return await answerRefused(stored, refusal);
    }
    endTry(token, fromMs, code === "user_banned" ? "banned" : undefined, response);
    return await answerWithStored(stored);
  }

  /** The refusal of a stored refresh token, which is not sent to Auth again. */
  function refusalOf({ refresh_token }: StoredSession): Refusal | undefined {
    const { token, outcome } = lastTry;
    return token === refresh_token && typeof outcome === "object" ? outcome : undefined;
  }

  /** Passes a refusal on when the access token has expired too: until then the session lives. */
  async function answerRefused(
    stored: StoredSession,
    { code, response, text }: Refusal,
  ): Promise<Granted> {
    if (client.isServer || expiryMs(stored) > Date.now()) return await answerWithStored(stored);
    store.setEndReason(stored.access_token, code);
    return { response: withText(response, text) };
  }

  /**
   * Sends a refresh with a token from elsewhere. If it fails, supabase-js removes the stored
   * session if its token has expired, so the stored session gets a new expiry in one minute.
   */
  async function passThrough(input: Input, init: RequestInit | undefined): Promise<Response> {
    const response = await send(input, init);
    const stored = response.ok ? null : await client.peek();
    if (stored && isAboutToExpire(stored)) {
      await client.save({ ...stored, expires_at: Math.ceil(Date.now() / 1000) + 60 });
    }
    return response;
  }

  /** GET /user: `session_not_found` ends the stored session only if the request had its token. */
  async function getUser(input: Input, init: RequestInit | undefined): Promise<Response> {
    const response = await withTimeout(timeoutMs, send(input, init), init?.signal);
    if (!response) throw new TypeError("Auth did not answer.");
    if (response.ok) return response;
    const text = await readBounded(response, timeoutMs) ?? "";
    const stored = await store.read();
    const code = "session_not_found";
    if (stored !== null && text.includes(code)) {
      const token = new Headers(init?.headers).get("authorization")?.slice(7) ?? "";
      const isVerdict = authCode(response, text) === code && !client.isServer &&
        sameSession(stored.access_token, token);
      if (!isVerdict) {
        const refusal = { code: "bad_jwt", error_code: "bad_jwt", message: "bad_jwt" };
        return jsonResponse(refusal, response.status);
      }
      store.setEndReason(stored.access_token, code);
    }
    return withText(response, text);
  }

  return {
    fetch: async (input, init) => {
      const { pathname, searchParams } = new URL(
        typeof input === "object" && "url" in input ? input.url : input,
      );
      const method = init?.method ?? "GET";
      if (method === "GET" && pathname.endsWith("/auth/v1/user")) return await getUser(input, init);
      const isGrant = searchParams.get("grant_type") === "refresh_token";
      if (!isGrant || !pathname.endsWith("/auth/v1/token")) return await send(input, init);
      const fromMs = performance.now();
      // Half of the time is for waiting on other tabs, and half for Auth.
      const name = `${client.storageKey}-refresh`;
      return await withLock(name, timeoutMs / 2, () => refreshGrant(input, init, fromMs));
    },
    async refresh(token, limitMs) {
      const before = await store.read();
      const decided = compareWithStored(before, token, Object.is);
      if (decided !== undefined || before === null) return decided ?? "gone";
      const refusal = refusalOf(before);
      if (refusal) return refusal;
      if (isRecent(before)) return "too_soon";
      const startedAtMs = performance.now();
      if (notBeforeMs > startedAtMs) return notBeforeMs - startedAtMs;
      waitingCalls++;
      const { auth } = client;
      // getSession() refreshes a token that is about to expire; refreshSession() would do it twice.
      const refreshing: Promise<unknown> = isAboutToExpire(before)
        ? auth.getSession()
        : auth.refreshSession();
      await withTimeout(limitMs, refreshing.catch(() => {})); // `throwOnError`
      waitingCalls--;
      const found = compareWithStored(await store.read(), token, Object.is);
      // supabase-js has removed the session after a refusal; or it was refreshed, here or in
      // another tab.
      if (found !== undefined) return found;
      const { toMs, outcome } = lastTry;
      return toMs >= startedAtMs && outcome !== "newer" ? outcome : MIN_RETRY_MS;
    },
    isStale: (stored) =>
      lastTry.outcome !== "newer" && lastTry.token === stored.refresh_token &&
      (stored.renewed_at === undefined
        ? expiryMs(stored) <= Date.now()
        : Date.now() - stored.renewed_at > stored.expires_in * 1000),
    tryNow() {
      if (lastTry.outcome === "newer") return;
      backgroundNotBeforeMs = notBeforeMs;
      delay(notBeforeMs - performance.now()).then(() => client.auth.getSession()).catch(() => {});
    },
    justTaken: () => performance.now() - takenAtMs < JUST_NOW_MS,
    lastWaitMs: () =>
      performance.now() - lastTry.toMs < JUST_NOW_MS ? lastTry.toMs - lastTry.fromMs : 0,
  };
}

type Input = Parameters<typeof fetch>[0];

/** The part of Web Locks that is used: not every TypeScript `lib` has it. */
interface Locks {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<void>;
}

interface Granted {
  readonly response: Response;
  /** Settles when the other tabs can read the new session. */
  readonly visible?: Promise<unknown>;
}

/** Whether it is a session of the same user, and not the answer of a cache or a captive portal. */
function isSessionOf(session: Partial<StoredSession>, stored: StoredSession): boolean {
  const { access_token, refresh_token, expires_in } = session;
  return typeof access_token === "string" && typeof refresh_token === "string" && !!expires_in &&
    sameUser(access_token, stored.access_token);
}

/** Milliseconds since 1970. */
function expiryMs({ access_token, expires_at }: StoredSession): number {
  return Number(expires_at ?? unverifiedClaims(access_token).exp ?? Infinity) * 1000;
}

/** The same test as in supabase-js, by this device's clock. */
function isAboutToExpire(stored: StoredSession): boolean {
  return expiryMs(stored) - Date.now() < EXPIRY_MARGIN_MS;
}

function isRecent({ renewed_at = -Infinity, expires_in }: StoredSession): boolean {
  const ageMs = Date.now() - renewed_at;
  // A token with a lifetime of a minute or less counts as recent for half of that.
  return ageMs >= 0 && ageMs < Math.min(MIN_REFRESH_INTERVAL_MS, expires_in * 500);
}

/**
 * Runs in one tab of this browser at a time; holds the lock until other tabs can read the result.
 */
async function withLock(
  name: string,
  timeoutMs: number,
  run: () => Promise<Granted>,
): Promise<Response> {
  const { locks } = (globalThis.navigator ?? {}) as { readonly locks?: Locks };
  if (!locks) return (await run()).response;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  let begun = false;
  return await new Promise((resolve, reject) => {
    locks.request(name, { signal: stop.signal }, async () => {
      begun = true;
      clearTimeout(timer);
      const { response, visible } = await run();
      resolve(response);
      await visible;
    }).catch((error: unknown) => {
      // A tab that holds the lock for so long hangs: go on without it.
      if (begun) reject(error);
      else run().then(({ response }) => resolve(response), reject);
    });
  });
}
