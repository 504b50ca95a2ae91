/**
 * Who is signed in, as one subscription; and who is told that a session ended.
 *
 * @module
 */
import type { AuthChangeEvent, Session } from "@supabase/supabase-js";
import { clientProblem } from "../problems/client.ts";
import type { Problem } from "../problems/problem.ts";
import type { ProblemCode } from "../problems/table.ts";
import {
  type AnyClient,
  type Client,
  clientOf,
  sameSession,
  type StoredSession,
} from "./client.ts";
import { guarded, onAttention } from "./outage.ts";

/** What changed. */
export type SessionChange =
  | {
    /** `refreshed` is the same session with another token or another user record. */
    readonly kind: "signed_in" | "refreshed";
    readonly session: Session;
    /** The event of supabase-js behind it: `PASSWORD_RECOVERY` asks for a new password. */
    readonly event: AuthChangeEvent;
  }
  | { readonly kind: "signed_out"; readonly session: null; readonly event: AuthChangeEvent };

/** The session of one client, as this tab sees it. */
export interface Sessions {
  readonly client: Client;
  /** Looks into the storage; whoever listens learns what is new. */
  read(): Promise<StoredSession | null>;
  /** The same, about something that was just read. */
  note(stored: StoredSession | null, event?: AuthChangeEvent): void;
  /** Says why a session ends, for those who are told when it is gone. */
  because(token: string, code: string, request_id?: string): Problem;
  /** Whether this tab has seen this access or refresh token, or a token of the same session. */
  knows(token: string): boolean;
  /** Waits until supabase-js has stored something. */
  stored(): Promise<void>;
  /** The problem of a session that Auth ended in this moment: its calls are not sent as nobody's. */
  justEnded(): Problem | undefined;
  /** Calls back once for each session that ends, and at once if one has and nobody signed in since. */
  onEnd(listener: (problem: Problem) => void): void;
  onChange(listener: (change: SessionChange) => void): () => void;
}

const all = /* @__PURE__ */ new WeakMap<object, Sessions>();

/** The sessions of a client: the same ones each time. */
export function sessionsOf(supabase: AnyClient): Sessions {
  let sessions = all.get(supabase);
  if (sessions === undefined) all.set(supabase, sessions = createSessions(clientOf(supabase)));
  return sessions;
}

/**
 * Why nobody is signed in any more, as a problem that says `sign_in`.
 *
 * @param code What Auth said.
 * @param request_id The request that it was about.
 * @returns The problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { code, action } = endOf("refresh_token_not_found");
 * assertEquals([code, action], ["session_expired", "sign_in"]);
 * ```
 */
export function endOf(code: string, request_id = ""): Problem {
  const fields = { request_id, replay: true };
  const said = clientProblem(code as ProblemCode, "credential", fields);
  return said.action === "sign_in" ? said : clientProblem("session_expired", "credential", fields);
}

/** Milliseconds that a call takes from loading its session to here. */
export const MOMENT_MS = 100;

/** How many sessions and tokens a tab remembers. */
const REMEMBERED = 20;

function remember(list: string[], value: string): void {
  if (!list.includes(value) && list.push(value) > REMEMBERED) list.shift();
}

