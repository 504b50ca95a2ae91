/**
 * A client whose calls recover: they refresh, step up, wait or sign out as the answer's `action` says.
 *
 * @module
 */
import type { Problem } from "../problems/problem.ts";
import { createAuthFetch } from "./auth_fetch.ts";
import { call, type CallOptions, type ClientState, RECOVERED_PATHS } from "./call.ts";
import { type AnyClient, configOf, hasAccessTokenOption } from "./client.ts";
import { createDialogs, type Dialog } from "./dialogs.ts";
import {
  callHook,
  createOutage,
  deadline,
  endDelaysEarly,
  onAttention,
  type Outage,
} from "./outage.ts";
import { parseRequest } from "./request.ts";
import { sessionStoreOf } from "./session.ts";
import { createSignOut } from "./sign_out.ts";
import type { Step } from "./step.ts";

/** One thing that recovery did, for a timeline or a log. */
export interface RecoveryEvent {
  /** What it does next; `replay` sends the same request again, `signed_out` has happened. */
  readonly step: Step["kind"] | "replay" | "signed_out";
  /** The method and path that it is about; empty for `signed_out`. */
  readonly request: string;
  /** The code that led to state. */
  readonly code: string;
  /** Milliseconds that it waits first. */
  readonly ms?: number;
}

/** The options of `createRecovery()` and `withRecovery()`. */
export interface RecoveryOptions {
  /**
   * The session ended and is gone from this device: show the sign-in. Told once per tab and session,
   * whatever ended state; the code is `no_authorization` where Auth did not end it (the user signed out,
   * here or in another tab, or cleared the site's data).
   *
   * @default nobody is told; `onSession()` reports it too
   */
  readonly onSignedOut?: ((problem: Problem) => void) | undefined;
  /**
   * Has the user confirm a second factor (`required_aal`) or sign in anew (`max_age`). Calls that
   * need it at the same time share one dialog. `complete` or a promise sends them again; `cancel`,
   * `false` or a rejection ends them.
   *
   * @default the problem is returned
   */
  readonly onStepUp?:
    | ((problem: Problem, dialog: Dialog<true | void>) => Promise<boolean | void> | void)
    | undefined;
  /**
   * Asks for the code that Auth mails and for the current password. What it gives, by `complete` or
   * as a promise, is added to the JSON body of every call that waits for state; nothing cancels. It is
   * asked again, up to three times per call, if that was not right.
   *
   * @default the problem is returned
   */
  readonly onReauthenticate?:
    | ((
      problem: Problem,
      dialog: Dialog<object>,
    ) => Promise<object | null | undefined | "" | false> | void)
    | undefined;
  /**
   * Auth does not answer or cannot be reached: for a banner. Told at each failed try, and with `null`
   * when it is over.
   *
   * @default nobody is told
   */
  readonly onOutage?: ((outage: Outage | null) => void) | undefined;
  /**
   * Is told what recovery does. A throw changes nothing.
   *
   * @default nobody is told
   */
  readonly onStep?: ((event: RecoveryEvent) => void) | undefined;
  /**
   * Sends the requests.
   *
   * @default the runtime's fetch
   */
  readonly fetch?: typeof fetch | undefined;
  /**
   * Milliseconds that one try of a refresh, or of asking Auth, may take.
   *
   * @default {10_000}
   */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that one call may wait in total, for a refresh, a `retry` or Auth's word; what a
   * function itself takes, and the user, does not count. A call that would have to wait longer gets
   * its problem at once.
   *
   * @default {30_000}
   */
  readonly patience?: number | undefined;
}

/** What {@linkcode createRecovery} gives. */
export interface Recovery {
  /** For `global.fetch` of the client. */
  readonly fetch: typeof fetch;
  /**
   * Takes the client that was made with it into use, at once after `createClient()`.
   *
   * @throws {TypeError} The client was made without this fetch, or is no client of supabase-js 2.109
   * or later.
   */
  attach<Client extends AnyClient>(supabase: Client): Client;
}

const states = /* @__PURE__ */ new WeakMap<object, ClientState>();

