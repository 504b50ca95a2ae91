/**
 * Calls that recover: they refresh, step up, wait or sign out as the answer's `action` says.
 *
 * @module
 */
import { createCall } from "./call.ts";
import { type AnyClient, clientOf } from "./client.ts";
import { milliseconds, type RecoveryOptions } from "./options.ts";
import { sharedOf } from "./shared.ts";

/** What {@linkcode withRecovery} gives. */
export interface Recovery<Client extends AnyClient = AnyClient> {
  /** `supabase.functions.invoke`, and recovers. `problemOf(error)` is the typed problem. */
  readonly invoke: Client["functions"]["invoke"];
  /**
   * fetch as the signed-in user, for URLs of the project's own origin; recovers below
   * `/functions/v1/` and `/rest/v1/`. `problemOf(response)` is the typed problem.
   */
  readonly fetch: typeof fetch;
}

/**
 * Gives a supabase-js client calls that recover.
 *
 * - It obeys only refusals of the functions and of the REST API, and its own table rather than their
 *   words. A call with an Authorization of its own is never refreshed or signed out for.
 * - It signs out only on `sign_in`, only the session whose token was refused, only after Auth has
 *   confirmed that with this very token, and only on this device. An outage signs nobody out.
 * - It sends a request again only if the handler never ran (`replay`), the method is safe, or there
 *   is an Idempotency-Key.
 *
 * @param supabase A client of supabase-js 2.109 or later that keeps its own session.
 * @param options What the application does about it.
 * @returns The calls. They are plain functions and share what they know a client.
 * @throws {TypeError} The client cannot be used, or an option is wrong.
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
 * const supabase = createClient("https://project.example", "sb_publishable_x", {
 *   auth: { autoRefreshToken: false, persistSession: false },
 *   global: { fetch: () => Promise.resolve(Response.json(refusal, { status: 401 })) },
 * });
 *
 * const { invoke } = withRecovery(supabase, { onSignedOut: () => location.assign("/login") });
 * const { error } = await invoke("me");
 * assertEquals(problemOf(error)?.action, "sign_in");
 * ```
 */
export function withRecovery<Client extends AnyClient>(
  supabase: Client,
  options: RecoveryOptions = {},
): Recovery<Client> {
  const client = clientOf(supabase);
  const call = createCall(client, sharedOf(supabase, client), {
    ...options,
    timeout: milliseconds(options.timeout, 10_000, "timeout"),
    patience: milliseconds(options.patience, 30_000, "patience"),
  });
  return { fetch: call, invoke: client.invokeOver(call) };
}
