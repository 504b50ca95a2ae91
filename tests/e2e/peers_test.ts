// The README's table of what others do: each cell of it is what this test sees them do.
import { assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { withSupabase } from "@supabase/server/adapters/hono";
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../shared/mod.ts";
import { KeyRing } from "../../supabase/local/jwt.ts";
import { createStackClient } from "./scenarios/client.ts";
import { bootStack } from "../../supabase/local/stack.ts";
import { apiKeys, functionJwks, jwtSecret, signingKey } from "../../supabase/local/keys.ts";

const env = {
  SUPABASE_URL: "http://auth.test",
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: apiKeys.publishable }),
  SUPABASE_SECRET_KEYS: JSON.stringify({ default: apiKeys.secret }),
  SUPABASE_JWKS: functionJwks(),
};

const user = { id: crypto.randomUUID(), email: "ada@example.com" };
const keys = await KeyRing.of(signingKey, jwtSecret);

/** A token as Auth signs it; every one is another. */
function token(changes: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return keys.sign({
    iss: "http://auth.test/auth/v1",
    aud: "authenticated",
    role: "authenticated",
    sub: user.id,
    session_id: crypto.randomUUID(),
    iat: now,
    exp: now + 3600,
    ...changes,
  });
}

type Upstream = () => Response | Promise<Response>;
type Peer = (fetch: typeof globalThis.fetch) => { request: Hono["request"] };

/** The check that people write by hand, over and over. */
const byHand: Peer = (fetch) =>
  new Hono().get("/", async (c) => {
    const client = createClient(env.SUPABASE_URL, apiKeys.publishable, {
      auth: { persistSession: false },
      global: { fetch },
    });
    const bearer = c.req.header("Authorization")?.replace("Bearer ", "");
    const { data, error } = await client.auth.getUser(bearer);
    if (error || !data.user) return c.json({ error: error?.code ?? error?.message }, 401);
    return c.json({ id: data.user.id });
  });

const supabaseServer: Peer = () => {
  const app = new Hono();
  // It reads its environment itself; the keys are at hand, so it has nothing to fetch.
  const { SUPABASE_URL: url } = env;
  const publishableKeys = { default: apiKeys.publishable };
  const secretKeys = { default: apiKeys.secret };
  const jwks = JSON.parse(env.SUPABASE_JWKS);
  app.use(withSupabase({ auth: "user", env: { url, publishableKeys, secretKeys, jwks } }));
  return app.get("/", (c) => c.text("in"));
};

const edgeAuth: Peer = (fetch) =>
  new Hono<AuthEnv>().use(auth({ env, fetch })).get("/", (c) => c.json({ id: c.var.auth.user.id }));

const peers = { "edge-auth": edgeAuth, "@supabase/server": supabaseServer, "by hand": byHand };
type Name = keyof typeof peers;

/** What a peer answers while Auth answers like this. */
async function answerOf(name: Name, upstream: Upstream, bearer: string) {
  let calls = 0;
  const app = peers[name](() => {
    calls++;
    return Promise.resolve(upstream());
  });
  const response = await app.request("/", { headers: { Authorization: `Bearer ${bearer}` } });
  const text = await response.text();
  const json = /^application\/json/.test(response.headers.get("Content-Type") ?? "");
  const code: unknown = json && !response.ok ? JSON.parse(text).code : undefined;
  return { status: response.status, headers: response.headers, code, calls };
}

async function statuses(upstream: Upstream, bearer = token()) {
  const ours = await answerOf("edge-auth", upstream, await bearer);
  const theirs = await answerOf("@supabase/server", upstream, await bearer);
  const hands = await answerOf("by hand", upstream, await bearer);
  return { "edge-auth": ours.status, "@supabase/server": theirs.status, "by hand": hands.status };
}

const alive: Upstream = () => Response.json(user);
const refuses = (status: number, code: string): Upstream => () =>
  Response.json({ code, message: code }, {
    status,
    headers: { "X-Supabase-Api-Version": "2024-01-01" },
  });