function parseMs(value: number | undefined, standard: number, name: string): number {
  if (value === undefined) return standard;
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`${name} must be a number of milliseconds.`);
}

function withDefaults(options: RecoveryOptions): CallOptions {
  return {
    ...options,
    timeout: parseMs(options.timeout, 10_000, "timeout"),
    patience: parseMs(options.patience, 30_000, "patience"),
  };
}

/** What the calls of a client share, however many recoveries it has; and this one's hooks. */
function joinState(supabase: AnyClient, options: CallOptions, send: typeof fetch): ClientState {
  const { onSignedOut, onStep, onOutage } = options;
  let state = states.get(supabase);
  if (state === undefined) states.set(supabase, state = createState(supabase, options, send));
  if (onOutage) state.outage.listeners.add(onOutage);
  state.session?.store.onEnd((problem) => {
    callHook(() => onStep?.({ step: "signed_out", code: problem.code, request: "" }));
    callHook(() => onSignedOut?.(problem));
  });
  return state;
}

function createState(
  supabase: AnyClient,
  { timeout, patience }: CallOptions,
  send: typeof fetch,
): ClientState {
  const dialogs = createDialogs();
  const tryNow = () => {
    endDelaysEarly();
    authFetch?.tryNow();
  };
  const outage = createOutage(tryNow);
  onAttention(tryNow);
  const store = hasAccessTokenOption(supabase) ? null : sessionStoreOf(supabase);
  const timeoutMs = Math.min(timeout, Math.max(patience, 1000));
  const authFetch = store && createAuthFetch({ store, outage, send, timeoutMs });
  store?.onEnd(dialogs.cancelAll);
  const session = store && authFetch && { store, authFetch, signOut: createSignOut(store, send) };
  return { send, outage, dialogs, session };
}

/**
 * Makes the fetch that a whole client recovers with: `functions.invoke`, `from`, `rpc` and `storage`
 * refresh, step up, wait or sign out as the answer's `action` says, and supabase-js itself keeps its
 * session through whatever is not Auth's own word.
 *
 * - A session is given up only after Auth has said, in its own shape and about that very session,
 *   that it is over; only on this device, and never a newer one. An outage signs nobody out.
 * - It obeys its own table rather than the words of an answer. A call with an Authorization of its
 *   own is never refreshed or signed out for.
 * - It sends a request again only if the handler never ran (`replay`), the method is safe, or there
 *   is an Idempotency-Key; and never as another user.
 *
 * @param options What the application does about it.
 * @returns The fetch, and what takes the client into use.
 * @throws {TypeError} An option is wrong.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 * import { problemOf } from "./problem_of.ts";
 *
 * const refusal = {
 *   code: "no_authorization",
 *   message: "You are not signed in. Sign in to continue.",
 *   status: 401,
 *   action: "sign_in",
 *   replay: true,
 *   request_id: "r1",
 * };
 * const recovery = createRecovery({
 *   onSignedOut: () => location.assign("/login"),
 *   fetch: () => Promise.resolve(Response.json(refusal, { status: 401 })), // for this example
 * });
 * const supabase = recovery.attach(createClient("https://project.example", "sb_publishable_x", {
 *   auth: { autoRefreshToken: false, persistSession: false },
 *   global: { fetch: recovery.fetch },
 * }));
 *
 * const { error } = await supabase.functions.invoke("me");
 * assertEquals(problemOf(error)?.action, "sign_in");
 * ```
 */
