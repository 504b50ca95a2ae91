// What functions/jobs/schedule.sql makes PostgreSQL send, and what the function answers to it. The
// database is pglite, where pg_cron, pg_net and the Vault are stand-ins with the same functions: they
// are no part of it.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import jobs from "../../../functions/jobs/index.ts";
import { fakeAuth } from "../../../shared/testing/mod.ts";
import { connectPglite, pgliteDriver } from "../../../supabase/local/pglite.ts";
import { logged } from "../../support/server.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const USER = "11111111-1111-4111-8111-111111111111";
const KEYS = { default: "sb_secret_default", cron: "sb_secret_cron" };

/** The functions that schedule.sql calls, with the signatures of pg_cron and of pg_net 0.20. */
const EXTENSIONS = `
  create schema vault;
  create table vault.decrypted_secrets (name text unique, decrypted_secret text);
  create schema net;
  create table net.sent (url text not null, body jsonb, headers jsonb, timeout_milliseconds int);
  create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
  ) returns bigint language sql as $$
    insert into net.sent values (url, body, headers, timeout_milliseconds) returning 1::bigint
  $$;
  create schema cron;
  create table cron.job (jobname text primary key, schedule text, command text);
  create function cron.schedule(job_name text, schedule text, command text)
  returns bigint language sql as $$
    insert into cron.job values (job_name, schedule, command)
    on conflict (jobname) do update set schedule = excluded.schedule, command = excluded.command
    returning 1::bigint
  $$;`;

let driver: Awaited<ReturnType<typeof pgliteDriver>>;

// A database with the project's migrations, after schedule.sql has run twice.
Deno.test.beforeAll(async () => {
  driver = await pgliteDriver(await connectPglite());
  await driver.exec(EXTENSIONS);
  for (const name of ["20261123000001_todos.sql", "20261123000002_todos_grants.sql"]) {
    await driver.exec(await read(`supabase/migrations/${name}`));
  }
  const script = await read("functions/jobs/schedule.sql");
  assertEquals(script.match(/^create extension .*$/gm), [
    "create extension if not exists pg_cron;",
    "create extension if not exists pg_net;",
  ]);
  const withoutExtensions = script.replaceAll(/^create extension .*$/gm, "");
  await driver.exec(withoutExtensions);
  await driver.exec(withoutExtensions);
  await driver.exec(`insert into auth.users (id) values ('${USER}')`);
});

Deno.test.afterAll(() => driver.close());

/** The rows of the last statement. */
async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const results = await driver.exec(sql) as { rows: Record<string, unknown>[] }[];
  return results.at(-1)!.rows;
}

Deno.test("schedule.sql sends what the function jobs admits, with the key of the Vault", async () => {
  const addTodo = () =>
    driver.exec(`insert into public.todos (user_id, title) values ('${USER}', 'tea')`);

  await addTodo(); // without secrets, nothing is sent, and the row is stored all the same
  assertEquals(await rows("select * from net.sent"), []);
  assertEquals((await rows("select title from public.todos")).length, 1);

  await driver.exec(`insert into vault.decrypted_secrets values
    ('project_url', 'https://project.example'), ('cron_key', '${KEYS.cron}')`);
  const [job, ...others] = await rows("select * from cron.job");
  assertEquals([job?.jobname, job?.schedule, others], ["remove-done-todos", "30 3 * * *", []]);
  await driver.exec(String(job?.command));
  await addTodo();
  const sent = await rows("select * from net.sent");
  assertEquals(sent.map(({ url }) => url), [
    "https://project.example/functions/v1/jobs/remove-done",
    "https://project.example/functions/v1/jobs/todo-added",
  ]);

  using auth = fakeAuth({ env: { SUPABASE_SECRET_KEYS: JSON.stringify(KEYS) } }).install();
  auth.onRequest(() => Response.json([]));
  const statuses: number[] = [];
  const printed = await printedBy(async () => {
    for (const { url, body, headers } of sent) {
      const { pathname } = new URL(String(url));
      const path = pathname.replace("/functions/v1", "");
      const request = new Request(`http://localhost${path}`, {
        method: "POST",
        headers: headers as Record<string, string>,
        body: JSON.stringify(body),
      });
      statuses.push((await jobs.fetch(request)).status);
    }
  });
  assertEquals(statuses, [200, 204]);
  assertMatch(printed, /^todo [0-9a-f-]{36} was added$/);
});

Deno.test("schedule.sql keeps the key out of jobs, triggers and functions, and its functions from API roles", async () => {
  const texts = await rows(`
    select command as text from cron.job
    union all select pg_get_triggerdef(oid) from pg_trigger
    union all select prosrc from pg_proc`);
  assert(texts.length > 10);
  for (const { text } of texts) assert(!String(text).includes(KEYS.cron));
  for (const role of ["anon", "authenticated", "service_role"]) {
    const denied = await driver.exec(
      `set role ${role}; select private.call_function('jobs/remove-done')`,
    )
      .then(() => "", (error: Error) => error.message);
    assertStringIncludes(denied, "permission denied", role);
    await driver.exec("reset role");
    Deno.exitCode = 0; // an error leaves one behind, and a test that ends with one has failed
  }
});

/** What is printed while a task runs. */
async function printedBy(run: () => Promise<void>): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  try {
    assertEquals(await logged(run), "");
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}
