import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { Faults } from "../../../supabase/local/control/faults.ts";
import { decodeClaims } from "../../../supabase/local/jwt.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";
import { post, type Session, signIn, signUp } from "../../e2e/conformance/users.ts";
import { settle } from "../../support/async.ts";
import { inFakeTime } from "../../support/fake_time.ts";

let stack: RunningStack;
Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false });
});
Deno.test.afterAll(() => stack.close());

interface Options {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function send(path: string, { method = "POST", body, headers = {} }: Options = {}) {
  const type = { "content-type": "application/json", ...headers };
  const content = body === undefined ? null : JSON.stringify(body);
  const request = new Request(stack.url + path, { method, headers: type, body: content });
  const answer = await stack.fetch(request);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}

const control = (path: string, body: unknown) => send(`/_local/${path}`, { body });

function user(token: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${token}`;
  return send("/auth/v1/user", { method: "GET", headers: { authorization, ...headers } });
}

const MODES = ["on", "off", "slow", "limited", "no_refresh"];

Deno.test("answerControl() refuses a request that is not a POST of JSON from its own origin", async () => {
  const body = { mode: "off" };
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "sec-fetch-site": site };
    assertStrictEquals((await send("/_local/auth", { body, headers })).status, 403, site);
  }
  for (const origin of ["https://evil.example", "http://127.0.0.1:3000", "null"]) {
    assertStrictEquals((await send("/_local/auth", { body, headers: { origin } })).status, 403);
  }
  const plain = { "content-type": "text/plain" };
  assertStrictEquals((await send("/_local/auth", { body, headers: plain })).status, 415);
  const put = await send("/_local/auth", { method: "PUT", body });
  assertEquals([put.status, put.headers.get("allow")], [405, "GET, POST"]);
  assertStrictEquals((await send("/_local/session/end", { method: "GET" })).status, 405);
  assertStrictEquals((await send("/_local/auth", { method: "OPTIONS" })).status, 405);
  assertStrictEquals(stack.faults.mode, "on");
  const { headers } = await send("/_local/auth", { method: "GET" });
  assertStrictEquals(headers.get("access-control-allow-origin"), null);
});

Deno.test("answerControl() answers 400 with the reason when a body is invalid", async () => {
  const wrong = [["auth", {}], ["auth", "x"], ["auth", { mode: "toString" }]] as const;
  for (const [path, body] of wrong) assertStrictEquals((await control(path, body)).status, 400);
  const { status, body } = await control("session/end", { token: "x.y.z" });
  assertEquals([status, body.message], [400, "`token` is not an access token of this stack."]);
  assertStrictEquals((await control("nowhere", {})).status, 404);
  assertStrictEquals((await control("constructor", {})).status, 404);
});

Deno.test("session/end ends one session of a user", async () => {
  const one = await signUp(stack);
  const other = await signIn(stack, one);
  assertStrictEquals((await control("session/end", { token: one.access_token })).status, 200);
  assertStrictEquals((await user(one.access_token)).body.error_code, "session_not_found");
  assertStrictEquals((await user(other.access_token)).status, 200);
});

Deno.test("session/expire returns an expired token of the same session", async () => {
  const { access_token: token } = await signUp(stack);
  const { body } = await control("session/expire", { token });
  const [before, after] = [decodeClaims(token), decodeClaims(body.access_token)];
  assertEquals({ ...after, iat: 0, exp: 0 }, { ...before, iat: 0, exp: 0 });
  assertMatch((await user(body.access_token)).body.msg, /token is expired/);
  // An expired token still names its session.
  assertStrictEquals((await control("session/end", { token: body.access_token })).status, 200);
  assertStrictEquals((await user(token)).body.error_code, "session_not_found");
});

Deno.test("session/age returns a token of the same session with a sign-in of yesterday", async () => {
  const signedUp = await signUp(stack);
  const { body } = await control("session/age", { token: signedUp.access_token });
  const amr = (token: string) => Object(decodeClaims(token).amr)[0].timestamp;
  const hours = (amr(signedUp.access_token) - amr(body.access_token)) / 3600;
  assertStrictEquals(Math.round(hours), 25);
  assertStrictEquals((await user(body.access_token)).status, 200);
  // A renewal makes it no younger.
  const { refresh_token } = signedUp;
  const path = "/token?grant_type=refresh_token";
  const renewed = await post<Session>(stack, path, { refresh_token });
  assertStrictEquals(amr(renewed.access_token), amr(body.access_token));
});

Deno.test("/_local/auth refuses only renewals when the mode is no_refresh", async () => {
  const { access_token: token, refresh_token } = await signUp(stack);
  await control("auth", { mode: "no_refresh" });
  const path = "/auth/v1/token?grant_type=refresh_token";
  const request = new Request(stack.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ refresh_token }),
  });
  const refused = await stack.fetch(request);
  assertEquals([refused.status, refused.headers.get("content-type")], [
    403,
    "text/html; charset=utf-8",
  ]);
  assertStrictEquals((await user(token)).status, 200);
  await control("auth", { mode: "on" });
});

Deno.test("user/ban bans a user, and user/unban lifts the ban", async () => {
  const { access_token: token } = await signUp(stack);
  await control("user/ban", { token });
  assertStrictEquals((await user(token)).body.error_code, "user_banned");
  await control("user/unban", { token });
  assertStrictEquals((await user(token)).status, 200);
});

Deno.test("user/password sets a password and ends every session", async () => {
  const { access_token: token, user: { email } } = await signUp(stack);
  const weak = await control("user/password", { token, password: "x" });
  assertStrictEquals(weak.status, 422);
  await control("user/password", { token, password: "another-horse" });
  assertStrictEquals((await user(token)).body.error_code, "session_not_found");
  const login = { email, password: "another-horse" };
  const again = await post<Session>(stack, "/token?grant_type=password", login);
  assertStrictEquals((await user(again.access_token)).status, 200);
});

Deno.test("user/delete deletes the user when Auth is off", async () => {
  const { access_token: token } = await signUp(stack);
  await control("auth", { mode: "off" });
  assertStrictEquals((await control("user/delete", { token })).status, 200);
  await control("auth", { mode: "on" });
  assertStrictEquals((await user(token)).body.error_code, "user_not_found");
  assertStrictEquals((await control("user/delete", { token })).status, 404);
});

Deno.test("auth sets and returns the mode of Auth", async () => {
  const { access_token: token } = await signUp(stack);
  for (const mode of MODES) {
    assertEquals((await control("auth", { mode })).body, { mode });
    assertEquals((await send("/_local/auth", { method: "GET" })).body, { mode });
  }
  await control("auth", { mode: "off" });
  const off = await user(token);
  assertEquals([off.status, off.headers.get("access-control-allow-origin")], [503, "*"]);
  await control("auth", { mode: "limited" });
  const limited = await user(token);
  assertEquals([limited.status, limited.headers.get("retry-after")], [429, null]);
  assertStrictEquals(limited.body.error_code, "over_request_rate_limit");
  const newShape = await user(token, { "x-supabase-api-version": "2024-01-01" });
  assertEquals(Object.keys(newShape.body), ["code", "message"]);
  assertStrictEquals((await send("/rest/v1/todos", { method: "GET" })).status, 200);
  await control("auth", { mode: "on" });
  assertStrictEquals((await user(token)).status, 200);
});

Deno.test("Faults delay an answer in the mode slow, until the mode changes", async () => {
  await inFakeTime(async (time) => {
    const faults = new Faults();
    const answers: unknown[] = [];
    const call = () => void faults.answer(new Request(stack.url)).then(() => answers.push("on"));
    faults.mode = "slow";
    call();
    time.tick(4999);
    await settle();
    assertEquals(answers, []);
    time.tick(1);
    await settle();
    assertEquals(answers, ["on"]);
    call();
    faults.mode = "on";
    await settle();
    assertEquals(answers, ["on", "on"]);
  });
});

Deno.test("user/factor adds a simulated second factor, whose code makes a session aal2", async () => {
  const signedUp = await signUp(stack);
  const other = await signIn(stack, signedUp);
  const { access_token: token } = signedUp;
  const { body: { code } } = await control("user/factor", { token });
  const { body: { factors } } = await user(token);
  assertEquals([factors.length, factors[0].factor_type, factors[0].status], [
    1,
    "totp",
    "verified",
  ]);
  const factor = `/auth/v1/factors/${factors[0].id}`;
  const headers = { authorization: `Bearer ${token}` };
  const { body: { id: challenge_id } } = await send(`${factor}/challenge`, { body: {}, headers });
  const verify = (body: unknown) => send(`${factor}/verify`, { body, headers });
  assertStrictEquals((await verify({ challenge_id, code: "000000" })).status, 422);
  assertStrictEquals((await verify({ challenge_id: "another", code })).status, 422);
  const { status, body } = await verify({ challenge_id, code });
  const claims = decodeClaims(body.access_token);
  assertEquals([status, claims.aal, Object(claims.amr)[0].method], [200, "aal2", "totp"]);
  assertStrictEquals(claims.session_id, decodeClaims(token).session_id);
  // It ends the user's other sessions; a renewal keeps the level.
  assertStrictEquals((await user(other.access_token)).body.error_code, "session_not_found");
  const path = "/token?grant_type=refresh_token";
  const renewed = await post<Session>(stack, path, { refresh_token: body.refresh_token });
  assertStrictEquals(decodeClaims(renewed.access_token).aal, "aal2");
  // Nobody else can use it.
  const { access_token } = await signUp(stack);
  const bearer = { authorization: `Bearer ${access_token}` };
  const theirs = await send(`${factor}/challenge`, { body: {}, headers: bearer });
  assertEquals([theirs.status, theirs.body.error_code], [404, "mfa_factor_not_found"]);
});
