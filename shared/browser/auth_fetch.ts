/**
 * What supabase-js hears from Auth: a session is over only if Auth has said so, in its own shape and
 * about that very session. supabase-js itself gives a session up for every other answer as well.
 *
 * @module
 */
import { sameSession, sameUser, type StoredSession, unverifiedClaims } from "./client.ts";
import { deadline, delay, endDelaysEarly, type OutageState, parseJson } from "./outage.ts";
import { authCode, readBounded } from "./failure.ts";
import { JUST_NOW_MS, type SessionStore } from "./session.ts";

/** How a renewal ended. */
export type RefreshOutcome =
  /** There is another token of the same user: send the request again with it. */
  | "token"
  /** RefreshOutcome less than 30 seconds ago, and the renewed token is refused too. */
  | "too_soon"
  /**
   * Auth did not answer, limits us, or answered something that decides nothing: milliseconds until
   * the next try.
   */
  | number
  /** Auth will never renew this session; and what it called the reason. */
  | { readonly code: string }
  /** Auth does not renew a suspended user's session; the suspension may be lifted. */
  | "banned"
  /** Nobody is signed in any more. */
  | "gone"
  /** Somebody else is signed in by now. */
  | "other";

/** What stands between supabase-js and Auth. */
export interface AuthFetch {
  /** Sends a request to Auth. Never calls `auth` of supabase-js, which waits for the answer. */
  readonly fetch: typeof fetch;
  /** Renews the session of a token that was refused, unless somebody has done it already. */
  refresh(token: string, ms: number): Promise<RefreshOutcome>;
  /** Whether the stored token has run out, and was not renewed although it was tried. */
  isStale(stored: StoredSession): boolean;
  /** Tries as soon as it may, if Auth did not answer before. */
  tryNow(): void;
  /**
   * Whether supabase-js has just been handed a session that another tab renewed: it stores nothing
   * then, and some versions give no token.
   */
  justTaken(): boolean;
  /** How long the last try took, if it failed just now: the call has waited for it already. */
  lastWaitMs(): number;
}

/** Milliseconds between two renewals of one session. */
const MIN_REFRESH_INTERVAL_MS = 30_000;

/** Milliseconds between two tries at least, and between tries that no call waits for at most. */
const MIN_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

/** supabase-js renews a token that runs out within 90 seconds. */
const EXPIRY_MARGIN_MS = 90_000;

/** For these the same refresh token will never work again. */
const FINAL_CODES =
  /^(refresh_token_(not_found|already_used)|session_(not_found|expired)|user_not_found)$/;

/** What is needed of one client. */
export interface AuthFetchOptions {
  readonly store: SessionStore;
  readonly outage: OutageState;
  readonly send: typeof fetch;
  /** Milliseconds that one try may take. */
  readonly timeoutMs: number;
}

