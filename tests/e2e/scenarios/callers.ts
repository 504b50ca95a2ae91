// Callers of every kind: machines with an API key, apps, optional users, OAuth clients. A stack has no
// function for each list of modes, so a function in this process asks the stack's Auth.
import { assertEquals } from "@std/assert";
import { base64url } from "jose";
import { type AuthOptions, edgeFunction } from "../../../shared/mod.ts";
import type { Capability } from "../../../supabase/local/stack.ts";
import { assertAlive, assertProblem } from "./assertions.ts";
import type { Reply, Session, StackClient } from "./client.ts";
import type { Scenario } from "./scenario.ts";

/** A key that only the function knows. */
const CRON_KEY = "sb_secret_of_the_scenarios";

/** What Supabase sets for a function of the stack. */
export function functionEnv({ stack: { url, keys } }: StackClient): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret, cron: CRON_KEY }),
    SUPABASE_ANON_KEY: keys.anon,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRole,
  };
}

type CallHeaders = Readonly<Record<string, string>>;

/** Calls a function with these options, which answers with who called it. */
async function call(
  client: StackClient,
  options: AuthOptions,
  headers: CallHeaders,
): Promise<Reply> {
  const app = edgeFunction("callers", { auth: { ...options, env: functionEnv(client) } });
  app.get("/", ({ json, var: { auth } }) => {
    if (auth.kind === "user") return json({ kind: "user", id: auth.user.id, client: auth.client });
    return json(auth.kind === "none" ? { kind: "none" } : { kind: auth.kind, name: auth.name });
  });
  return await replyOf(await app.request("/callers", { headers }));
}

/** Reads an answer of a function in this process. */
export async function replyOf({ status, headers, body }: Response): Promise<Reply> {
  const text = await new Response(body).text();
  return { status, headers, body: JSON.parse(text) };
}

const bearer = ({ access_token }: { readonly access_token: string }) => ({
  Authorization: `Bearer ${access_token}`,
});

/** What supabase-js sends where a client was made with a key and nobody is signed in. */
const keyClient = (apikey: string) => ({ apikey, Authorization: `Bearer ${apikey}` });

const INVALID_API_KEY = {
  code: "invalid_api_key",
  status: 401,
  action: "fix_request",
  replay: true,
} as const;

const ENDED = { code: "session_not_found", status: 401, action: "sign_in", replay: true } as const;

/** A token, and the client that acts with it. */
interface OAuthToken {
  readonly access_token: string;
  readonly client_id: string;
}

