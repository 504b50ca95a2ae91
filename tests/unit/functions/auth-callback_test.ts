import { assertEquals } from "@std/assert";
import { assertRefusal, deployed, json, REFUSALS, refuses } from "../../support/server.ts";

const APP = "https://app.example";
const callback = deployed(() => import("../../../functions/auth-callback/index.ts"), {
  APP_ORIGINS: `${APP}, http://127.0.0.1:3000`,
});

const post = (body: unknown, headers: HeadersInit = { Origin: APP }) =>
  callback.send("POST", "/auth-callback", body, headers);
const LINK = { token_hash: "pkce_hash", type: "recovery" };
const CODE = { code: "auth-code", code_verifier: "v".repeat(43) };
const SESSION = { access_token: "a", refresh_token: "r", user: { id: "u" } };

Deno.test("auth-callback exchanges a mail link or a code for a session, with no-store and no bearer", async () => {
  callback.answer = () => json(200, SESSION);
  for (const Origin of [APP, "http://127.0.0.1:3000"]) {
    for (const body of [LINK, CODE]) {
      const response = await post(body, { Origin });
      assertEquals([response.status, await response.json()], [200, SESSION]);
      assertEquals(response.headers.get("Cache-Control"), "no-store");
      assertEquals(response.headers.get("Access-Control-Allow-Origin"), Origin);
      assertEquals(response.headers.get("Location"), null);
      assertEquals(response.headers.get("Set-Cookie"), null);
    }
  }
  const [verify, exchange] = await callback.sent();
  assertEquals(verify, {
    method: "POST",
    path: "/auth/v1/verify",
    body: LINK,
    authorization: null,
  });
  assertEquals(exchange, {
    method: "POST",
    path: "/auth/v1/token?grant_type=pkce",
    body: { auth_code: CODE.code, code_verifier: CODE.code_verifier },
    authorization: null,
  });
});

Deno.test("auth-callback answers Auth's codes when a link or code is used or expired", async () => {
  const cases = [
    [LINK, 403, "otp_expired", 403],
    [CODE, 404, "flow_state_not_found", 404],
    [CODE, 422, "flow_state_expired", 422],
    [CODE, 400, "flow_state_already_used", 400],
    [CODE, 400, "bad_code_verifier", 400],
  ] as const;
  for (const [body, upstream, code, status] of cases) {
    callback.answer = () => refuses(upstream, code);
    const expected = { status, code, action: "restart_flow", replay: false, origin: APP };
    await assertRefusal(await post(body), expected);
  }
});

Deno.test("auth-callback refuses requests of another origin or without one", async () => {
  const denied = {
    status: 403,
    code: "insufficient_scope",
    action: "none",
    replay: false,
    origin: null,
  };
  const foreign: HeadersInit[] = [{}, { Origin: "null" }, { Origin: "https://evil.example" }, {
    Origin: `${APP}.evil.example`,
  }, { Origin: `${APP}:8443` }];
  for (const headers of foreign) await assertRefusal(await post(LINK, headers), denied);
  assertEquals(await callback.sent(), []);
});

Deno.test("auth-callback answers 405 to a GET, because a link scanner sends one", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
    const query = new URLSearchParams(LINK);
    const response = await callback.request(`/auth-callback?${query}`, {
      method,
      headers: { Origin: APP },
    });
    assertEquals([method, response.status, response.headers.get("Allow")], [method, 405, "POST"]);
    await response.body?.cancel();
  }
  assertEquals(await callback.sent(), []);
});

Deno.test("auth-callback makes no call when the body does not fit the schema", async () => {
  const invalid = {
    status: 400,
    code: "validation_failed",
    action: "fix_request",
    replay: false,
    origin: APP,
  };
  const bodies = [
    {},
    { code: "x" },
    { code_verifier: "x" },
    { token_hash: "x" },
    { ...LINK, type: "nope" },
    { ...LINK, ...CODE },
    { ...LINK, redirect_to: "https://evil.example" },
    { token_hash: "", type: "email" },
    { ...CODE, code: 5 },
    [],
    null,
  ];
  for (const body of bodies) await assertRefusal(await post(body), invalid);
  const form = await callback.request("/auth-callback", {
    method: "POST",
    body: new URLSearchParams(LINK),
    headers: { Origin: APP },
  });
  await assertRefusal(form, invalid);
  assertEquals(await callback.sent(), []);
});

Deno.test("auth-callback answers 202 when the other address must confirm an e-mail change too", async () => {
  callback.answer = () => json(200, { msg: "UPSTREAM-TEXT" });
  const response = await post({ ...LINK, type: "email_change" });
  assertEquals([response.status, await response.json()], [202, {
    status: "confirm_the_other_address",
  }]);
  assertEquals(response.headers.get("Cache-Control"), "no-store");
});

Deno.test("auth-callback answers auth_unavailable when Auth is down", async () => {
  callback.answer = () => new Response("", { status: 503, headers: { "Retry-After": "9" } });
  await assertRefusal(await post(CODE), {
    ...REFUSALS.auth_unavailable,
    replay: false,
    origin: APP,
    retry_after: 9,
  });
});

Deno.test("auth-callback lets one caller use up no more than a third of Auth's limit per address", async () => {
  callback.answer = () => refuses(403, "otp_expired");
  const seen: number[] = [];
  for (let n = 0; n < 30; n++) {
    seen.push((await post(LINK, { Origin: APP, "CF-Connecting-IP": "192.0.2.1" })).status);
  }
  assertEquals([seen.filter((status) => status === 403).length, seen.at(-1)], [10, 429]);
  assertEquals((await callback.sent()).length, 10);
  assertEquals((await post(LINK, { Origin: APP, "CF-Connecting-IP": "192.0.2.2" })).status, 403);
});