/** Makes what stands between one client and Auth. */
export function createAuthFetch({ store, outage, send, timeoutMs }: AuthFetchOptions): AuthFetch {
  const { client } = store;
  let last: RefreshOutcome | undefined;
  let failures = 0;
  /** The refresh token that could not be used, and when its try began and ended. */
  let failed = { token: "", from: 0, to: -Infinity };
  /** Milliseconds, by the same clock: no try before that, and without a waiting call before that. */
  let [notBeforeMs, backgroundNotBeforeMs] = [0, 0];
  let takenAtMs = -Infinity;
  /** The refresh token that Auth will never take again: supabase-js does not ask about it a second time. */
  let refused = { token: "", code: "" };
  /** A call waits for the next try. */
  let isCallWaiting = false;

  /** The stored session as an answer of Auth: what supabase-js stores then is what it has. */
  async function answerWithStored(stored: StoredSession, isTaken = false): Promise<Response> {
    if (isTaken) takenAtMs = performance.now();
    return jsonResponse({
      ...await client.storedUser(),
      ...stored,
      expires_in: stored.expires_in || 60,
    });
  }

  function recordFailure(token: string, from: number, response?: Response): void {
    const to = performance.now();
    failed = { token, from, to };
    const wait = Number(response?.headers.get("retry-after")) || 0;
    // Auth limits an address without saying for how long: then every try waits longer.
    const step = Math.min(MIN_RETRY_MS * 2 ** failures++, MAX_RETRY_MS);
    notBeforeMs = to + Math.max(wait * 1000, response?.status === 429 ? step : MIN_RETRY_MS);
    backgroundNotBeforeMs = Math.max(notBeforeMs, to + step);
    last = notBeforeMs - to;
    outage.begin("auth", backgroundNotBeforeMs - to);
  }

  function recordSuccess(outcome: RefreshOutcome): void {
    last = outcome;
    failures = notBeforeMs = backgroundNotBeforeMs = 0;
    failed = { ...failed, token: "" };
    outage.end("auth");
    endDelaysEarly();
  }

  async function refreshGrant(input: Input, init?: RequestInit, from = performance.now()) {
    const token = Object(parseJson(String(init?.body))).refresh_token;
    let stored = await store.read();
    // RefreshOutcome in another tab since supabase-js looked; a token from elsewhere is the caller's own.
    const isOurs = stored?.refresh_token === token;
    if (stored === null || (!isOurs && !store.hasSeen(token))) {
      return { response: await passThrough(input, init) };
    }
    const now = performance.now();
    if (
      !isOurs || (isAboutToRunOut(stored) && isRecent(stored)) ||
      now < (isCallWaiting ? notBeforeMs : backgroundNotBeforeMs)
    ) return { response: await answerWithStored(stored, !isOurs) };
    isCallWaiting = false;

    const stop = new AbortController();
    const ask = async () => {
      const response = await send(input, { ...init, signal: stop.signal });
      return { response, text: await readBounded(response, timeoutMs) };
    };
    const said = await deadline(timeoutMs - (now - from), ask()).catch(() => undefined);
    stop.abort();
    // Looked at again: a sign-in, or another tab, may have been faster.
    const current = await store.read();
    if (current?.refresh_token !== token) {
      if (said?.response.ok) recordSuccess("token");
      if (current !== null) return { response: await answerWithStored(current, true) };
    }
    stored = current ?? stored;
    if (said) {
      const { response, text = "" } = said;
      const session: Partial<StoredSession> = Object(parseJson(text));
      if (response.ok && isSessionOf(session, stored)) {
        recordSuccess("token");
        const renewed = jsonResponse({ ...session, renewed_at: Date.now() });
        // Other tabs wait until they can see it.
        return { response: renewed, visible: deadline(1000, store.nextWrite()) };
      }
      const code = authCode(response, text);
      if (code !== undefined && FINAL_CODES.test(code)) {
        refused = { token: stored.refresh_token, code };
        recordSuccess(refused);
        store.setEndReason(stored.access_token, code);
        if (!client.isServer) {
          const { status, headers } = response;
          return { response: new Response(text, { status, headers }) };
        }
      } else if (code === "user_banned") {
        recordSuccess("banned");
        failed = { token: stored.refresh_token, from, to: performance.now() };
        backgroundNotBeforeMs = failed.to + MIN_RETRY_MS;
      } else recordFailure(stored.refresh_token, from, response);
    } else recordFailure(stored.refresh_token, from);
    return { response: await answerWithStored(stored) };
  }

  /**
   * Sends a request of the caller's own. Where it fails, supabase-js gives up the stored session, if
   * its token has run out; so that one is given a minute.
   */
  async function passThrough(input: Input, init: RequestInit | undefined): Promise<Response> {
    const response = await send(input, init);
    const stored = response.ok ? null : await client.peek();
    if (stored && isAboutToRunOut(stored)) {
      await client.save({ ...stored, expires_at: Math.ceil(Date.now() / 1000) + 60 });
    }
    return response;
  }

  /** GET /user: "this session is over" ends the stored session only if it was asked about that one. */
  async function getUser(input: Input, init: RequestInit | undefined): Promise<Response> {
    const response = await deadline(timeoutMs, send(input, init), init?.signal);
    if (!response) throw new TypeError("Auth did not answer.");
    if (response.ok) return response;
    const text = await readBounded(response, timeoutMs);
    const { status, headers } = response;
    const body: Record<string, unknown> = Object(parseJson(text ?? ""));
    if (body.code === "session_not_found" || body.error_code === "session_not_found") {
      const token = new Headers(init?.headers).get("authorization")?.slice(7) ?? "";
      const stored = await store.read();
      const isVerdict = authCode(response, text) !== undefined && !client.isServer;
      if (isVerdict && stored !== null && sameSession(stored.access_token, token)) {
        store.setEndReason(token, "session_not_found");
      } else if (stored !== null) {
        const code = "bad_jwt";
        return jsonResponse({ code, error_code: code, message: code }, status);
      }
    }
    return new Response(text ?? "", { status, headers });
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
      const from = performance.now();
      // As long for the other tabs as for Auth.
      const name = `${client.storageKey}-refresh`;
      return await withLock(name, timeoutMs / 2, () => refreshGrant(input, init, from));
    },
    async refresh(token, ms) {
      const before = await store.read();
      const known = compareWithStored(before, token);
      if (known !== undefined || before === null) return known ?? "gone";
      if (before.refresh_token === refused.token) return refused;
      if (isRecent(before)) return "too_soon";
      const early = notBeforeMs - performance.now();
      if (early > 0) return early;
      isCallWaiting = true;
      last = undefined;
      const { auth } = client;
      // The first renews a token that is about to run out, and the second would renew it twice.
      const asked: Promise<unknown> = isAboutToRunOut(before)
        ? auth.getSession()
        : auth.refreshSession();
      await deadline(ms, asked.catch(() => {})); // `throwOnError`
      isCallWaiting = false;
      const found = compareWithStored(await store.read(), token);
      // Signed out by supabase-js after Auth's word; or renewed, here or in another tab.
      if (found !== undefined) return found;
      const said = last as RefreshOutcome | undefined;
      return said && said !== "token" ? said : MIN_RETRY_MS;
    },
    isStale: (stored) =>
      failed.token === stored.refresh_token &&
      (stored.renewed_at === undefined
        ? expiryOf(stored) <= Date.now()
        : Date.now() - stored.renewed_at > stored.expires_in * 1000),
    tryNow() {
      if (failed.token === "") return;
      backgroundNotBeforeMs = notBeforeMs;
      delay(notBeforeMs - performance.now()).then(() => client.auth.getSession()).catch(() => {});
    },
    justTaken: () => performance.now() - takenAtMs < JUST_NOW_MS,
    lastWaitMs: () =>
      failed.token && performance.now() - failed.to < JUST_NOW_MS ? failed.to - failed.from : 0,
  };
}

