/**
 * The session of a client as this tab sees it: one subscription to changes, and one to its end.
 *
 * @module
 */
import type { AuthChangeEvent, Session } from "@supabase/supabase-js";
import { clientProblem } from "../problems/client.ts";
import type { Problem } from "../problems/problem.ts";
import {
  type AnyClient,
  type ClientAccess,
  clientOf,
  sameSession,
  type StoredSession,
} from "./client.ts";
import { callHooks, onAttention } from "./outage.ts";

/** What changed. */
export type SessionChange =
  | {
    /** `refreshed` is the same session with another token or another user record. */
    readonly kind: "signed_in" | "refreshed";
    readonly session: Session;
    /** The supabase-js event behind it; on `PASSWORD_RECOVERY`, ask for a new password. */
    readonly event: AuthChangeEvent;
  }
  | { readonly kind: "signed_out"; readonly session: null; readonly event: AuthChangeEvent };

/** The session of one client, as this tab sees it. */
export interface SessionStore {
  readonly client: ClientAccess;
  /** Reads the stored session, and notifies the listeners of a change. It does not throw. */
  read(): Promise<StoredSession | null>;
  /** Sets the reason that listeners get when the current session is gone. */
  setEndReason(code: string): void;
  /**
   * Whether it is one of the last refresh tokens of this client, or an access token of the current
   * session or of the one before.
   */
  isOwn(token: string): boolean;
  /** Resolves when supabase-js next writes to its storage. */
  nextWrite(): Promise<void>;
  /** The problem of the last session that ended here; `no_authorization` if none has. */
  endProblem(): Problem;
  /**
   * Calls back once per session that ends; and at once if one has ended and nobody signed in since.
   */
  onEnd(listener: (problem: Problem) => void): void;
  onChange(listener: (change: SessionChange) => void): () => void;
}

/** So many tokens are remembered: a page may still have an older one. */
const MAX_REMEMBERED_SESSIONS = 20;

const stores = /* @__PURE__ */ new WeakMap<object, SessionStore>();

/** The session store of a client; the same object each time. */
export function sessionStoreOf(supabase: AnyClient): SessionStore {
  let store = stores.get(supabase);
  if (store === undefined) stores.set(supabase, store = createSessionStore(clientOf(supabase)));
  return store;
}

/**
 * The problem of a session that has ended; its action is `sign_in`.
 *
 * @param code The error code of Auth.
 * @returns The problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { code, action } = endProblem("refresh_token_not_found");
 * assertEquals([code, action], ["session_expired", "sign_in"]);
 * ```
 */
export function endProblem(code: string): Problem {
  const known = (["no_authorization", "session_not_found", "user_not_found"] as const)
    .find((one) => one === code);
  return clientProblem(known ?? "session_expired");
}

