// What me() answers, with a Supabase Auth in memory.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import me from "./index.ts";

Deno.test("me() answers who calls, and with which session", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn({ user: { email: "ada@example.com" } });

  const response = await me.fetch(ada.request("/me"));
  const body = await response.json();

  assert.equal(response.status, 200);
  assert.equal(body.id, ada.user.id);
  assert.equal(body.email, "ada@example.com");
  assert.equal(body.session.id, ada.sessionId);
});

Deno.test("me() refuses a caller whose session has ended", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  ada.signOut();

  const response = await me.fetch(ada.request("/me"));
  const { code, action } = await response.json();

  assert.equal(response.status, 401);
  assert.deepEqual([code, action], ["session_not_found", "sign_in"]);
});

Deno.test("me() answers 503 while Auth is down, not 401", async () => {
  using auth = fakeAuth().install();
  const ada = auth.signIn();
  auth.fault = "unavailable";

  const response = await me.fetch(ada.request("/me"));

  assert.equal(response.status, 503);
  assert.equal((await response.json()).action, "retry");
});
