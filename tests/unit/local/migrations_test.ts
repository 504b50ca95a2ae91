import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { banner, skippedLines } from "../../../supabase/local/banner.ts";
import { type Engine } from "../../../supabase/local/lite.ts";
import { bootStack } from "../../../supabase/local/stack.ts";

/** Boots a project that has these migrations only. */
async function bootWith(files: Record<string, string>, engine: Engine = "sqlite", seed = "") {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/supabase/migrations`, { recursive: true });
  for (const [name, sql] of Object.entries(files)) {
    await Deno.writeTextFile(`${root}/supabase/migrations/${name}`, sql);
  }
  await Deno.writeTextFile(`${root}/supabase/seed.sql`, seed);
  const stack = await bootStack({ port: 0, root, engine });
  await Deno.remove(root, { recursive: true });
  return stack;
}

const files = {
  "1_notes.sql": "create table public.notes (id uuid primary key, words text not null);",
  "2_grants.sql":
    "-- why\ngrant select on public.notes to anon;\nrevoke all on public.notes from anon;",
  "3_index.sql": "create index notes_words_idx on public.notes (words);",
  "4_extension.sql": "create extension pg_net;",
};

Deno.test("applyMigrations() runs what sqlite can, and names the statements that it cannot", async () => {
  await using stack = await bootWith(files);
  const { applied, skipped, grants } = stack.migrations;
  assertEquals(applied, ["1_notes.sql", "2_grants.sql", "3_index.sql"]);
  assertEquals(skipped.map(({ file, statement }) => [file, statement]), [
    ["4_extension.sql", "create extension pg_net"],
  ]);
  for (const { reason } of skipped) assert(reason.length > 0);
  assertEquals(grants, 2);
  const rows = await fetch(`${stack.url}/rest/v1/notes`, {
    headers: { apikey: stack.keys.secret },
  });
  assertEquals(await rows.json(), []);
});

for (const engine of ["sqlite", "pglite"] as const) {
  Deno.test(`applyMigrations() runs seed.sql on ${engine}, and names a statement that fails`, async () => {
    const seed = "-- rows\ninsert into public.notes (id, words) values " +
      "(gen_random_uuid(), 'it''s'), (gen_random_uuid(), 'b');\n" +
      "insert into public.nothing values (1);";
    await using stack = await bootWith({ "1_notes.sql": files["1_notes.sql"] }, engine, seed);
    assertEquals(stack.migrations.applied, ["1_notes.sql"]);
    assertEquals(stack.migrations.skipped.map(({ file, statement }) => [file, statement]), [
      ["seed.sql", "insert into public.nothing values (1)"],
    ]);
    const rows = await fetch(`${stack.url}/rest/v1/notes?select=words&order=words`, {
      headers: { apikey: stack.keys.secret },
    });
    assertEquals(await rows.json(), [{ words: "b" }, { words: "it's" }]);
  });
}

Deno.test("banner() shows how many files were applied, and the keys that clients use", async () => {
  await using stack = await bootWith(files);
  const text = (await banner(stack)).replaceAll(/\s+/g, " ");
  const sql = "3 files applied, 1 statement did not run, see above";
  const grants = "without GRANT and REVOKE: SQLite has no roles (--engine pglite)";
  for (const part of [sql, grants, stack.keys.publishable]) assert(text.includes(part), part);
  assert(text.includes(stack.keys.secret) && text.includes(`${stack.url}/_local/mail`));
  const [first] = skippedLines(stack.migrations);
  assert(first?.startsWith("did not run: 4_extension.sql: create extension pg_net ("));
});

Deno.test("applyMigrations() names a statement that is invalid", async () => {
  await using stack = await bootWith({ "1_wrong.sql": "create tabel nothing;" });
  assertEquals(stack.migrations.applied, []);
  assertStrictEquals(stack.migrations.skipped[0]?.statement, "create tabel nothing");
});

Deno.test("bootStack() creates the table of the repository on sqlite", async () => {
  await using stack = await bootStack({ port: 0, functions: false });
  assert(stack.migrations.applied.some((file) => file.endsWith("_todos.sql")));
});

Deno.test("bootStack() runs every migration of the repository on pglite", async () => {
  await using stack = await bootStack({ port: 0, functions: false, engine: "pglite" });
  assertEquals(stack.migrations.skipped, []);
  assertStrictEquals(stack.name, "embedded (pglite)");
});
