/**
 * What recovery needs of a supabase-js client. Members of supabase-js that are not public are used
 * in this file only. A client without one of them is refused when it is attached.
 *
 * @module
 */
import type { AuthChangeEvent, Session, SupabaseClient } from "@supabase/supabase-js";
import { delay, parseObject } from "./outage.ts";

/**
 * A client of any version from 2.109, for any database: the classes themselves are incompatible.
 */
export interface AnyClient {
  readonly auth: {
    getSession(): Promise<{ readonly data: { readonly session: Session | null } }>;
    refreshSession(): Promise<{ readonly error: unknown }>;
    onAuthStateChange(
      callback: (event: AuthChangeEvent, session: Session | null) => void,
    ): { readonly data: { readonly subscription: { unsubscribe(): void } } };
  };
  readonly functions: { readonly invoke: Invoke };
}

/** The `invoke` of functions-js. */
type Invoke = SupabaseClient["functions"]["invoke"];

/** The session as it is stored; its token may have expired. */
export type StoredSession = Session & {
  /**
   * When this token was first stored, and when it was granted by a refresh, in milliseconds since
   * 1970 by this device's clock.
   */
  readonly stored_at?: number;
  readonly renewed_at?: number;
};

/** Access to a client. */
export interface ClientAccess {
  /** The URL of the project, without a slash at the end. */
  readonly url: string;
  readonly key: string;
  readonly auth: AnyClient["auth"];
  readonly storageKey: string;
  /** The storage is the cookies of one request on a server. Nothing is ever removed there. */
  readonly isServer: boolean | undefined;
  /** The stored session, without a request; synchronous if the storage is. */
  peek(): StoredSession | null | Promise<StoredSession | null>;
  /** The user record, if it is stored separately from the session. */
  storedUser(): Promise<Partial<Session>>;
  /** Stores the session. */
  save(session: StoredSession): Promise<void>;
  /** Removes the stored session and notifies all tabs. Sends nothing. Begins synchronously. */
  removeSession(): Promise<void>;
  /** Drops the cached session, so that an empty storage means that nobody is signed in. */
  forget(): void;
  /** A token that was not refreshed after all, so that listeners are not told of a refresh. */
  knownToken?: string;
  /** The `global.fetch` option, or the runtime's fetch. */
  readonly fetch: typeof globalThis.fetch;
}

type MaybePromise<T> = T | PromiseLike<T>;

interface Storage {
  readonly isServer?: boolean | undefined;
  getItem(key: string): MaybePromise<string | null>;
  setItem(key: string, value: string): MaybePromise<void>;
  removeItem(key: string): MaybePromise<void>;
}

/** Members that are `protected` in TypeScript only. */
interface ClientInternals {
  readonly supabaseUrl: string;
  readonly supabaseKey: string;
  readonly accessToken?: unknown;
  readonly auth: {
    storage: Storage;
    userStorage?: Storage | null;
    readonly storageKey: string;
    fetch: typeof fetch;
    _removeSession(): Promise<void>;
    _notifyAllSubscribers(
      event: string,
      session: Session | null,
      isOwn?: boolean,
    ): Promise<void>;
  };
}

/**
 * Whether a client has the `accessToken` option: it has no session and no `auth` then.
 *
 * @param supabase A client.
 * @returns Whether its tokens come from another provider.
 */
export function hasAccessTokenOption(supabase: AnyClient): boolean {
  return (supabase as unknown as ClientInternals).accessToken !== undefined;
}

/** The URL of a client's project, without a slash at the end. */
export function urlOf(supabase: AnyClient): string {
  return new URL((supabase as unknown as ClientInternals).supabaseUrl).href.replace(/\/+$/, "");
}

/**
 * Gives access to a client.
 *
 * @param supabase A client of supabase-js that keeps its own session.
 * @returns What recovery needs of it.
 * @throws {TypeError} It is not a client of supabase-js 2.109 or later.
 * @throws {Error} Of supabase-js: it has the `accessToken` option.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const client = clientOf(createClient("https://project.example", "sb_publishable_x", { auth }));
 * assertEquals([client.url, await client.peek()], ["https://project.example", null]);
 * ```
 */
export function clientOf(supabase: AnyClient): ClientAccess {
  const internals = supabase as unknown as ClientInternals;
  const { auth } = internals;
  const given: Partial<typeof auth> | undefined = auth;
  if (
    !(given?._removeSession && given.fetch && given._notifyAllSubscribers && given.storage?.getItem)
  ) {
    throw new TypeError("This needs supabase-js 2.109 or later.");
  }
  const { storageKey } = auth;
  const { storage, read, forget } = reliableStorage(auth.storage, storageKey);
  if (auth.userStorage === auth.storage) auth.userStorage = storage;
  auth.storage = storage;
  const parsed = (value: string | null): StoredSession | null => {
    const session = parseObject(value);
    return isSession(session) ? session : null;
  };
  const notify = auth._notifyAllSubscribers;
  // A listener that awaits a query would wait for the next refresh, which waits for the listener.
  auth._notifyAllSubscribers = async (event, session, isOwn) => {
    // What another tab tells comes with `false`.
    const isKnown = event === "TOKEN_REFRESHED" && session?.access_token === access.knownToken;
    if (!isKnown || isOwn === false) await notify.call(auth, event, session, isOwn);
  };
  const access: ClientAccess = {
    auth: supabase.auth,
    fetch: auth.fetch,
    url: urlOf(supabase),
    key: internals.supabaseKey,
    storageKey,
    isServer: storage.isServer,
    peek: () => {
      const value = read();
      return value instanceof Promise ? value.then(parsed) : parsed(value);
    },
    storedUser: async () => parseObject(await auth.userStorage?.getItem(`${storageKey}-user`)),
    save: async (session) => await storage.setItem(storageKey, JSON.stringify(session)),
    // Not signOut(): it reads the storage again and sends that session, perhaps a newer one, to
    // /logout.
    removeSession: () => auth._removeSession(),
    forget,
  };
  return access;
}

