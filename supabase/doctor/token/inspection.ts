/** The edge to Auth for one token. */

import { type AuthAnswer, boundedFetch, decodeJsonPart, readKeySet } from "../library.ts";

/** A token, and what Auth said of it. */
export interface Inspection {
  /** Without white space and without `Bearer`. Never to be printed. */
  readonly token: string;
  /** Of the project that was asked; `undefined` if none is known. */
  readonly url: string | undefined;
  /** What GET /user answered. */
  readonly user: AuthAnswer | undefined;
  /** The ids of Auth's keys; `undefined` where they could not be read. */
  readonly kids: readonly string[] | undefined;
  /** By Auth's clock where it tells it, else by this machine's; seconds since the epoch. */
  readonly now: number;
}

const TIMEOUT = 10_000;

/**
 * Asks Auth about a token.
 *
 * @param text What was pasted.
 * @param url The project; without one, nobody is asked: a token is not sent where it points to.
 * @param apiKey The publishable or anon key.
 */
export async function inspect(
  text: string,
  url: string | undefined,
  apiKey: string | undefined,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<Inspection> {
  const token = text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, "").replace(
    /^"(.*)"$/,
    "$1",
  );
  const now = Date.now() / 1000;
  const isJwt = decodeJsonPart(token.split(".")[1] ?? "") !== null;
  if (url === undefined || !isJwt) return { token, url, user: undefined, kids: undefined, now };
  const headers = new Headers({ "X-Supabase-Api-Version": "2024-01-01" });
  if (apiKey !== undefined) headers.set("apikey", apiKey);
  const jwks = await boundedFetch(
    fetch,
    `${url}/auth/v1/.well-known/jwks.json`,
    { headers },
    TIMEOUT,
  );
  headers.set("Authorization", `Bearer ${token}`);
  const user = await boundedFetch(fetch, `${url}/auth/v1/user`, { headers }, TIMEOUT);
  const keys = jwks.kind === "answer" && jwks.status === 200 ? readKeySet(jwks.text) : undefined;
  const date = user.kind === "answer" ? Date.parse(user.headers.get("date") ?? "") / 1000 : NaN;
  return {
    token,
    url,
    user,
    kids: keys?.map((key) => String((key as { kid?: unknown }).kid)),
    now: Number.isNaN(date) ? now : date,
  };
}
