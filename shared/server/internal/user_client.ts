import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { STATELESS } from "../core/get_user.ts";
import type { Project } from "../core/project.ts";

/** supabase-js' own default: a client without generated types. */
// deno-lint-ignore no-explicit-any -- with `unknown`, every table name would be an error
export type AnyDatabase = any;

/**
 * A supabase-js client that acts as one user: row level security applies to rows, files, functions
 * and channels, and `auth.getUser()` answers about this user. It stores nothing and refreshes
 * nothing.
 *
 * @param project Where the data is, and the API key of our calls.
 * @param token The user's access token.
 * @param fetch The fetch to use.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const sent: Request[] = [];
 * const fetch: typeof globalThis.fetch = (...request) => {
 *   sent.push(new Request(...request));
 *   return Promise.resolve(Response.json([{ title: "tea" }]));
 * };
 * const project = { url: "https://abc.supabase.co", apiKey: "sb_publishable_x" };
 * const { data } = await createUserClient(project, "a.b.c", fetch).from("todos").select("title");
 *
 * assertEquals(data, [{ title: "tea" }]);
 * assertEquals(sent[0]?.url, "https://abc.supabase.co/rest/v1/todos?select=title");
 * assertEquals(sent[0]?.headers.get("Authorization"), "Bearer a.b.c");
 * ```
 */
export function createUserClient<Database = AnyDatabase>(
  { url, apiKey }: Pick<Project, "url" | "apiKey">,
  token: string,
  fetch: typeof globalThis.fetch,
): SupabaseClient<Database> {
  const client: SupabaseClient = createClient(url, apiKey, {
    auth: STATELESS,
    global: { headers: { Authorization: `Bearer ${token}` }, fetch },
    // Without it, a channel would connect with the API key and see what a signed-out user sees.
    realtime: { accessToken: () => Promise.resolve(token) },
  });
  return client as SupabaseClient<Database>;
}

/**
 * A supabase-js client that acts as an API key: `anon` for a publishable one, past row level security
 * for a secret one. It stores nothing and refreshes nothing.
 *
 * @param url The project's URL.
 * @param key The API key.
 * @param fetch The fetch to use.
 */
export function createKeyClient<Database = AnyDatabase>(
  url: string,
  key: string,
  fetch: typeof globalThis.fetch,
): SupabaseClient<Database> {
  const client: SupabaseClient = createClient(url, key, { auth: STATELESS, global: { fetch } });
  return client as SupabaseClient<Database>;
}