Deno.test("all peers admit a live session", async () => {
  assertEquals(await statuses(alive), {
    "edge-auth": 200,
    "@supabase/server": 200,
    "by hand": 200,
  });
});

Deno.test("@supabase/server admits a token after a sign-out; edge-auth refuses it", async () => {
  const ended = refuses(403, "session_not_found");
  assertEquals(await statuses(ended), {
    "edge-auth": 401,
    "@supabase/server": 200,
    "by hand": 401,
  });
  assertEquals((await answerOf("@supabase/server", ended, await token())).calls, 0);
});

Deno.test("@supabase/server admits a deleted user; edge-auth refuses the user", async () => {
  const deleted = refuses(403, "user_not_found");
  assertEquals(await statuses(deleted), {
    "edge-auth": 401,
    "@supabase/server": 200,
    "by hand": 401,
  });
});

Deno.test("getUser() by hand admits a banned user of an older Auth; edge-auth refuses the user", async () => {
  const banned = () => Response.json({ ...user, banned_until: "2999-01-01T00:00:00Z" });
  assertEquals(await statuses(banned), {
    "edge-auth": 403,
    "@supabase/server": 200,
    "by hand": 200,
  });
});

Deno.test("getUser() by hand loses the code session_not_found; edge-auth answers it", async () => {
  const ended = refuses(403, "session_not_found");
  assertEquals((await answerOf("by hand", ended, await token())).code, undefined);
  assertEquals((await answerOf("edge-auth", ended, await token())).code, "session_not_found");
});

Deno.test("getUser() by hand answers 401 when Auth is down; edge-auth answers 503 with Retry-After", async () => {
  const down = () => new Response("bad gateway", { status: 502 });
  assertEquals((await statuses(down))["by hand"], 401);
  const ours = await answerOf("edge-auth", down, await token());
  assertEquals([ours.status, ours.code], [503, "auth_unavailable"]);
  assertEquals(ours.headers.get("Retry-After"), "2");
});

Deno.test("getUser() by hand answers 401 when Auth limits it; edge-auth answers 429", async () => {
  const limited = refuses(429, "over_request_rate_limit");
  const { "edge-auth": ours, "by hand": theirs } = await statuses(limited);
  assertEquals([ours, theirs], [429, 401]);
});

Deno.test("getUser() by hand admits an answer without a user; edge-auth answers 503", async () => {
  const empty = () => Response.json({});
  const { "edge-auth": ours, "by hand": theirs } = await statuses(empty);
  assertEquals([ours, theirs], [503, 200]);
});

Deno.test("edge-auth has a challenge and a code for expired tokens; the other peers have neither", async () => {
  const refused = refuses(403, "bad_jwt");
  const expired = await token({ exp: Math.floor(Date.now() / 1000) - 3600 });
  const [header, payload] = (await token()).split(".");
  const forged = `${header}.${payload}.${"A".repeat(86)}`;
  for (const name of ["@supabase/server", "by hand"] as const) {
    const [one, other] = [
      await answerOf(name, refused, expired),
      await answerOf(name, refused, forged),
    ];
    assertEquals([one.status, other.status], [401, 401]);
    assertEquals(one.headers.get("WWW-Authenticate"), null);
    assertEquals(one.code, other.code);
  }
  const one = await answerOf("edge-auth", refused, expired);
  const other = await answerOf("edge-auth", refused, forged);
  assertEquals([one.code, other.code], ["token_expired", "bad_jwt"]);
  assertEquals(one.headers.get("WWW-Authenticate")?.startsWith("Bearer realm="), true);
});

Deno.test("@supabase/server refuses with text; edge-auth with JSON", async () => {
  const type = async (name: Name) =>
    (await answerOf(name, alive, "no-token")).headers.get("Content-Type")?.split(";")[0];
  assertEquals(await type("@supabase/server"), "text/plain");
  assertEquals(await type("edge-auth"), "application/json");
});

