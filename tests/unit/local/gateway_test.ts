import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Claims, decodeClaims } from "../../../supabase/local/jwt.ts";
import { apiKeys, cronKey, publicKey } from "../../../supabase/local/keys.ts";
import { bearerOf, isOwnHost } from "../../../supabase/local/gateway.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";
import { withClaims } from "../../e2e/conformance/tokens.ts";
import { signIn, signUp } from "../../e2e/conformance/users.ts";

let stack: RunningStack;
Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false });
});
Deno.test.afterAll(() => stack.close());

async function send(path: string, headers: Record<string, string> = {}, method = "GET") {
  const answer = await stack.fetch(new Request(stack.url + path, { method, headers }));
  const text = await answer.text();
  const json = text.startsWith("{") || text.startsWith("[");
  return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
}

Deno.test("isOwnHost() accepts only names of this machine with the port of the stack", () => {
  for (const host of ["127.0.0.1:54321", "localhost:54321", "[::1]:54321", "LOCALHOST:54321"]) {
    assert(isOwnHost(host, 54321), host);
  }
  for (const host of ["evil.example:54321", "localhost:80", "localhost", "localhost.evil:54321"]) {
    assert(!isOwnHost(host, 54321), host);
  }
  assert(!isOwnHost(null, 54321));
});

Deno.test("gateway() refuses a request that names another host", async () => {
  const { status, body } = await send("/auth/v1/health", { host: "rebound.example" });
  assertStrictEquals(status, 403);
  assertEquals(Object.keys(body), ["message"]);
});

Deno.test("bootStack() listens on loopback only", () => {
  assertStrictEquals(new URL(stack.url).hostname, "127.0.0.1");
});

Deno.test("gateway() answers 404 in JSON outside its prefixes", async () => {
  for (const path of ["/index.html", "/auth", "/storage/v1/object", "/auth/v2/user"]) {
    const { status, headers } = await send(path);
    assertStrictEquals(status, 404, path);
    assertStrictEquals(headers.get("content-type"), "application/json");
  }
});

Deno.test("gateway() refuses a wrong API key, like the hosted gateway", async () => {
  for (const path of ["/auth/v1/user", "/auth/v1/health", "/rest/v1/todos"]) {
    const { status, body } = await send(path, { apikey: "sb_publishable_wrong" });
    assertStrictEquals(status, 401);
    assertStrictEquals(body.message, "Invalid API key");
  }
});

Deno.test("gateway() accepts a missing API key, like the CLI's gateway", async () => {
  assertStrictEquals((await send("/auth/v1/user")).body.error_code, "no_authorization");
  assertStrictEquals((await send("/rest/v1/todos")).status, 200);
});

Deno.test("gateway() accepts all four keys, as bearer where the request has none", async () => {
  for (const apikey of Object.values(apiKeys)) {
    const { status, body } = await send("/auth/v1/user", { apikey });
    // The key stands in as the bearer, and it is not a user's token.
    assertEquals([status, body.error_code], [403, "bad_jwt"]);
  }
});

Deno.test("bearerOf() keeps a caller's token and replaces a new key by the legacy one", () => {
  const of = (init: Record<string, string>) => bearerOf(new Headers(init), apiKeys);
  const { publishable, secret, anon, serviceRole } = apiKeys;
  assertStrictEquals(of({ apikey: publishable, authorization: "Bearer x.y.z" }), "Bearer x.y.z");
  const both = { apikey: publishable, authorization: `Bearer ${publishable}` };
  assertStrictEquals(of(both), `Bearer ${anon}`);
  assertStrictEquals(of({ apikey: secret }), `Bearer ${serviceRole}`);
  assertStrictEquals(of({ apikey: cronKey }), `Bearer ${serviceRole}`);
  assertStrictEquals(of({ apikey: anon }), `Bearer ${anon}`);
  const alone = { authorization: `Bearer ${publishable}` };
  assertStrictEquals(of(alone), alone.authorization);
  assertStrictEquals(of({}), null);
});

