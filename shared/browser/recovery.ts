/**
 * A client whose calls recover: they refresh, step up, wait or sign out as the response's `action`
 * says.
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

/** One step of recovery, for a timeline or a log. */
export interface RecoveryEvent {
  /** The next step. `replay` sends the same request again; `signed_out` has happened already. */
  readonly step: Step["kind"] | "replay" | "signed_out";
  /** The method and path of the request; empty for `signed_out`. */
  readonly request: string;
  /** The code that led to this step. */
  readonly code: string;
  /** For `wait`: how long, in milliseconds. */
  readonly ms?: number;
}

/** The options of `createRecovery()` and `withRecovery()`. */
export interface RecoveryOptions {
  /**
   * The session has ended and is removed from this device: show the sign-in. Called once per tab
   * and session. The code is `no_authorization` if Auth did not end the session: the user signed
   * out, here or in another tab, or cleared the site's data.
   *
   * @default no hook; `onSession()` reports it too
   */
  readonly onSignedOut?: ((problem: Problem) => void) | undefined;
  /**
   * Asks the user to confirm a second factor (`required_aal`) or to sign in again (`max_age`).
   * Calls that need it at the same time share one dialog. `complete` or a resolved promise sends
   * them again; `cancel`, `false` or a rejection ends them with their problem.
   *
   * @default the problem is returned
   */
  readonly onStepUp?:
    | ((problem: Problem, dialog: Dialog<true | void>) => Promise<boolean | void> | void)
    | undefined;
  /**
   * Asks the user for the code that Auth mails and for the current password. The object given to
   * `complete`, or that the promise resolves to, is added to the JSON body of every call that waits
   * for the dialog; an empty value cancels. Called again, up to three times per call, if a value
   * was wrong.
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
   * Auth does not answer or cannot be reached: show a banner. Called after each failed try, and
   * with `null` when the outage is over.
   *
   * @default no hook
   */
  readonly onOutage?: ((outage: Outage | null) => void) | undefined;
  /**
   * Called before each step of recovery. What it throws is reported and does not affect recovery.
   *
   * @default no hook
   */
  readonly onStep?: ((event: RecoveryEvent) => void) | undefined;
  /**
   * The fetch that sends the requests.
   *
   * @default the runtime's fetch
   */
  readonly fetch?: typeof fetch | undefined;
  /**
   * The time limit, in milliseconds, of one refresh or other request to Auth.
   *
   * @default {10_000}
   */
  readonly timeout?: number | undefined;
  /**
   * How long one call may wait in total, in milliseconds: for a refresh, a `retry` or a
   * confirmation by Auth. The time that the function itself and the user take does not count. A
   * call that would have to wait longer returns its problem at once.
   *
   * @default {30_000}
   */
  readonly patience?: number | undefined;
}

/** The result of {@linkcode createRecovery}. */
export interface Recovery {
  /** Pass it as `global.fetch` to `createClient()`. */
  readonly fetch: typeof fetch;
  /**
   * Attaches the client that was created with this fetch. Call it right after `createClient()`.
   *
   * @throws {TypeError} The client was created without this fetch, or is not a client of
   * supabase-js 2.109 or later.
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

/** The state that all recoveries of a client share, with the hooks of this one added. */
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
 * Creates the fetch of a client whose calls recover: `functions.invoke`, `from`, `rpc` and
 * `storage` refresh, step up, wait or sign out as the response's `action` says. supabase-js removes
 * its session only after a refusal by Auth.
 *
 * - A session is removed only after Auth has said that this session has ended; only on this device,
 *   and never a newer session. An outage of Auth does not sign the user out.
 * - The action comes from this version's table, not from the response. A call with its own
 *   Authorization header never causes a refresh or a sign-out.
 * - A request is sent again only if the handler did not run (`replay`), the method is safe, or it
 *   has an Idempotency-Key; and never as another user.
 *
 * @param options The hooks and limits of the application.
 * @returns The fetch, and the function that attaches the client.
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
    // supabase-js may send a request before attach() is called.
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
            "again as `action` says; refreshing and ending the session stay with its provider.",
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

/** The result of {@linkcode withRecovery}. */
export interface Calls<Client extends AnyClient = AnyClient> {
  /** `supabase.functions.invoke` with recovery. `problemOf(error)` is the typed problem. */
  readonly invoke: Client["functions"]["invoke"];
  /** A fetch as the signed-in user, with recovery, for URLs of the project's own origin. */
  readonly fetch: typeof fetch;
}

/**
 * Calls that recover, for a client that was created without {@linkcode createRecovery}. Its session
 * is protected in the same way, but only these two calls recover: `from`, `rpc` and `storage` do
 * not.
 *
 * @param supabase A client of supabase-js 2.109 or later that keeps its own session.
 * @param options The hooks and limits of the application.
 * @returns The calls: plain functions, which share their state with every other recovery of the
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
