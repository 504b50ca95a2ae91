// What callers send in the Authorization header, and the answer to each.
import { assertEquals, assertMatch } from "@std/assert";
import { now } from "../../support/tokens.ts";
import { assertProblem } from "./assertions.ts";
import type { StackClient } from "./client.ts";
import type { Scenario } from "./scenario.ts";

function callWith(client: StackClient, authorization: string) {
  return client.call("me", { headers: { Authorization: authorization } });
}

async function freshToken(client: StackClient): Promise<string> {
  return (await client.signUp()).access_token;
}

const INVALID = [
  ["a bearer that is not a JWT", () => Promise.resolve("not-a-jwt")],
  ["a secret key", (client: StackClient) => Promise.resolve(client.stack.keys.secret)],
  ["a service_role key", (client: StackClient) => Promise.resolve(client.stack.keys.serviceRole)],
  ["a tampered token", async (client: StackClient) => {
    const [header, , signature] = (await freshToken(client)).split(".");
    const [, payload] = (await freshToken(client)).split(".");
    return [header, payload, signature].join(".");
  }],
  [
    "a token whose sub is not a UUID",
    async (client: StackClient) => client.withClaims(await freshToken(client), { sub: "ada" }),
  ],
  [
    "a token without aud",
    async (client: StackClient) => client.withClaims(await freshToken(client), { aud: undefined }),
  ],
  [
    "a token whose nbf is ahead",
    async (client: StackClient) =>
      client.withClaims(await freshToken(client), { nbf: now() + 600 }),
  ],
] as const;

export const credentials: readonly Scenario[] = [
  {
    name: "a request without Authorization is no_authorization, with a bare challenge",
    async run(client) {
      const reply = await client.call("me");
      assertProblem(reply, {
        code: "no_authorization",
        status: 401,
        action: "sign_in",
        replay: true,
      });
      assertMatch(reply.headers.get("www-authenticate") ?? "", /^Bearer realm="[^"]*"$/);
    },
  },
  ...(["publishable", "anon"] as const).map((key): Scenario => ({
    name: `the ${key} key as bearer is no_authorization`,
    async run(client) {
      const reply = await callWith(client, `Bearer ${client.stack.keys[key]}`);
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
    },
  })),
  {
    name: "another scheme than Bearer is no_authorization",
    async run(client) {
      const reply = await callWith(client, `Basic ${btoa("ada:secret")}`);
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
    },
  },
  {
    name: "the scheme in lower case is accepted",
    async run(client) {
      assertEquals((await callWith(client, `bearer ${await freshToken(client)}`)).status, 200);
    },
  },
  ...[
    ["two tokens in the header", (token: string) => `Bearer ${token} ${token}`],
    ["two credentials in the header", (token: string) => `Bearer ${token}, Bearer ${token}`],
    ["two spaces after the scheme", (token: string) => `Bearer  ${token}`],
    ["a scheme that is repeated", (token: string) => `Bearer Bearer ${token}`],
  ].map(([name, header]): Scenario => ({
    name: `${name}: invalid_authorization_header`,
    async run(client) {
      const write = header as (token: string) => string;
      const reply = await callWith(client, write(await freshToken(client)));
      assertProblem(reply, {
        code: "invalid_authorization_header",
        status: 400,
        action: "fix_request",
      });
      assertMatch(reply.headers.get("www-authenticate") ?? "", /error="invalid_request"/);
    },
  })),
  ...INVALID.map(([name, make]): Scenario => ({
    name: `${name} is bad_jwt`,
    async run(client) {
      const reply = await callWith(client, `Bearer ${await make(client)}`);
      assertProblem(reply, { code: "bad_jwt", status: 401, action: "refresh", replay: true });
    },
  })),
  {
    name: "a token that expired an hour ago is token_expired",
    async run(client) {
      const token = await client.withClaims(await freshToken(client), { exp: now() - 3600 });
      const reply = await client.call("me", { token });
      assertProblem(reply, { code: "token_expired", status: 401, action: "refresh", replay: true });
    },
  },
  {
    name: "a token that expired two seconds ago is token_expired",
    async run(client) {
      const token = await client.withClaims(await freshToken(client), { exp: now() - 2 });
      const reply = await client.call("me", { token });
      assertProblem(reply, { code: "token_expired", status: 401, action: "refresh" });
    },
  },
  ...[
    ["no session_id", { session_id: undefined }],
    ["the nil session_id", { session_id: "00000000-0000-0000-0000-000000000000" }],
    ["no exp", { exp: undefined }],
  ].map(([name, changes]): Scenario => ({
    name: `a token with ${name} is session_required, although Auth accepts it`,
    async run(client) {
      const changed = changes as Record<string, unknown>;
      const token = await client.withClaims(await freshToken(client), changed);
      assertEquals((await client.auth("GET", "/user", { token })).status, 200);
      const reply = await client.call("me", { token });
      assertProblem(reply, { code: "session_required", status: 401, action: "fix_request" });
    },
  })),
  {
    name: "a token whose session_id does not exist is session_not_found",
    async run(client) {
      const session_id = crypto.randomUUID();
      const token = await client.withClaims(await freshToken(client), { session_id });
      const reply = await client.call("me", { token });
      assertProblem(reply, { code: "session_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "a token whose sub does not exist is user_not_found",
    async run(client) {
      const token = await client.withClaims(await freshToken(client), { sub: crypto.randomUUID() });
      const reply = await client.call("me", { token });
      assertProblem(reply, { code: "user_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "an anonymous user is admitted",
    needs: ["anonymous"],
    async run(client) {
      const { body } = await client.auth("POST", "/signup", { body: {} });
      const { access_token: token } = body as { access_token: string };
      assertEquals((await client.call("me", { token })).status, 200);
    },
  },
];
