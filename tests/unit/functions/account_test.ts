import { assertEquals } from "@std/assert";
import {
  assertRefusal,
  bearer,
  deployed,
  json,
  REFUSALS,
  refuses,
  token,
  UPSTREAM_TEXT,
} from "../../support/server.ts";

const account = deployed(() => import("../../../functions/account/index.ts"));

Deno.test("account changes the password as the caller, with the nonce or current password of the body", async () => {
  const jwt = token();
  for (
    const body of [{ password: "new" }, { password: "new", nonce: "123456" }, {
      password: "new",
      current_password: "old",
    }]
  ) {
    const response = await account.send("PUT", "/account/password", body, bearer(jwt));
    assertEquals([response.status, await response.text()], [204, ""]);
    assertEquals((await account.sent()).at(-1), {
      method: "PUT",
      path: "/auth/v1/user",
      body,
      authorization: `Bearer ${jwt}`,
    });
  }
});

Deno.test("account answers Auth's codes for a password or an e-mail address", async () => {
  const cases = [
    ["password", 400, "reauthentication_needed", 400, "reauthenticate"],
    ["password", 422, "reauthentication_not_valid", 422, "reauthenticate"],
    ["password", 400, "current_password_required", 400, "reauthenticate"],
    ["password", 400, "current_password_invalid", 400, "reauthenticate"],
    ["password", 422, "same_password", 422, "fix_request"],
    ["password", 401, "insufficient_aal", 403, "none"],
    ["password", 403, "session_not_found", 404, "fix_request"],
    ["email", 422, "email_exists", 422, "fix_request"],
    ["email", 400, "email_address_invalid", 400, "fix_request"],
    ["email", 400, "email_address_not_authorized", 400, "contact_support"],
  ] as const;
  const bodies = { password: { password: "new" }, email: { email: "new@example.com" } };
  for (const [what, upstream, code, status, action] of cases) {
    account.answer = () => refuses(upstream, code);
    const response = await account.send("PUT", `/account/${what}`, bodies[what]);
    await assertRefusal(response, { status, code, action, replay: false });
  }
});

Deno.test("account answers the reasons when a password is weak", async () => {
  account.answer = () =>
    json(422, {
      code: "weak_password",
      message: UPSTREAM_TEXT,
      weak_password: { reasons: ["length", "pwned"] },
    }, { "X-Supabase-Api-Version": "2024-01-01" });
  const response = await account.send("PUT", "/account/password", { password: "new" });
  const { issues } = await assertRefusal(response, {
    status: 422,
    code: "weak_password",
    action: "fix_request",
    replay: false,
  });
  assertEquals(issues?.map(({ path, code }) => [path, code]), [
    [["password"], "length"],
    [["password"], "pwned"],
  ]);
});

Deno.test("account answers 429 with Retry-After when Auth limits mails", async () => {
  account.answer = () => refuses(429, "over_email_send_rate_limit");
  const response = await account.send("POST", "/account/reauthenticate");
  await assertRefusal(response, {
    status: 429,
    code: "over_email_send_rate_limit",
    action: "retry",
    replay: false,
    retry_after: true,
  });
});

Deno.test("account sends a nonce, changes the e-mail address and ends other sessions as the caller", async () => {
  const jwt = token();
  const cases = [
    ["POST", "/account/reauthenticate", undefined, "GET", "/auth/v1/reauthenticate"],
    ["PUT", "/account/email", { email: "new@example.com" }, "PUT", "/auth/v1/user"],
    ["DELETE", "/account/other-sessions", undefined, "POST", "/auth/v1/logout?scope=others"],
  ] as const;
  account.answer = ({ url }) =>
    url.includes("logout") ? new Response(null, { status: 204 }) : json(200, {});
  for (const [method, path, body, upstream, where] of cases) {
    const response = await account.send(method, path, body, bearer(jwt));
    assertEquals([path, response.status], [path, 204]);
    assertEquals((await account.sent()).at(-1), {
      method: upstream,
      path: where,
      body: body ?? null,
      authorization: `Bearer ${jwt}`,
    });
  }
});

Deno.test("account answers insufficient_aal without a call when the user has a second factor", async () => {
  account.user = { factors: [{ id: "f", status: "verified" }] };
  const { required_aal } = await assertRefusal(
    await account.send("PUT", "/account/password", { password: "new" }),
    {
      status: 401,
      code: "insufficient_aal",
      action: "step_up",
      challenge: "insufficient_user_authentication",
    },
  );
  assertEquals([required_aal, await account.sent()], ["aal2", []]);
  const aal2 = bearer(token({ aal: "aal2" }));
  const response = await account.send("PUT", "/account/password", { password: "new" }, aal2);
  assertEquals(response.status, 204);
});

Deno.test("account answers authentication_too_old without a call when an old sign-in ends the other sessions", async () => {
  const timestamp = Math.floor(Date.now() / 1000) - 25 * 60 * 60;
  const old = bearer(token({ amr: [{ method: "password", timestamp }] }));
  const { max_age } = await assertRefusal(
    await account.send("DELETE", "/account/other-sessions", undefined, old),
    {
      status: 401,
      code: "authentication_too_old",
      action: "step_up",
      challenge: "insufficient_user_authentication",
    },
  );
  assertEquals([max_age, await account.sent()], [24 * 60 * 60, []]);
});

Deno.test("account makes no call when the body does not fit the schema", async () => {
  const invalid = { status: 400, code: "validation_failed", action: "fix_request", replay: false };
  const bodies = [
    ["password", {}],
    ["password", { password: "" }],
    ["password", { password: "x", role: "admin" }],
    ["password", { password: "x", email: "b@example.com" }],
    ["email", { email: "nope" }],
    ["email", { email: "a@example.com", password: "x" }],
  ] as const;
  for (const [what, body] of bodies) {
    await assertRefusal(await account.send("PUT", `/account/${what}`, body), invalid);
  }
  assertEquals(await account.sent(), []);
});

Deno.test("account makes no call when nobody is signed in", async () => {
  for (
    const [method, path] of [["PUT", "password"], ["PUT", "email"], ["POST", "reauthenticate"], [
      "DELETE",
      "other-sessions",
    ]] as const
  ) {
    const response = await account.send(method, `/account/${path}`, {}, {});
    await assertRefusal(response, REFUSALS.no_authorization);
  }
  assertEquals(await account.sent(), []);
});

Deno.test("account answers auth_unavailable when Auth is down", async () => {
  account.answer = () => new Response("<html>", { status: 502 });
  const response = await account.send("PUT", "/account/password", { password: "new" });
  await assertRefusal(response, { ...REFUSALS.auth_unavailable, replay: false });
});

Deno.test("account lets no OAuth client change anything, and calls nobody for it", async () => {
  const before = (await account.sent()).length;
  const headers = bearer(token({ client_id: crypto.randomUUID(), scope: "email" }));
  const requests = [
    ["PUT", "/account/password", { password: "new" }],
    ["PUT", "/account/email", { email: "new@example.com" }],
    ["POST", "/account/reauthenticate", {}],
    ["DELETE", "/account/other-sessions", {}],
  ] as const;
  for (const [method, path, body] of requests) {
    const response = await account.send(method, path, body, headers);
    await assertRefusal(response, REFUSALS.oauth_client_not_allowed);
  }
  assertEquals((await account.sent()).length, before);
});