function createSessions(client: Client): Sessions {
  /** What was seen last; `undefined` before the first look. */
  let current: StoredSession | null | undefined;
  /** supabase-js has said what it found when it started. */
  let ready = false;
  /** The link of a password recovery was followed, and no subscriber knows of it yet. */
  let recovery = false;
  /** The last session that ended here, if nobody has signed in since. */
  let ended: Problem | undefined;
  let endedAt = -Infinity;
  let reason: { readonly token: string; readonly problem: Problem } | undefined;
  let queue = Promise.resolve();
  const seen: string[] = [];
  const ends = new Set<(problem: Problem) => void>();
  const changes = new Set<(session: StoredSession | null, event: AuthChangeEvent) => void>();
  const writes = new Set<() => void>();

  const note: Sessions["note"] = (stored, event) => {
    const before = current;
    current = stored;
    if (stored !== null) {
      remember(seen, stored.access_token);
      remember(seen, stored.refresh_token);
      ended = undefined;
    } else if (before) {
      const isAuths = reason && sameSession(reason.token, before.access_token);
      const why = isAuths ? reason!.problem : endOf("no_authorization");
      ended = why;
      endedAt = isAuths ? performance.now() : -Infinity;
      for (const listener of ends) guarded(() => listener(why));
    }
    const gone = stored === null ? "SIGNED_OUT" : "TOKEN_REFRESHED";
    if (ready) { for (const listener of changes) listener(stored, event ?? gone); }
  };

  const read = async () => {
    const stored = await client.peek();
    if (stored?.access_token !== current?.access_token || current === undefined) note(stored);
    return stored;
  };

  const { isServer } = client;
  if (!isServer) {
    const first = client.peek();
    // At once where that is possible: supabase-js may give the session up before anybody calls.
    if (first instanceof Promise) queue = first.then((stored) => void (current ?? note(stored)));
    else note(first);
    client.auth.onAuthStateChange((event, given) => {
      if (event === "SIGNED_OUT") client.forget();
      for (const written of writes) written();
      // Not awaited: supabase-js waits for its listeners, and they may call it.
      queue = queue.then(async () => {
        const stored = await client.peek();
        if (event === "INITIAL_SESSION") ready = true;
        const first = event === "INITIAL_SESSION" && recovery;
        recovery ||= event === "PASSWORD_RECOVERY";
        // The event's own has the user record also where that is stored apart.
        const session = given && given.access_token === stored?.access_token ? given : stored;
        note(session, first ? "PASSWORD_RECOVERY" : event);
      }).catch(() => {});
    });
    onAttention((event) => {
      const { key } = event as Event & { readonly key?: string | null };
      if (event.type !== "storage") read().catch(() => {});
      else if (key === null || key === client.storageKey) {
        client.forget();
        read().catch(() => {});
      }
    });
  }

  return {
    client,
    read,
    note,
    because(token, code, request_id) {
      reason = { token, problem: endOf(code, request_id) };
      return reason.problem;
    },
    knows: (token) => seen.some((one) => one === token || sameSession(one, token)),
    stored: () =>
      new Promise((resolve) => {
        const written = () => {
          writes.delete(written);
          resolve();
        };
        writes.add(written);
      }),
    justEnded: () => performance.now() - endedAt < MOMENT_MS ? ended : undefined,
    onEnd(listener) {
      ends.add(listener);
      const why = ended;
      if (why) Promise.resolve().then(() => guarded(() => listener(why)));
    },
    onChange(listener) {
      let last: StoredSession | null | undefined;
      const tell = (session: StoredSession | null, event: AuthChangeEvent) => {
        const change = changeOf(last, session, event);
        last = session;
        if (event === "PASSWORD_RECOVERY") recovery = false;
        if (change) guarded(() => listener(change));
      };
      queue = queue.then(() => {
        if (stopped) return;
        changes.add(tell);
        const event = recovery ? "PASSWORD_RECOVERY" : "INITIAL_SESSION";
        if (ready && current !== undefined) tell(current, event);
      });
      let stopped = false;
      return () => {
        stopped = true;
        changes.delete(tell);
      };
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
 * Tells who is signed in: first what was stored, once supabase-js has recovered it, then each change,
 * of this tab and of others.
 *
 * What is stored decides, not the event: a sign-out that arrives after a new sign-in reports nobody,
 * and a token that cannot be renewed while Auth is away is no sign-out. Events that change nothing
 * (supabase-js repeats `SIGNED_IN` each time a tab comes to the front) are not told.
 *
 * @param supabase The client.
 * @param callback Is told, one change after the other. It may call supabase-js.
 * @returns Ends the subscription.
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
  return sessionsOf(supabase).onChange(callback);
}