type Input = Parameters<typeof fetch>[0];

/** The part of Web Locks that is used; not every `lib` has it. */
interface Locks {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<void>;
}

interface Granted {
  readonly response: Response;
  /** Settles when the other tabs can see what was granted. */
  readonly visible?: Promise<unknown>;
}

function jsonResponse(body: unknown, status = 200): Response {
  const headers = { "content-type": "application/json" };
  return new Response(JSON.stringify(body), { status, headers });
}

/** What the stored session says about a refused token, where Auth need not be asked. */
function compareWithStored(
  stored: StoredSession | null,
  token: string,
): RefreshOutcome | undefined {
  if (stored === null) return "gone";
  if (stored.access_token === token) return undefined;
  return sameUser(stored.access_token, token) ? "token" : "other";
}

/** A session of the same user, and not what a cache or a portal answers. */
function isSessionOf(session: Partial<StoredSession>, stored: StoredSession): boolean {
  const { access_token, refresh_token, expires_in } = session;
  return typeof access_token === "string" && typeof refresh_token === "string" && !!expires_in &&
    sameUser(access_token, stored.access_token);
}

/** Milliseconds since 1970. */
function expiryOf({ access_token, expires_at }: StoredSession): number {
  return Number(expires_at ?? unverifiedClaims(access_token).exp ?? Infinity) * 1000;
}

/** As supabase-js judges it, by this device's clock. */
function isAboutToRunOut(stored: StoredSession): boolean {
  return expiryOf(stored) - Date.now() < EXPIRY_MARGIN_MS;
}

function isRecent({ renewed_at = -Infinity, expires_in }: StoredSession): boolean {
  const age = Date.now() - renewed_at;
  // Of tokens that live for a minute or less, one is good for half of that.
  return age >= 0 && age < Math.min(MIN_REFRESH_INTERVAL_MS, expires_in * 500);
}

/** Runs in one tab of this browser at a time, and until the others can see what came of it. */
async function withLock(name: string, ms: number, run: () => Promise<Granted>): Promise<Response> {
  const { locks } = (globalThis.navigator ?? {}) as { readonly locks?: Locks };
  if (!locks) return (await run()).response;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ms);
  let begun = false;
  return await new Promise((resolve, reject) => {
    locks.request(name, { signal: stop.signal }, async () => {
      begun = true;
      clearTimeout(timer);
      const { response, visible } = await run();
      resolve(response);
      await visible;
    }).catch((error: unknown) => {
      // A tab that holds it for so long hangs.
      if (begun) reject(error);
      else run().then(({ response }) => resolve(response), reject);
    });
  });
}
