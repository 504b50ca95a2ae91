// Who may call organizations(). The fake Auth stands in for Supabase Auth, this file for the Data API.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import organizations from "./index.ts";

const TEA = { id: crypto.randomUUID(), name: "Tea" };

/** The Data API of a database where the caller has this role, or without one is not a member. */
function database(role?: string) {
  return ({ url }: Request) => {
    const members = role === undefined ? [] : [{ role }];
    return Response.json(new URL(url).pathname === "/rest/v1/members" ? members : TEA);
  };
}

Deno.test("organizations() lets a member read until the membership is removed", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();

  auth.onRequest(database("member"));
  const before = await organizations.fetch(ada.request(`/organizations/${TEA.id}`));
  auth.onRequest(database());
  const after = await organizations.fetch(ada.request(`/organizations/${TEA.id}`));

  assert.deepEqual(await before.json(), TEA);
  assert.equal(after.status, 403);
  assert.equal((await after.json()).code, "insufficient_scope");
});

Deno.test("organizations() lets only an admin rename", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  const request = { method: "PATCH", body: { name: "Tea and cake" } };

  const statuses = [];
  for (const role of ["admin", "member", undefined]) {
    auth.onRequest(database(role));
    const response = await organizations.fetch(ada.request(`/organizations/${TEA.id}`, request));
    statuses.push(response.status);
  }

  assert.deepEqual(statuses, [200, 403, 403]);
});