Deno.test("gateway() answers preflights, and allows every origin", async () => {
  const origin = "http://localhost:5173";
  for (const path of ["/auth/v1/user", "/rest/v1/todos"]) {
    const asked = { origin, "access-control-request-method": "GET" };
    const preflight = await send(path, asked, "OPTIONS");
    assertStrictEquals(preflight.status, 204);
    assertStrictEquals(preflight.headers.get("access-control-allow-origin"), "*");
    const { headers } = await send(path, { origin });
    assertStrictEquals(headers.get("access-control-allow-origin"), "*");
  }
  const { headers } = await send("/auth/v1/user", { origin, apikey: "wrong" });
  assertStrictEquals(headers.get("access-control-allow-origin"), "*");
});

Deno.test("answerAuth() issues tokens with all claims, signed with the key of the JWKS", async () => {
  const { access_token: token, user } = await signUp(stack);
  const claims: Claims = decodeClaims(token);
  assertEquals(Object.keys(claims).sort(), [
    "aal",
    "amr",
    "app_metadata",
    "aud",
    "email",
    "exp",
    "iat",
    "is_anonymous",
    "iss",
    "phone",
    "role",
    "session_id",
    "sub",
    "user_metadata",
  ]);
  assertStrictEquals(claims.iss, `${stack.url}/auth/v1`);
  assertStrictEquals(claims.sub, user.id);
  assertEquals(claims.amr, [{ method: "password", timestamp: claims.iat }]);
  const { body } = await send("/auth/v1/.well-known/jwks.json");
  assertEquals(body, { keys: [publicKey()] });
  const head = JSON.parse(atob(token.split(".")[0]!));
  assertEquals(head, { alg: "ES256", kid: body.keys[0].kid, typ: "JWT" });
});

Deno.test("answerAuth() names the embedded Auth in its health", async () => {
  const { body } = await send("/auth/v1/health");
  assertStrictEquals(body.name, "GoTrue");
  assert(body.version.startsWith("embedded"));
});

Deno.test("answerAuth() answers not_emulated when a route of the admin API is not emulated", async () => {
  const { status, body } = await send("/auth/v1/admin/users", { apikey: apiKeys.secret });
  assertEquals([status, body.error_code], [501, "not_emulated"]);
});

Deno.test("answerAuth() ends all sessions when a sign-out names no scope", async () => {
  const own = await signUp(stack);
  const other = await signIn(stack, own);
  const authorization = `Bearer ${own.access_token}`;
  assertStrictEquals((await send("/auth/v1/logout", { authorization }, "POST")).status, 204);
  for (const { access_token: token } of [own, other]) {
    const { body } = await send("/auth/v1/user", { authorization: `Bearer ${token}` });
    assertStrictEquals(body.error_code, "session_not_found");
  }
});

Deno.test("answerRest() returns a row to its user and to the secret key only", async () => {
  const own = await signUp(stack);
  const other = await signUp(stack);
  const headers = {
    authorization: `Bearer ${own.access_token}`,
    apikey: apiKeys.publishable,
    "content-type": "application/json",
  };
  const insert = (user_id: string) =>
    stack.fetch(
      new Request(`${stack.url}/rest/v1/todos`, {
        method: "POST",
        headers,
        body: JSON.stringify({ title: "mine", user_id }),
      }),
    );
  assertStrictEquals((await insert(own.user.id)).status, 201);
  const foreign = await insert(other.user.id);
  assertStrictEquals(foreign.status, 403);
  assertStrictEquals((await foreign.json()).code, "42501");
  const seen = async (token: string) =>
    (await send(`/rest/v1/todos?user_id=eq.${own.user.id}`, { authorization: `Bearer ${token}` }))
      .body.length;
  assertStrictEquals(await seen(own.access_token), 1);
  assertStrictEquals(await seen(other.access_token), 0);
  assertStrictEquals(await seen(apiKeys.anon), 0);
  assertStrictEquals(await seen(apiKeys.serviceRole), 1);
});

Deno.test("answerRest() answers PostgREST's codes when a token is invalid or expired", async () => {
  const { access_token: token } = await signUp(stack);
  const code = async (bearer: string) => {
    const { status, body } = await send("/rest/v1/todos", { authorization: `Bearer ${bearer}` });
    return [status, body.code];
  };
  assertEquals(await code(await withClaims(token, { exp: 1 })), [401, "PGRST303"]);
  assertEquals(await code(`${token}x`), [401, "PGRST301"]);
});
