// What callers put into the Authorization header, and what each of it is answered with.
import { assertEquals, assertMatch } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { assertProblem, type World } from "./world.ts";

function callWith(world: World, authorization: string) {
  return world.call("me", { headers: { Authorization: authorization } });
}

async function freshToken(world: World): Promise<string> {
  return (await world.newPerson()).access_token;
}

const seconds = () => Math.floor(Date.now() / 1000);

const INVALID = [
  ["no JWT", () => Promise.resolve("not-a-jwt")],
  ["a secret key", (world: World) => Promise.resolve(world.stack.keys.secret)],
  ["a service_role key", (world: World) => Promise.resolve(world.stack.keys.serviceRole)],
  ["a tampered token", async (world: World) => {
    const [header, , signature] = (await freshToken(world)).split(".");
    const [, payload] = (await freshToken(world)).split(".");
    return [header, payload, signature].join(".");
  }],
  [
    "a sub that is no UUID",
    async (world: World) => world.mint(await freshToken(world), { sub: "ada" }),
  ],
  ["no audience", async (world: World) => world.mint(await freshToken(world), { aud: undefined })],
  [
    "nbf ahead",
    async (world: World) => world.mint(await freshToken(world), { nbf: seconds() + 600 }),
  ],
] as const;

export const credentials: readonly Scenario[] = [
  {
    name: "no Authorization is no user, with a bare challenge",
    async run(world) {
      const reply = await world.call("me");
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
    name: `the ${key} key as bearer is no user`,
    async run(world) {
      const reply = await callWith(world, `Bearer ${world.stack.keys[key]}`);
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
    },
  })),
  {
    name: "another scheme is no user",
    async run(world) {
      const reply = await callWith(world, `Basic ${btoa("ada:secret")}`);
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
    },
  },
  {
    name: "a lower-case scheme is a bearer",
    async run(world) {
      assertEquals((await callWith(world, `bearer ${await freshToken(world)}`)).status, 200);
    },
  },
  ...[
    ["two tokens", (token: string) => `Bearer ${token} ${token}`],
    ["two credentials", (token: string) => `Bearer ${token}, Bearer ${token}`],
    ["two spaces", (token: string) => `Bearer  ${token}`],
    ["the whole header as token", (token: string) => `Bearer Bearer ${token}`],
  ].map(([name, header]): Scenario => ({
    name: `${name} are a malformed header`,
    async run(world) {
      const write = header as (token: string) => string;
      const reply = await callWith(world, write(await freshToken(world)));
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
    async run(world) {
      const reply = await callWith(world, `Bearer ${await make(world)}`);
      assertProblem(reply, { code: "bad_jwt", status: 401, action: "refresh", replay: true });
    },
  })),
  {
    name: "an expired token is token_expired, to be refreshed",
    async run(world) {
      const token = await world.mint(await freshToken(world), { exp: seconds() - 3600 });
      const reply = await world.call("me", { token });
      assertProblem(reply, { code: "token_expired", status: 401, action: "refresh", replay: true });
    },
  },
  {
    name: "a token that has just expired is token_expired, by Auth's word",
    async run(world) {
      const token = await world.mint(await freshToken(world), { exp: seconds() - 2 });
      const reply = await world.call("me", { token });
      assertProblem(reply, { code: "token_expired", status: 401, action: "refresh" });
    },
  },
  ...[
    ["no session_id", { session_id: undefined }],
    ["the nil session_id", { session_id: "00000000-0000-0000-0000-000000000000" }],
    ["no exp", { exp: undefined }],
  ].map(([name, changes]): Scenario => ({
    name: `a token with ${name} is refused, although Auth would take it`,
    async run(world) {
      const changed = changes as Record<string, unknown>;
      const token = await world.mint(await freshToken(world), changed);
      assertEquals((await world.auth("GET", "/user", { token })).status, 200);
      const reply = await world.call("me", { token });
      assertProblem(reply, { code: "session_required", status: 401, action: "fix_request" });
    },
  })),
  {
    name: "a session_id that does not exist is session_not_found",
    async run(world) {
      const session_id = crypto.randomUUID();
      const token = await world.mint(await freshToken(world), { session_id });
      const reply = await world.call("me", { token });
      assertProblem(reply, { code: "session_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "a user who never was is user_not_found",
    async run(world) {
      const token = await world.mint(await freshToken(world), { sub: crypto.randomUUID() });
      const reply = await world.call("me", { token });
      assertProblem(reply, { code: "user_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "an anonymous user is admitted: somebody, if nobody in particular",
    needs: ["anonymous"],
    async run(world) {
      const { body } = await world.auth("POST", "/signup", { body: {} });
      const { access_token: token } = body as { access_token: string };
      assertEquals((await world.call("me", { token })).status, 200);
    },
  },
];