export function createRecovery(options: RecoveryOptions = {}): Recovery {
  const settings = withDefaults(options);
  const send: typeof fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  let attached: Attached | undefined;
  let resolveAttached = (_: Attached) => {};
  const attaching = new Promise<Attached>((resolve) => resolveAttached = resolve);

  const recoveringFetch: typeof fetch = async (input, init) => {
    // supabase-js may begin with a request before attach() was called.
    const state = attached ?? await deadline(1000, attaching);
    if (!state) {
      throw new TypeError("createRecovery(): attach() the client, right after createClient().");
    }
    const url = typeof input === "object" && "url" in input ? input.url : String(input);
    const path = url.startsWith(`${state.url}/`) ? url.slice(state.url.length) : "";
    if (path.startsWith("/auth/v1/")) {
      return await (state.session?.authFetch.fetch ?? send)(input, init);
    }
    return RECOVERED_PATHS.test(path)
      ? await call(state, settings, await parseRequest(input, init, state.url))
      : await send(input, init);
  };
  recoveringFetches.add(recoveringFetch);

  return {
    fetch: recoveringFetch,
    attach(supabase) {
      if (attached?.supabase === supabase) return supabase;
      if (attached) throw new TypeError("createRecovery(): one recovery is for one client.");
      const { url, fetch } = configOf(supabase);
      if (!fetch) {
        throw new TypeError("attach(): createClient() needs `global: { fetch: recovery.fetch }`.");
      }
      if (hasAccessTokenOption(supabase)) {
        console.warn(
          "attach(): this client takes its tokens from `accessToken`. Calls wait, repeat and ask " +
            "again as `action` says; renewing a token and ending a session stay with its provider.",
        );
      }
      attached = { ...joinState(supabase, settings, send), supabase, url };
      resolveAttached(attached);
      return supabase;
    },
  };
}

type Attached = ClientState & { readonly supabase: AnyClient; readonly url: string };

const recoveringFetches = /* @__PURE__ */ new WeakSet<typeof fetch>();

/** What {@linkcode withRecovery} gives. */
export interface Calls<Client extends AnyClient = AnyClient> {
  /** `supabase.functions.invoke`, and recovers. `problemOf(error)` is the typed problem. */
  readonly invoke: Client["functions"]["invoke"];
  /** fetch as the signed-in user, for URLs of the project's own origin; recovers. */
  readonly fetch: typeof fetch;
}

/**
 * Calls that recover, for a client that was made without {@linkcode createRecovery}. Its session is
 * callHook just the same, but only these two calls recover: `from`, `rpc` and `storage` do not.
 *
 * @param supabase A client of supabase-js 2.109 or later that keeps its own session.
 * @param options What the application does about it.
 * @returns The calls: plain functions, which share what they know with every other recovery of the
 * client.
 * @throws {TypeError} The client cannot be used, or an option is wrong.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 *
 * const supabase = createClient("https://project.example", "sb_publishable_x", {
 *   auth: { autoRefreshToken: false, persistSession: false },
 *   global: { fetch: () => Promise.resolve(Response.json({ id: 1 })) },
 * });
 * const { invoke } = withRecovery(supabase, { onSignedOut: () => location.assign("/login") });
 * assertEquals((await invoke("me")).data, { id: 1 });
 * ```
 */
export function withRecovery<Client extends AnyClient>(
  supabase: Client,
  options: RecoveryOptions = {},
): Calls<Client> {
  const settings = withDefaults(options);
  const { url, key, fetch } = configOf(supabase);
  const send: typeof globalThis.fetch = (input, init) =>
    (options.fetch ?? fetch ?? globalThis.fetch)(input, init);
  const isNew = !states.has(supabase);
  const { client } = sessionStoreOf(supabase);
  const state = joinState(supabase, settings, send);
  if (isNew && state.session) client.setAuthFetch(state.session.authFetch.fetch);
  const recoveringFetch: typeof globalThis.fetch = async (input, init) => {
    const request = await parseRequest(input, init, url);
    if (request.url.origin !== new URL(url).origin) {
      throw new TypeError("This fetch sends a user's token: it takes URLs of the project only.");
    }
    const { headers, signal } = request;
    if (!headers.has("apikey")) headers.set("apikey", key);
    if (!headers.has("authorization")) {
      const loading = client.auth.getSession().then(({ data }) => data.session, () => null);
      const session = await deadline(settings.timeout, loading, signal);
      if (session) {
        headers.set("authorization", `Bearer ${session.access_token}`);
      }
    }
    return await call(state, settings, request);
  };
  return { fetch: recoveringFetch, invoke: client.invokeWith(recoveringFetch) };
}
