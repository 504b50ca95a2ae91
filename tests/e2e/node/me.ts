// A test as somebody on Node writes it; node_test.ts bundles and runs it.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import me from "../../../functions/me/index.ts";
import { type FakeAuth, fakeAuth, FakeTime } from "../../../shared/testing/mod.ts";

let auth: FakeAuth;
beforeEach(() => {
  auth = fakeAuth().install();
});
afterEach(() => auth.restore());

test("me() answers who calls", async () => {
  const ada = auth.signIn();
  const response = await me.fetch(ada.request("/me"));
  assert.equal(response.status, 200);
  assert.equal((await response.json()).id, ada.user.id);
  assert.equal(auth.checks.length, 1);
});

test("me() refuses a caller who signed out", async () => {
  const ada = auth.signIn();
  ada.signOut();
  const response = await me.fetch(ada.request("/me"));
  assert.equal((await response.json()).code, "session_not_found");
});

test("me() answers 503 in fake time when Auth hangs", async () => {
  const time = new FakeTime();
  try {
    auth.fault = "hang";
    const answer = Promise.resolve(me.fetch(auth.signIn().request("/me")));
    await time.tickAsync(10_000);
    assert.equal((await answer).status, 503);
  } finally {
    time.restore();
  }
});
