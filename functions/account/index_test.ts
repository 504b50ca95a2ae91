// What account() asks of Supabase Auth on behalf of the caller.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import account from "./index.ts";

Deno.test("account() changes the password with the caller's own token", async () => {
  using auth = fakeAuth().install();
  auth.onRequest(({ method }) => method === "PUT" ? Response.json({}) : undefined);
  const ada = auth.signIn();
  const body = { password: "correct-horse" };

  const response = await account.fetch(
    ada.request("/account/password", { method: "PUT", body }),
  );

  assert.equal(response.status, 204);
  const call = auth.calls.at(-1);
  assert.equal(`${call?.method} ${call?.path}`, "PUT /auth/v1/user");
  assert.equal(call?.headers.get("authorization"), ada.headers.Authorization);
  assert.deepEqual(JSON.parse(call?.body ?? ""), body);
});

Deno.test("account() ends the other sessions, and leaves this one alive", async () => {
  using auth = fakeAuth().install();
  const phone = auth.signIn();
  const laptop = phone.signIn();
  const path = "/account/other-sessions";

  const response = await account.fetch(phone.request(path, { method: "DELETE" }));
  assert.equal(response.status, 204);

  const refused = await account.fetch(laptop.request(path, { method: "DELETE" }));
  assert.equal((await refused.json()).code, "session_not_found");
  const again = await account.fetch(phone.request(path, { method: "DELETE" }));
  assert.equal(again.status, 204);
});

Deno.test("account() asks for the second factor of a user who has one", async () => {
  using auth = fakeAuth().install();
  const user = { factors: [{ id: "totp", status: "verified" }] };
  const ada = auth.signIn({ user });
  const path = "/account/other-sessions";

  const refused = await account.fetch(ada.request(path, { method: "DELETE" }));
  assert.equal((await refused.json()).action, "step_up");

  const confirmed = ada.signIn({ claims: { aal: "aal2" } });
  const admitted = await account.fetch(confirmed.request(path, { method: "DELETE" }));
  assert.equal(admitted.status, 204);
});