Deno.test("getUser() by hand makes eight calls for eight requests at once; edge-auth makes one", async () => {
  const bearer = await token();
  for (const [name, expected] of [["by hand", 8], ["edge-auth", 1]] as const) {
    let calls = 0;
    const app = peers[name](() => {
      calls++;
      return Promise.resolve(alive());
    });
    const headers = { Authorization: `Bearer ${bearer}` };
    const burst = Array.from({ length: 8 }, () => app.request("/", { headers }));
    assertEquals((await Promise.all(burst)).map(({ status }) => status), Array(8).fill(200));
    assertEquals(calls, expected);
  }
});

Deno.test("verify_jwt admits an ended session, a banned user and a deleted user", async () => {
  const root = await Deno.makeTempDir();
  const write = async (path: string, text: string) => {
    await Deno.mkdir(`${root}/${path.replace(/\/[^/]*$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${root}/${path}`, text);
  };
  await write("supabase/config.toml", "[functions.plain]\nverify_jwt = true\n");
  await write("functions/plain/index.ts", 'export default { fetch: () => new Response("in") };\n');
  await Deno.mkdir(`${root}/supabase/migrations`);
  const stack = await bootStack({ port: 0, root });
  try {
    const client = createStackClient(stack);
    const call = (token: string) => client.call("plain", { token });
    const [signedOut, banned, deleted] = [
      await client.signUp(),
      await client.signUp(),
      await client.signUp(),
    ];
    await client.auth("POST", "/logout", { token: signedOut.access_token });
    await client.admin("PUT", `/users/${banned.user.id}`, { ban_duration: "24h" });
    await client.admin("DELETE", `/users/${deleted.user.id}`);
    for (const { access_token } of [signedOut, banned, deleted]) {
      assertEquals((await client.auth("GET", "/user", { token: access_token })).status, 403);
      assertEquals((await call(access_token)).status, 200);
    }

    const expired = await call(await client.withClaims(signedOut.access_token, { exp: 1 }));
    const forged = await call(signedOut.access_token.replace(/[^.]*$/, "A".repeat(86)));
    assertEquals([expired.status, forged.status, expired.body], [401, 401, forged.body]);
    assertEquals(forged.headers.get("WWW-Authenticate"), null);
  } finally {
    await stack.close();
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("edge-auth says when to come back from a limit of Auth", async () => {
  const { headers } = await answerOf("edge-auth", refuses(429, "x"), await token());
  assertEquals(Number(headers.get("Retry-After")) > 0, true);
});

Deno.test("@supabase/server admits without a call to Auth, whatever Auth would answer", async () => {
  const bearer = await token();
  const upstreams: Upstream[] = [
    () => new Response("bad gateway", { status: 502 }),
    refuses(429, "over_request_rate_limit"),
    () => Response.json({}),
    alive,
  ];
  for (const upstream of upstreams) {
    const { status, calls } = await answerOf("@supabase/server", upstream, bearer);
    assertEquals([status, calls], [200, 0]);
  }
});

Deno.test("verify_jwt admits without a call to Auth, and refuses in a JSON shape of its own", async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/supabase/migrations`, { recursive: true });
  await Deno.mkdir(`${root}/functions/plain`, { recursive: true });
  await Deno.writeTextFile(
    `${root}/supabase/config.toml`,
    "[functions.plain]\nverify_jwt = true\n",
  );
  const source = 'export default { fetch: () => new Response("in") };\n';
  await Deno.writeTextFile(`${root}/functions/plain/index.ts`, source);
  const stack = await bootStack({ port: 0, root });
  try {
    const bearer = await token();
    const call = (jwt: string) =>
      fetch(`${stack.url}/functions/v1/plain`, { headers: { Authorization: `Bearer ${jwt}` } });
    for (const mode of ["off", "limited"] as const) {
      stack.faults.mode = mode;
      const answers = await Promise.all(Array.from({ length: 8 }, () => call(bearer)));
      const texts = await Promise.all(answers.map((response) => response.text()));
      assertEquals([answers.map(({ status }) => status), texts], [
        Array(8).fill(200),
        Array(8).fill("in"),
      ]);
    }
    const refused = await call("no-token");
    const body = await refused.json();
    assertEquals([refused.status, Object.keys(body).sort()], [401, ["code", "message"]]);
  } finally {
    await stack.close();
    await Deno.remove(root, { recursive: true });
  }
});
