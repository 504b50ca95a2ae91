// What hooks() answers to Auth, and to anybody else.
import assert from "node:assert/strict";
import { fakeAuth, signWebhook } from "../../shared/testing/mod.ts";
import hooks from "./index.ts";

const PATH = "/hooks/before-user-created";
const secret = "v1,whsec_c2VjcmV0LW9mLXRoZS1ob29rLWluLWEtdGVzdA==";
const auth = () => fakeAuth({ env: { BEFORE_USER_CREATED_HOOK_SECRET: secret } }).install();
const signUp = (email: string) => ({
  metadata: { name: "before-user-created" },
  user: { id: crypto.randomUUID(), email },
});

Deno.test("hooks() accepts a new user with an ordinary address", async () => {
  using _ = auth();
  const body = signUp("ada@example.com");

  const response = await hooks.fetch(await signWebhook(PATH, { secret, body }));

  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {});
});

Deno.test("hooks() refuses a disposable address in the form that Auth passes on", async () => {
  using _ = auth();
  const body = signUp("ada@mailinator.com");

  const response = await hooks.fetch(await signWebhook(PATH, { secret, body }));

  assert.equal(response.status, 200);
  assert.equal((await response.json()).error.http_code, 403);
});

Deno.test("hooks() refuses a request that was signed with another secret", async () => {
  using _ = auth();
  const other = `whsec_${btoa("the secret of somebody else")}`;

  const response = await hooks.fetch(await signWebhook(PATH, { secret: other, body: signUp("") }));

  assert.equal(response.status, 401);
  assert.equal((await response.json()).code, "webhook_signature_invalid");
});
