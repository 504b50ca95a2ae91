// How auth-callback() turns the proof of a mail link into a session.
import assert from "node:assert/strict";
import { fakeAuth } from "../../shared/testing/mod.ts";
import callback from "./index.ts";

/** A page of the app posts what the link brought. */
function post(body: unknown, origin = "http://127.0.0.1:3000"): Request {
  return new Request("http://localhost/auth-callback", {
    method: "POST",
    headers: { Origin: origin, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

const LINK = { token_hash: "hash", type: "recovery" };

Deno.test("auth-callback() answers with the session of a mail link", async () => {
  using auth = fakeAuth().install();
  const session = { access_token: "a", refresh_token: "r" };
  auth.onRequest(() => Response.json(session));

  const response = await callback.fetch(post(LINK));

  assert.deepEqual(await response.json(), session);
  assert.equal(auth.calls[0]?.path, "/auth/v1/verify");
});

Deno.test("auth-callback() says that a used link is used up", async () => {
  using auth = fakeAuth().install();
  auth.onRequest(() =>
    Response.json({ code: "otp_expired", message: "expired" }, {
      status: 403,
      headers: { "x-sb-error-code": "otp_expired" },
    })
  );

  const response = await callback.fetch(post(LINK));

  assert.equal((await response.json()).action, "restart_flow");
});

Deno.test("auth-callback() asks Auth nothing for another page", async () => {
  using auth = fakeAuth().install();

  const response = await callback.fetch(post(LINK, "https://evil.example"));

  assert.equal(response.status, 403);
  assert.equal(auth.calls.length, 0);
});
