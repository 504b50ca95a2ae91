import { assert, assertEquals } from "@std/assert";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createUserClient } from "../../../../shared/server/internal/user_client.ts";
import { json } from "../../../support/server.ts";

const PROJECT = { url: "https://project.example", apiKey: "sb_publishable_test" };
const TOKEN = "header.payload.signature";

/** A fetch that keeps what is sent. */
function recorder() {
  const sent: Request[] = [];
  const fetch: typeof globalThis.fetch = (...request) => {
    sent.push(new Request(...request));
    return Promise.resolve(json(200, []));
  };
  return { sent, fetch };
}

type Act = (client: SupabaseClient, fetch: typeof globalThis.fetch) => unknown;

const ACTS: Record<string, Act> = {
  "a select": (client) => client.from("todos").select("id, title").eq("done", false).limit(3),
  "an insert": (client) => client.from("todos").insert({ title: "tea ☕" }).select().single(),
  "an upsert": (client) => client.from("todos").upsert({ id: 1 }, { onConflict: "id" }),
  "an update": (client) => client.from("todos").update({ done: true }).eq("id", 1),
  "a delete": (client) => client.from("todos").delete({ count: "exact" }).eq("id", 1),
  "a count": (client) => client.from("todos").select("*", { count: "exact", head: true }),
  "a call": (client) => client.rpc("add", { a: 1, b: 2 }),
  "a call by GET": (client) => client.rpc("add", { a: 1 }, { get: true }),
  "another schema": (client) => client.schema("shop").from("orders").select(),
  "an insert elsewhere": (client) => client.schema("shop").from("orders").insert({ id: 1 }),
  "a query with headers of its own": (client) =>
    client.from("todos").select().setHeader("Authorization", "Bearer other").setHeader(
      "apikey",
      "k",
    ),
  "a query with a fetch of its own": (client, fetch) => client.from("todos", { fetch }).select(),
  "one elsewhere": (client, fetch) => client.schema("shop").from("orders", { fetch }).select(),
  "a file": (client) => client.storage.from("photos").upload("a b/c.txt", "text"),
  "a list of files": (client) => client.storage.from("photos").list("a"),
  "a signed URL": (client) => client.storage.from("photos").createSignedUrl("c.txt", 60),
  "a function": (client) => client.functions.invoke("me", { body: { a: 1 } }),
};

/** All of a request but who sends it, by name and version. */
async function shown(request: Request | undefined) {
  assert(request);
  const { method, url, headers } = request;
  const kept = [...headers].filter(([name]) => name !== "x-client-info" && name !== "content-type");
  const type = headers.get("content-type")?.replace(/boundary=.*/, "");
  const body = (await request.text()).replaceAll(/-{4,}\S+/g, "boundary");
  return { method, url, headers: kept, type, body };
}

for (const [name, act] of Object.entries(ACTS)) {
  Deno.test(`createUserClient() sends for ${name} what a client with this accessToken sends`, async () => {
    const ours = recorder();
    await act(createUserClient(PROJECT, TOKEN, ours.fetch), ours.fetch);
    const theirs = recorder();
    const supabase = createClient(PROJECT.url, PROJECT.apiKey, {
      accessToken: () => Promise.resolve(TOKEN),
      global: { fetch: theirs.fetch },
    });
    await act(supabase, theirs.fetch);
    assertEquals(ours.sent.length, 1);
    assertEquals(await shown(ours.sent[0]), await shown(theirs.sent[0]));
  });
}

Deno.test("createUserClient() answers getUser() about this user", async () => {
  const { sent, fetch } = recorder();
  const { error } = await createUserClient(PROJECT, TOKEN, fetch).auth.getUser();
  assertEquals([error, sent[0]?.url, sent[0]?.headers.get("Authorization")], [
    null,
    `${PROJECT.url}/auth/v1/user`,
    `Bearer ${TOKEN}`,
  ]);
});

Deno.test("createUserClient() opens channels with the user's token", async () => {
  const client = createUserClient(PROJECT, TOKEN, recorder().fetch);
  assertEquals(await client.realtime.accessToken?.(), TOKEN);
});

Deno.test("createUserClient() stores nothing, refreshes nothing and reads no session from a URL", async () => {
  const { sent, fetch } = recorder();
  const client = createUserClient(PROJECT, TOKEN, fetch);
  assertEquals((await client.auth.getSession()).data.session, null);
  assertEquals(Object.keys(globalThis.localStorage ?? {}), []);
  assertEquals(sent, []);
});

Deno.test("createUserClient() fits a helper that is typed with SupabaseClient<Database>", () => {
  type Database = {
    public: {
      Tables: {
        todos: {
          Row: { id: string };
          Insert: { id: string };
          Update: { id?: string };
          Relationships: [];
        };
      };
      Views: Record<never, never>;
      Functions: Record<never, never>;
    };
  };
  const helper = (client: SupabaseClient<Database>) => client.from("todos").select("id");
  assert(helper(createUserClient<Database>(PROJECT, TOKEN, recorder().fetch)));
});

Deno.test("mod.ts loads supabase-js and hono, and zod only for whoever imports it", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "shared/mod.ts"],
    cwd: new URL("../../../../", import.meta.url),
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; dependencies?: { code?: { specifier: string } }[] }[];
  };
  const packages = modules.flatMap(({ dependencies = [] }) =>
    dependencies.flatMap(({ code }) => code?.specifier.startsWith("npm:") ? [code.specifier] : [])
  );
  const names = new Set(packages.map((name) => name.replace(/^npm:\/?(@?[^@]+).*$/, "$1")));
  assertEquals([...names].sort(), ["@supabase/supabase-js", "hono"]);
});
