// What todos() asks of the database, and as whom. The fake Auth stands in for
// Supabase Auth, this file for the Data API.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import todos from "./index.ts";

const TEA = { id: crypto.randomUUID(), title: "tea", done: false };

Deno.test("todos() lists the rows that the caller may see", async () => {
  using auth = fakeAuth().install();
  auth.onRequest(() => Response.json([TEA]));
  const ada = auth.signIn();

  const response = await todos.fetch(ada.request("/todos"));

  assert.deepEqual(await response.json(), [TEA]);
  const query = auth.calls.at(-1);
  assert.equal(query?.path, "/rest/v1/todos?select=*&order=created_at.asc");
  assert.equal(query?.headers.get("authorization"), ada.headers.Authorization);
});

Deno.test("todos() stores a todo as the caller's own", async () => {
  using auth = fakeAuth().install();
  auth.onRequest(() => Response.json(TEA, { status: 201 }));
  const ada = auth.signIn();
  const request = { method: "POST", body: { title: "  tea " } };

  const response = await todos.fetch(ada.request("/todos", request));

  assert.equal(response.status, 201);
  assert.deepEqual(JSON.parse(auth.calls.at(-1)?.body ?? ""), {
    title: "tea",
    user_id: ada.user.id,
  });
});

Deno.test("todos() asks the database nothing for a body that does not fit", async () => {
  using auth = fakeAuth().install();
  const request = { method: "POST", body: { title: "" } };

  const response = await todos.fetch(auth.signIn().request("/todos", request));

  assert.equal(response.status, 400);
  assert.equal(auth.calls.length, auth.checks.length);
});
