import { PostgrestClient } from "@supabase/postgrest-js";
import { StorageClient } from "@supabase/storage-js";
import type { Project } from "../core/project.ts";

/** supabase-js' own default: a client without generated types. */
// deno-lint-ignore no-explicit-any -- `unknown` would make every table name an error
export type AnyDatabase = any;

/** As in supabase-js, whatever the project exposes first. A `Database` need not have it. */
const DEFAULT_SCHEMA: AnyDatabase = "public";

/**
 * Rows and files as one user: `from`, `schema`, `rpc` and `storage` of a supabase-js client, out of
 * its own packages. The rest of supabase-js (Realtime, Auth, and the CommonJS they come in) takes
 * 40 ms to load (Deno 2.9.6 and 2.1.4), these two take 5.
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
 * const { data } = await new DataClient(project, "a.b.c", fetch).from("todos").select("title");
 *
 * assertEquals(data, [{ title: "tea" }]);
 * assertEquals(sent[0]?.url, "https://abc.supabase.co/rest/v1/todos?select=title");
 * assertEquals(sent[0]?.headers.get("Authorization"), "Bearer a.b.c");
 * ```
 */
export class DataClient<Database = AnyDatabase> extends PostgrestClient<Database> {
  /** The user's files. */
  readonly storage: StorageClient;

  /**
   * @param project Where the data is, and the key our calls carry.
   * @param token The user's access token. No member holds it: logging the client does not show it.
   * @param fetch The fetch to use.
   */
  constructor(
    { url, apiKey }: Pick<Project, "url" | "apiKey">,
    token: string,
    fetch: typeof globalThis.fetch,
  ) {
    const asUser = (send: typeof globalThis.fetch): typeof globalThis.fetch => (input, init) => {
      const headers = new Headers(init?.headers);
      // A query's own `setHeader()` wins, as in supabase-js.
      if (!headers.has("apikey")) headers.set("apikey", apiKey);
      if (!headers.has("Authorization")) headers.set("Authorization", `Bearer ${token}`);
      return send(input, { ...init, headers });
    };
    super(`${url}/rest/v1`, { fetch, wrapFetch: asUser, schema: DEFAULT_SCHEMA });
    this.storage = new StorageClient(`${url}/storage/v1`, {}, asUser(fetch));
  }
}