function createSessionStore(client: ClientAccess): SessionStore {
  /** What was read last. */
  let current: StoredSession | null = null;
  /** supabase-js has sent `INITIAL_SESSION`. */
  let isInitialized = false;
  /** What a new subscriber is told; `PASSWORD_RECOVERY` until a subscriber has received that. */
  let firstEvent: AuthChangeEvent = "INITIAL_SESSION";
  /** The last session that ended here, if nobody has signed in since. */
  let ended: Problem | undefined;
  let reason = "no_authorization";
  /** The last sessions and their last tokens, the newest first. */
  let remembered: readonly StoredSession[] = [];
  /** Reads are numbered, because they may finish in another order. */
  let lastBegun = 0;
  let lastFinished = 0;
  let queue = Promise.resolve();
  let resolveWrite = () => {};
  const endListeners = new Set<(problem: Problem) => void>();
  const changeListeners = new Set<
    (session: StoredSession | null, event: AuthChangeEvent) => void
  >();

  /** Takes over a session that was just read, and notifies the listeners. */
  const update = (
    stored: StoredSession | null,
    event: AuthChangeEvent = stored ? "TOKEN_REFRESHED" : "SIGNED_OUT",
  ) => {
    const before = current;
    current = stored;
    if (stored?.access_token !== before?.access_token) {
      ended = undefined;
      if (stored) remembered = [stored, ...remembered].slice(0, MAX_REMEMBERED_SESSIONS);
      else callHooks(endListeners, ended = endProblem(reason));
      reason = "no_authorization";
    }
    if (isInitialized) { for (const listener of changeListeners) listener(stored, event); }
  };

  /** Reads the stored session, unless a later read has finished meanwhile. */
  const peek = async () => {
    const number = ++lastBegun;
    const stored = await client.peek();
    if (number < lastFinished) return current;
    lastFinished = number;
    return stored;
  };

  const read = async () => {
    const stored = await peek();
    if (stored?.access_token !== current?.access_token) update(stored);
    return stored;
  };

  if (!client.isServer) {
    const first = client.peek();
    // Synchronously where possible: supabase-js may remove the session before the first call.
    if (first instanceof Promise) queue = first.then((stored) => void (current ?? update(stored)));
    else update(first);
    client.auth.onAuthStateChange((event, given) => {
      if (event === "SIGNED_OUT") client.forget();
      resolveWrite();
      // Not awaited: supabase-js waits for its listeners, and a listener may call supabase-js.
      queue = queue.then(async () => {
        const stored = await peek();
        const isFirst = event === "INITIAL_SESSION";
        if (isFirst) isInitialized = true;
        if (event === "PASSWORD_RECOVERY") firstEvent = event;
        // The event's session includes the user record even if that is stored separately.
        const session = given && given.access_token === stored?.access_token ? given : stored;
        update(session, isFirst ? firstEvent : event);
      });
    });
    onAttention(read);
    globalThis.addEventListener?.("storage", (event) => {
      const { key } = event as Event & { readonly key?: string | null };
      if (key !== null && key !== client.storageKey) return;
      client.forget();
      read();
    });
  }

  return {
    client,
    read,
    setEndReason(code) {
      reason = code;
    },
    isOwn: (token) =>
      remembered.some(({ access_token, refresh_token }, index) =>
        refresh_token === token || (index < 2 && sameSession(access_token, token))
      ),
    nextWrite: () => new Promise((resolve) => resolveWrite = resolve),
    endProblem: () => ended ?? endProblem(reason),
    onEnd(listener) {
      endListeners.add(listener);
      const problem = ended;
      if (problem) queueMicrotask(() => callHooks([listener], problem));
    },
    onChange(listener) {
      let last: StoredSession | null | undefined;
      const notify = (session: StoredSession | null, event: AuthChangeEvent) => {
        const change = changeOf(last, session, event);
        last = session;
        if (event === firstEvent) firstEvent = "INITIAL_SESSION";
        if (change) callHooks([listener], change);
      };
      changeListeners.add(notify);
      queue = queue.then(() => {
        if (isInitialized && changeListeners.has(notify)) notify(current, firstEvent);
      });
      return () => changeListeners.delete(notify);
    },
  };
}

function changeOf(
  last: StoredSession | null | undefined,
  session: StoredSession | null,
  event: AuthChangeEvent,
): SessionChange | undefined {
  if (session === null) {
    return last === null ? undefined : { kind: "signed_out", session, event };
  }
  const same = last && sameSession(last.access_token, session.access_token);
  if (!same || event === "PASSWORD_RECOVERY") return { kind: "signed_in", session, event };
  const changed = last.access_token !== session.access_token || event === "USER_UPDATED";
  return changed ? { kind: "refreshed", session, event } : undefined;
}

/**
 * Reports who is signed in: first the stored session, once supabase-js has loaded it, then each
 * change in this tab and in others.
 *
 * The stored session decides, not the event: a `SIGNED_OUT` that arrives after a new sign-in is not
 * reported, and neither is a token that cannot be refreshed while Auth does not answer. Events that
 * change nothing are not reported either (supabase-js repeats `SIGNED_IN` each time a tab becomes
 * visible).
 *
 * @param supabase The client.
 * @param callback Gets the changes one after another. It may call supabase-js.
 * @returns A function that ends the subscription.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 *
 * const auth = { autoRefreshToken: false, persistSession: false };
 * const supabase = createClient("https://project.example", "sb_publishable_x", { auth });
 * const kind = await new Promise((resolve) => onSession(supabase, ({ kind }) => resolve(kind)));
 * assertEquals(kind, "signed_out");
 * ```
 */
export function onSession(
  supabase: AnyClient,
  callback: (change: SessionChange) => void,
): () => void {
  return sessionStoreOf(supabase).onChange(callback);
}
