/** Asking Auth itself whether a token is dead, before anybody is signed out for it. @module */
import { outcomeOf } from "../problems/table.ts";
import type { Client } from "./client.ts";
import { parseJson } from "./parse_json.ts";
import { LATE, within } from "./within.ts";

/**
 * Asks Auth about one token, by a plain fetch: `auth.getUser(token)` would remove whatever session
 * is stored by the time of the answer, also a newer one.
 *
 * @param client The client.
 * @param token The token that was refused.
 * @param spent Whether Auth has just refused to renew its session. Then a token that has run out is
 * dead as well: there will be no other.
 * @param ms Milliseconds that it may take.
 * @returns The code under which Auth calls this very token dead, or `null`: it is alive, or Auth is
 * away, limits us, or says something else.
 *
 * @example
 * ```ts
 * import { createClient } from "@supabase/supabase-js";
 * import { assertEquals } from "@std/assert";
 * import { clientOf } from "./client.ts";
 *
 * const supabase = createClient("https://project.example", "sb_publishable_x", {
 *   auth: { autoRefreshToken: false, persistSession: false },
 *   global: {
 *     fetch: () => Promise.resolve(Response.json({ error_code: "session_not_found" }, { status: 403 })),
 *   },
 * });
 * assertEquals(await confirm(clientOf(supabase), "a token", false, 1000), "session_not_found");
 * ```
 */
export async function confirm(
  client: Client,
  token: string,
  spent: boolean,
  ms: number,
): Promise<string | null> {
  const stop = new AbortController();
  try {
    const answer = await within(ms, ask(client, token, stop.signal));
    if (answer === LATE) return null;
    const { status, code } = answer;
    if (status < 400 || status >= 500 || status === 429 || code === undefined) return null;
    const { action } = outcomeOf(code, "credential");
    // `no_authorization` says that the token did not arrive, so it says nothing about it.
    const dead = action === "sign_in" && code !== "no_authorization";
    return dead || (spent && code === "bad_jwt") ? code : null;
  } catch {
    return null;
  } finally {
    stop.abort();
  }
}

async function ask({ base, send }: Client, token: string, signal: AbortSignal) {
  const response = await send(new URL("auth/v1/user", base).href, {
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store",
    redirect: "manual",
    signal,
  });
  const body = parseJson(await response.text());
  return { status: response.status, code: codeOf(body) ?? header(response) };
}

/** Both shapes of Auth: since API version 2024-01-01 `code`, before it `error_code`. */
function codeOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { code, error_code }: { code?: unknown; error_code?: unknown } = body;
  return typeof error_code === "string" ? error_code : typeof code === "string" ? code : undefined;
}

function header({ headers }: Response): string | undefined {
  return headers.get("x-sb-error-code") ?? undefined;
}