/**
 * For how long a missing session is read again, also after a write of this tab, and at which
 * interval.
 */
const MAX_REREAD_MS = 600;
const REREAD_INTERVAL_MS = 100;

/**
 * Makes a storage reliable: promises may be of any library; a read that fails, or finds nothing
 * while another tab writes, is repeated; and a session that does not fit is kept in memory. A stored
 * token has the time at which it was first stored.
 */
function reliableStorage(
  storage: Storage,
  key: string,
): {
  readonly storage: Storage;
  readonly read: () => string | null | Promise<string | null>;
  readonly forget: () => void;
} {
  /** What was last read or written. */
  let cached: string | null = null;
  let isOnlyInMemory = false;
  let writtenAtMs = -Infinity;

  function forget(): void {
    cached = null;
    isOnlyInMemory = false;
  }

  function read(): string | null | Promise<string | null> {
    if (isOnlyInMemory) return cached;
    try {
      const value = storage.getItem(key);
      return value && typeof value !== "string" ? readUntilSettled(value) : cached = value;
    } catch (error) {
      return readUntilSettled(Promise.reject(error));
    }
  }

  async function readUntilSettled(first: PromiseLike<string | null>): Promise<string | null> {
    const beganAtMs = performance.now();
    for (let isFirst = true;; isFirst = false) {
      let failed = false;
      try {
        const value = await (isFirst ? first : storage.getItem(key));
        if (value || cached === null || storage.isServer) return cached = value;
      } catch {
        failed = true;
      }
      if (performance.now() >= Math.max(beganAtMs, writtenAtMs) + MAX_REREAD_MS) {
        return failed ? cached : cached = null;
      }
      await delay(REREAD_INTERVAL_MS);
    }
  }

  return {
    read,
    forget,
    storage: {
      isServer: storage.isServer,
      getItem: (name) => name === key ? read() : storage.getItem(name),
      async setItem(name, value) {
        if (name !== key) return await storage.setItem(name, value);
        const before = parseObject(cached);
        const session = parseObject(value);
        const stored_at = session.access_token === before.access_token
          ? before.stored_at
          : Date.now();
        cached = JSON.stringify({ ...session, stored_at });
        isOnlyInMemory = false;
        writtenAtMs = performance.now();
        try {
          await storage.setItem(key, cached);
        } catch (error) {
          // What is stored stays: without it, the other tabs would be signed out.
          isOnlyInMemory = true;
          console.error("The session is not stored:", error);
        }
      },
      removeItem(name) {
        if (name === key) forget();
        return storage.removeItem(name);
      },
    },
  };
}

/** Whether an object is a session: one that is stored, or one that Auth grants. */
export function isSession(
  object: Readonly<Record<string, unknown>>,
): object is Readonly<Record<string, unknown>> & StoredSession {
  return typeof object.access_token === "string" && typeof object.refresh_token === "string";
}

/** The claims that recovery reads; each may be missing. */
export interface UnverifiedClaims {
  readonly session_id?: unknown;
  readonly sub?: unknown;
}

/**
 * Reads a token's claims without verifying the token: they are only compared, and Auth decides
 * about the token. Text outside ASCII is decoded wrongly, and is not compared.
 *
 * @param token An access token.
 * @returns Its claims; an empty object if it is not a JWT.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const token = `e30.${btoa(JSON.stringify({ sub: "ada", session_id: "s1" }))}.sig`;
 * assertEquals(unverifiedClaims(token), { session_id: "s1", sub: "ada" });
 * ```
 */
export function unverifiedClaims(token: string): UnverifiedClaims {
  const payload = token.split(".")[1] ?? "";
  try {
    return Object(JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))));
  } catch {
    return {};
  }
}

function haveSameId(
  one: string,
  two: string,
  idOf: (claims: UnverifiedClaims) => unknown,
): boolean {
  const id = idOf(unverifiedClaims(one));
  return one === two || (id !== undefined && id === idOf(unverifiedClaims(two)));
}

/**
 * Whether two tokens are of the same session; without a session id, of the same user.
 *
 * @param one A token.
 * @param two Another.
 * @returns Whether they are.
 */
export function sameSession(one: string, two: string): boolean {
  return haveSameId(one, two, ({ session_id, sub }) => session_id ?? sub);
}

/** What is stored instead of a token: nothing, or a token of the same user, or another user's. */
export type Successor = "gone" | "newer" | "other";

/**
 * Compares a token with the stored session.
 *
 * @param stored The stored session.
 * @param token A token that was sent.
 * @returns What is stored instead; `undefined` if it is still that token.
 */
export function compareWithStored(
  stored: StoredSession | null,
  token: string,
): Successor | undefined {
  if (stored === null) return "gone";
  if (stored.access_token === token) return undefined;
  return sameUser(stored.access_token, token) ? "newer" : "other";
}

/**
 * Whether two tokens are of the same user.
 *
 * @param one A token.
 * @param two Another.
 * @returns Whether they are.
 */
export function sameUser(one: string, two: string): boolean {
  return haveSameId(one, two, ({ sub }) => sub);
}
