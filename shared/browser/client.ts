/**
 * What recovery needs of a supabase-js client. Where it keeps the session, and the fetch that adds
 * the API key, have no public name: they are taken here and nowhere else, and a client that lacks
 * them is refused at once instead of half working.
 *
 * @module
 */
import type { AuthChangeEvent, Session, SupabaseClient } from "@supabase/supabase-js";
import { parseJson } from "./parse_json.ts";

/** A client of any version from 2.109 and any database: the classes themselves are not compatible. */
export interface AnyClient {
  readonly auth: {
    getSession(): Promise<{ readonly data: { readonly session: Session | null } }>;
    refreshSession(): Promise<{ readonly error: unknown }>;
    signOut(options: { readonly scope: "local" }): Promise<unknown>;
    onAuthStateChange(
      callback: (event: AuthChangeEvent, session: Session | null) => void,
    ): { readonly data: { readonly subscription: { unsubscribe(): void } } };
  };
  readonly functions: { readonly invoke: Invoke };
}

/** functions-js' `invoke`. */
export type Invoke = SupabaseClient["functions"]["invoke"];

/** The session as it lies in storage; it may have run out. */
export type StoredSession = Pick<Session, "access_token" | "refresh_token"> & Partial<Session>;

/** A client, seen from recovery. */
export interface Client {
  readonly auth: AnyClient["auth"];
  /** Where the project answers, with a slash at the end. */
  readonly base: URL;
  /** fetch with the API key, and whatever `global.fetch` of the client does. */
  readonly send: typeof fetch;
  /** functions-js' own `invoke`, over another fetch. */
  invokeOver(fetch: typeof globalThis.fetch): Invoke;
  /** The session in storage, without a call; at once where the storage answers at once. */
  peek(): StoredSession | null | Promise<StoredSession | null>;
  /** Takes the session out of storage and tells all tabs. It sends nothing. Begins at once. */
  drop(): Promise<void>;
}

interface Storage {
  getItem(key: string): unknown;
  removeItem(key: string): unknown;
}

/** TypeScript's `protected` is all that hides these; at run time they are plain members. */
interface Inside {
  readonly supabaseUrl?: unknown;
  readonly auth: {
    readonly storage?: Storage;
    readonly storageKey?: unknown;
    _removeSession?(): Promise<void>;
  };
  readonly functions: { readonly fetch?: typeof fetch };
}

/**
 * Looks into a client.
 *
 * @param supabase A client of supabase-js that keeps its own session.
 * @returns What recovery needs of it.
 * @throws {TypeError} It has the `accessToken` option, or is no client of supabase-js 2.109 or later.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const client = clientOf(createClient("https://project.example", "sb_publishable_x", { auth }));
 * assertEquals([client.base.href, await client.peek()], ["https://project.example/", null]);
 * ```
 */
export function clientOf(supabase: AnyClient): Client {
  const { auth, functions } = supabase;
  const inside = supabase as unknown as Inside;
  const { storage, storageKey } = storageOf(inside);
  const { supabaseUrl } = inside;
  const send = inside.functions.fetch;
  if (typeof supabaseUrl !== "string" || typeof send !== "function") {
    throw new TypeError("This needs a client of supabase-js 2.109 or later.");
  }
  const parsed = (value: unknown): StoredSession | null => {
    const session = typeof value === "string" ? parseJson(value) : value;
    return isSession(session) ? session : null;
  };
  return {
    auth,
    base: new URL(supabaseUrl.replace(/\/*$/, "/")),
    send: (input, init) => send(input, init),
    invokeOver: (fetch) => {
      // Inherits everything of functions-js but its fetch; the application's client is not touched.
      const own: typeof functions = Object.create(functions, { fetch: { value: fetch } });
      return (name, options) => own.invoke(name, options);
    },
    peek: () => {
      const value = storage.getItem(storageKey);
      return value instanceof Promise ? value.then(parsed) : parsed(value);
    },
    drop: async () => {
      // signOut() would send whatever session is stored by then to /logout; this sends nothing.
      if (inside.auth._removeSession !== undefined) return await inside.auth._removeSession();
      await storage.removeItem(storageKey);
      await auth.signOut({ scope: "local" }); // nothing is stored any more, so nothing is sent
    },
  };
}

function storageOf({ auth }: Inside): { storage: Storage; storageKey: string } {
  try {
    const { storage, storageKey } = auth;
    if (typeof storage?.getItem === "function" && typeof storageKey === "string") {
      return { storage, storageKey };
    }
  } catch {
    // With `accessToken`, every member of `auth` throws.
  }
  throw new TypeError("This needs a client that keeps its own session.");
}

function isSession(value: unknown): value is StoredSession {
  return typeof value === "object" && value !== null &&
    "access_token" in value && typeof value.access_token === "string" &&
    "refresh_token" in value && typeof value.refresh_token === "string";
}