/** Lets a new OAuth client, without a secret, act for a user: the flow of RFC 6749 with PKCE. */
async function authorizeClient(client: StackClient, user: Session): Promise<OAuthToken> {
  const redirect_uri = "http://127.0.0.1:3000/callback";
  const registered = await client.admin("POST", "/oauth/clients", {
    client_name: "A client of the scenarios",
    redirect_uris: [redirect_uri],
    token_endpoint_auth_method: "none",
  });
  const { client_id } = registered.body as { client_id: string };
  const verifier = "v".repeat(64);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    client_id,
    redirect_uri,
    response_type: "code",
    scope: "email",
    code_challenge: base64url.encode(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  const asked = await client.auth("GET", `/oauth/authorize?${query}`);
  const page = new URL(asked.headers.get("location") ?? "", client.stack.url);
  const path = `/oauth/authorizations/${page.searchParams.get("authorization_id")}`;
  const token = user.access_token;
  assertEquals((await client.auth("GET", path, { token })).status, 200);
  const body = { action: "approve" };
  const consented = await client.auth("POST", `${path}/consent`, { token, body });
  const { redirect_url } = consented.body as { redirect_url: string };
  const reply = await client.auth("POST", "/oauth/token", {
    body: {
      grant_type: "authorization_code",
      code: new URL(redirect_url).searchParams.get("code"),
      redirect_uri,
      client_id,
      code_verifier: verifier,
    },
  });
  assertEquals(reply.status, 200, JSON.stringify(reply.body));
  return { ...reply.body as Session, client_id };
}

/** A token that names a client, as Auth issues it and as it would look. */
const OAUTH_TOKENS: readonly {
  readonly name: string;
  readonly needs: readonly Capability[];
  make(client: StackClient, user: Session): Promise<OAuthToken>;
}[] = [
  {
    name: "a token with a client_id",
    needs: [],
    async make(client, { access_token }) {
      const client_id = crypto.randomUUID();
      return { access_token: await client.withClaims(access_token, { client_id }), client_id };
    },
  },
  { name: "a token of Auth's OAuth server", needs: ["oauth", "admin"], make: authorizeClient },
];

const OAUTH_REFUSED = { code: "oauth_client_not_allowed", status: 403, action: "none" } as const;

export const callers: readonly Scenario[] = [
  {
    name: "a secret key is the caller `default`, alone and as supabase-js sends it, new and legacy",
    async run(client) {
      const { secret, serviceRole } = client.stack.keys;
      for (const key of [secret, serviceRole]) {
        for (const headers of [{ apikey: key }, keyClient(key)]) {
          const { status, body } = await call(client, { allow: ["secret"] }, headers);
          assertEquals([status, body], [200, { kind: "secret", name: "default" }]);
        }
      }
    },
  },
  {
    name: "a mode that names a key takes that key and no other",
    async run(client) {
      const options = { allow: ["secret:cron"] } as const;
      const { status, body } = await call(client, options, { apikey: CRON_KEY });
      assertEquals([status, body], [200, { kind: "secret", name: "cron" }]);
      const other = { code: "api_key_not_allowed", status: 403, action: "none" } as const;
      for (const key of [client.stack.keys.secret, client.stack.keys.publishable]) {
        assertProblem(await call(client, options, { apikey: key }), other);
      }
    },
  },
  {
    name: "a route for machines refuses a wrong key, a key as bearer only, and whoever sends none",
    async run(client) {
      const options = { allow: ["secret"] } as const;
      const { keys } = client.stack;
      for (
        const headers of [
          { apikey: "sb_secret_wrong" },
          { Authorization: `Bearer ${keys.secret}` },
          {} as CallHeaders,
        ]
      ) assertProblem(await call(client, options, headers), INVALID_API_KEY);
    },
  },
  {
    name: "a route for machines refuses a signed-in user as insufficient_scope",
    async run(client) {
      const headers = { apikey: client.stack.keys.publishable, ...bearer(await client.signUp()) };
      const reply = await call(client, { allow: ["secret"] }, headers);
      assertProblem(reply, { code: "insufficient_scope", status: 403, action: "none" });
    },
  },
  {
    name: "a publishable key is an app in which nobody is signed in, new and legacy",
    async run(client) {
      const options = { allow: ["user", "publishable"] } as const;
      const { publishable, anon, secret } = client.stack.keys;
      for (const key of [publishable, anon]) {
        for (const headers of [{ apikey: key }, keyClient(key)]) {
          const { status, body } = await call(client, options, headers);
          assertEquals([status, body], [200, { kind: "publishable", name: "default" }]);
        }
      }
      const reply = await call(client, options, { apikey: secret });
      assertProblem(reply, { code: "api_key_not_allowed", status: 403, action: "none" });
    },
  },
  {
    name: "an optional user is the user or nobody, and never nobody by a session that has ended",
    async run(client) {
      const options = { allow: ["user", "none"] } as const;
      const apikey = client.stack.keys.publishable;
      const nobody = await call(client, options, { apikey });
      assertEquals([nobody.status, nobody.body], [200, { kind: "none" }]);
      const user = await client.signUp();
      const headers = { apikey, ...bearer(user) };
      const { body } = await call(client, options, headers);
      assertEquals(body, { kind: "user", id: user.id, client: null });
      await client.auth("POST", "/logout", { token: user.access_token });
      assertProblem(await call(client, options, headers), ENDED);
      const malformed = { apikey, Authorization: "Bearer not-a-jwt" };
      assertProblem(await call(client, options, malformed), {
        code: "bad_jwt",
        status: 401,
        action: "refresh",
      });
    },
  },
  {
    name: "a user's token decides, alive or not, whatever key is beside it",
    async run(client) {
      const options = { allow: ["secret", "publishable", "user", "none"] } as const;
      const user = await client.signUp();
      const headers = { apikey: client.stack.keys.secret, ...bearer(user) };
      const { body } = await call(client, options, headers);
      assertEquals(body, { kind: "user", id: user.id, client: null });
      await client.auth("POST", "/logout", { token: user.access_token });
      assertProblem(await call(client, options, headers), ENDED);
    },
  },
  {
    name:
      "the clients of a handler act as the caller: row level security does not apply to a secret key",
    needs: ["rest"],
    async run(client) {
      const user = await client.signUp();
      const title = `tea ${crypto.randomUUID()}`;
      const token = user.access_token;
      await client.call("todos", { method: "POST", token, body: { title } });
      const { publishable, secret } = client.stack.keys;
      const app = edgeFunction("rows", {
        auth: { allow: ["user", "secret", "publishable"], env: functionEnv(client) },
      });
      app.get("/", async (c) => {
        const { data } = await c.var.auth.supabase.from("todos").select("title").eq("title", title);
        return c.json(data ?? []);
      });
      const count = async (headers: CallHeaders) =>
        (await (await app.request("/rows", { headers })).json()).length;
      assertEquals(await count({ apikey: publishable }), 0);
      assertEquals(await count({ apikey: publishable, ...bearer(await client.signUp()) }), 0);
      assertEquals(await count({ apikey: publishable, ...bearer(user) }), 1);
      assertEquals(await count({ apikey: secret }), 1);
    },
  },
  ...OAUTH_TOKENS.map(({ name, needs, make }): Scenario => ({
    name: `${name} is refused, also by the functions, unless the route names the client`,
    needs,
    async run(client) {
      const user = await client.signUp();
      const { access_token: token, client_id } = await make(client, user);
      assertEquals((await client.auth("GET", "/user", { token })).status, 200);
      assertProblem(await client.call("me", { token }), OAUTH_REFUSED);
      const body = { password: `Pw-${crypto.randomUUID()}`, current_password: user.password };
      const change = await client.call("account/password", { method: "PUT", token, body });
      assertProblem(change, OAUTH_REFUSED);

      const headers = bearer({ access_token: token });
      const others = { oauthClients: [crypto.randomUUID()] };
      assertProblem(await call(client, others, headers), OAUTH_REFUSED);
      for (const oauthClients of [[client_id], "*"] as const) {
        const reply = await call(client, { oauthClients }, headers);
        assertEquals(reply.body, { kind: "user", id: user.id, client: client_id });
      }
      await assertAlive(client, user);
    },
  })),
];
