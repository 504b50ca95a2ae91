// Who may call jobs(), and what it asks of the database.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import jobs from "./index.ts";

const keys = { default: "sb_secret_default", cron: "sb_secret_cron" };
const env = { SUPABASE_SECRET_KEYS: JSON.stringify(keys) };

/** What the database sends: see schedule.sql. */
function call(path: string, apikey: string, body: unknown = {}): Request {
  return new Request(`http://localhost/jobs/${path}`, {
    method: "POST",
    headers: { apikey, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

Deno.test("jobs() removes todos that were done long ago, with the key of the cron job", async () => {
  using auth = fakeAuth({ env }).install();
  auth.onRequest(() => Response.json([{ id: "1" }, { id: "2" }]));

  const response = await jobs.fetch(call("remove-done", keys.cron));

  assert.deepEqual(await response.json(), { removed: 2 });
  const query = auth.calls.at(-1);
  assert.match(
    `${query?.method} ${query?.path}`,
    /^DELETE \/rest\/v1\/todos\?done=eq.true&created/,
  );
  assert.equal(query?.headers.get("apikey"), keys.cron);
});

Deno.test("jobs() accepts what a database webhook sends for a new row, and no other table", async () => {
  using _ = fakeAuth({ env }).install();
  const record = { id: crypto.randomUUID(), user_id: crypto.randomUUID(), title: "tea" };
  const inserted = { type: "INSERT", schema: "public", table: "todos", record, old_record: null };

  const response = await jobs.fetch(call("todo-added", keys.cron, inserted));
  assert.equal(response.status, 204);

  const other = await jobs.fetch(call("todo-added", keys.cron, { ...inserted, table: "users" }));
  assert.equal((await other.json()).code, "validation_failed");
});

Deno.test("jobs() refuses users, other keys and requests without a key", async () => {
  using auth = fakeAuth({ env }).install();
  const ada = auth.signIn();

  for (
    const request of [
      ada.request("/jobs/remove-done", { method: "POST" }),
      call("remove-done", keys.default),
      call("remove-done", "sb_secret_of_somebody_else"),
      call("remove-done", ""),
    ]
  ) {
    const response = await jobs.fetch(request);
    assert.ok([401, 403].includes(response.status), String(response.status));
  }
  assert.equal(auth.calls.length, auth.checks.length, "the database was asked");
});
