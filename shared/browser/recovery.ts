/**
 * A client whose calls recover: they refresh, step up, wait or sign out as the response's `action`
 * says.
 *
 * @module
 */
import { createAuthFetch } from "./auth_fetch.ts";
import { call, type ClientState } from "./call.ts";
import { type AnyClient, hasAccessTokenOption, urlOf } from "./client.ts";
import { createDialog } from "./dialogs.ts";
import { callHooks, createOutage, delay, endDelaysEarly, onAttention } from "./outage.ts";
import { type CallOptions, type RecoveryOptions, withDefaults } from "./options.ts";
import { parseRequest } from "./request.ts";
import { sessionStoreOf } from "./session.ts";

/** The result of {@linkcode createRecovery}. */
export interface Recovery {
  /** Pass it as `global.fetch` to `createClient()`. */
  readonly fetch: typeof fetch;
  /**
   * Attaches the client that was created with this fetch. Call it right after `createClient()`, in the
   * same task: a later request without it is an error.
   *
   * @throws {TypeError} The client was created without this fetch (not checked if it has the
   * `accessToken` option), or is not a client of supabase-js 2.109 or later.
   */
  attach<Client extends AnyClient>(supabase: Client): Client;
}

/** Requested to find out whether a client uses the fetch of a recovery. */
const PROBE = "data:,";

let isProbed = false;

const SET_UP = "recovery.attach(createClient(url, key, { global: { fetch: recovery.fetch } })).";

const states = /* @__PURE__ */ new WeakMap<object, ClientState>();

/** The state that all recoveries of a client share, with the hooks of this one added. */
function joinState(supabase: AnyClient, options: CallOptions, send: typeof fetch): ClientState {
  const { onSignedOut, onStep, onOutage } = options;
  let state = states.get(supabase);
  if (state === undefined) states.set(supabase, state = createState(supabase, options, send));
  if (onOutage) state.outage.listeners.add(onOutage);
  state.session?.store.onEnd((problem) => {
    callHooks([onStep], { step: "signed_out", code: problem.code, request: "" });
    callHooks([onSignedOut], problem);
  });
  return state;
}

function createState(
  supabase: AnyClient,
  { timeout }: CallOptions,
  send: typeof fetch,
): ClientState {
  const dialogs = { step_up: createDialog(), reauthenticate: createDialog() };
  let session: ClientState["session"] = null;
  const tryNow = () => {
    session?.authFetch.tryNow();
    return endDelaysEarly();
  };
  // Where no call waits, the next one tells.
  const outage = createOutage(() => tryNow() || outage.end("call"));
  onAttention(tryNow);
  if (!hasAccessTokenOption(supabase)) {
    const store = sessionStoreOf(supabase);
    session = { store, authFetch: createAuthFetch({ store, outage, send, timeoutMs: timeout }) };
    store.onEnd(dialogs.step_up.close);
    store.onEnd(dialogs.reauthenticate.close);
    store.onChange(({ event }) => {
      // Another tab has refreshed the session, or the user has signed in or out.
      if (event !== "INITIAL_SESSION") outage.endAll();
    });
  }
  return { url: urlOf(supabase), send, outage, dialogs, session };
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
  let state: ClientState | undefined;

  const recoveringFetch: typeof fetch = async (input, init) => {
    if (input === PROBE) {
      isProbed = true;
      return new Response();
    }
    // createClient() itself asks Auth about a sign-in that is in the address.
    if (!state) await delay(0);
    if (!state) throw new TypeError(SET_UP);
    const request = parseRequest(input, init, state.url);
    return request.isRecovered
      ? await call(state, settings, request)
      : await (state.session?.authFetch.fetch ?? send)(input, init);
  };

  return {
    fetch: recoveringFetch,
    attach(supabase) {
      if (state) {
        if (states.get(supabase) === state) return supabase;
        throw new TypeError(SET_UP);
      }
      if (hasAccessTokenOption(supabase)) {
        console.warn("With `accessToken`, calls only wait, retry and reauthenticate.");
      } else {
        isProbed = false;
        sessionStoreOf(supabase).client.fetch(PROBE).catch(() => {});
        if (!isProbed) throw new TypeError(SET_UP);
      }
      state = joinState(supabase, settings, send);
      return supabase;
    },
  };
}
