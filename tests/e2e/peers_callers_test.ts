// The rows of the README's table of what others do that are about other callers than signed-in users:
// each cell is what this test sees them do.
import { assert, assertEquals } from "@std/assert";
import { withSupabase } from "@supabase/server/adapters/hono";
import { createClient } from "@supabase/supabase-js";
import { Hono } from "hono";
import {
  auth,
  type AuthEnv,
  type CallerKind,
  defineProblems,
  edgeFunction,
  requireRole,
} from "../../shared/mod.ts";
import { KeyRing } from "../../supabase/local/jwt.ts";
import { apiKeys, functionJwks, jwtSecret, signingKey } from "../../supabase/local/keys.ts";
import { bootStack, type RunningStack } from "../../supabase/local/stack.ts";

const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

const secretKeys = { default: apiKeys.secret, cron: "sb_secret_cron" };
const env = {
  SUPABASE_URL: "http://auth.test",
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: apiKeys.publishable }),
  SUPABASE_SECRET_KEYS: JSON.stringify(secretKeys),
  SUPABASE_JWKS: functionJwks(),
};

const user = { id: crypto.randomUUID(), email: "ada@example.com" };
const ring = await KeyRing.of(signingKey, jwtSecret);

async function bearer(changes: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1000);
  const token = await ring.sign({
    iss: "http://auth.test/auth/v1",
    aud: "authenticated",
    role: "authenticated",
    sub: user.id,
    session_id: crypto.randomUUID(),
    iat: now,
    exp: now + 3600,
    ...changes,
  });
  return { Authorization: `Bearer ${token}` };
}

type Modes = "user" | ["secret:cron"] | ["user", "secret:cron"] | ["user", "none"];
type Fetch = typeof globalThis.fetch;
type Peer = (modes: Modes, fetch: Fetch) => { request: Hono["request"] };

/** Each answers with the id of its user, or `null`. */
const peers = {
  "edge-auth": (modes, fetch) =>
    new Hono<AuthEnv<unknown, CallerKind>>()
      .use(auth({ allow: typeof modes === "string" ? [modes] : modes, env, fetch }))
      .get("/", ({ var: { auth } }) => Response.json(auth.kind === "user" ? auth.user.id : null)),

  "@supabase/server": (modes) => {
    const keys = { publishableKeys: { default: apiKeys.publishable }, secretKeys };
    const settings = { url: env.SUPABASE_URL, ...keys, jwks: JSON.parse(env.SUPABASE_JWKS) };
    return new Hono().use(withSupabase({ auth: modes, env: settings }))
      .get("/", (c) => c.json(c.var.supabaseContext.userClaims?.id ?? null));
  },

  /** People write the check of a user; nobody of them asks for the key beside it. */
  "by hand": (modes, fetch) =>
    new Hono().get("/", async (c) => {
      const client = createClient(env.SUPABASE_URL, apiKeys.publishable, {
        auth: { persistSession: false },
        global: { fetch },
      });
      const token = c.req.header("Authorization")?.replace("Bearer ", "");
      const { data: { user } } = await client.auth.getUser(token);
      if (!user && !isOptional(modes)) return c.json({ error: "Unauthorized" }, 401);
      return c.json(user?.id ?? null);
    }),
} satisfies Record<string, Peer>;

function isOptional(modes: Modes): boolean {
  return typeof modes !== "string" && modes.some((mode) => mode === "none");
}

const alive = () => Response.json(user);
const ended = () =>
  Response.json({ code: "session_not_found", message: "" }, {
    status: 403,
    headers: { "X-Supabase-Api-Version": "2024-01-01" },
  });
const down = () => new Response("bad gateway", { status: 502 });

/** A row of the table, and how it comes about. */
interface Row {
  readonly title: string;
  readonly modes: Modes;
  readonly upstream: () => Response;
  headers(): Promise<HeadersInit>;
  /** Keys are another check than that of a user: whoever writes by hand writes it as well. */
  readonly isAboutKeys?: boolean;
  /** What Auth says of the caller. A 200 where it says no is in bold. */
  readonly isRefused: boolean;
}

const ROWS: readonly Row[] = [
  {
    title: "a cron job with a secret key `cron`",
    modes: ["secret:cron"],
    upstream: alive,
    headers: () => Promise.resolve({ apikey: secretKeys.cron }),
    isAboutKeys: true,
    isRefused: false,
  },
  {
    title: "a wrong key",
    modes: ["secret:cron"],
    upstream: alive,
    headers: () => Promise.resolve({ apikey: "sb_secret_wrong" }),
    isAboutKeys: true,
    isRefused: true,
  },
  {
    title: "a user who signed out, and a key too",
    modes: ["user", "secret:cron"],
    upstream: ended,
    headers: async () => ({ apikey: secretKeys.cron, ...await bearer() }),
    isRefused: true,
  },
  {
    title: "optional user who signed out",
    modes: ["user", "none"],
    upstream: ended,
    headers: () => bearer(),
    isRefused: true,
  },
  {
    title: "optional user, Auth is down",
    modes: ["user", "none"],
    upstream: down,
    headers: () => bearer(),
    isRefused: true,
  },
  {
    title: "a token of an OAuth client",
    modes: "user",
    upstream: alive,
    headers: () => bearer({ client_id: "a-client" }),
    isRefused: true,
  },
];

let root: string;
let stack: RunningStack;

Deno.test.beforeAll(async () => {
  root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/supabase/migrations`, { recursive: true });
  await Deno.mkdir(`${root}/functions/plain`, { recursive: true });
  const config = "[functions.plain]\nverify_jwt = true\n";
  await Deno.writeTextFile(`${root}/supabase/config.toml`, config);
  const source = `export default { fetch: () => Response.json("${user.id}") };\n`;
  await Deno.writeTextFile(`${root}/functions/plain/index.ts`, source);
  stack = await bootStack({ port: 0, root });
});

Deno.test.afterAll(async () => {
  await stack?.close();
  await Deno.remove(root, { recursive: true });
});

/** The cell of an answer. */
async function cellOf(
  response: Response,
  { isRefused, upstream }: Pick<Row, "isRefused" | "upstream">,
): Promise<string> {
  const text = await response.text();
  const { status, headers } = response;
  if (status !== 200) {
    const code = text.includes('"action"') ? JSON.parse(text).code : undefined;
    if (headers.has("Retry-After")) return `${status} with Retry-After`;
    return code === undefined ? `${status}` : `${status} \`${code}\``;
  }
  const cell = isRefused && upstream !== down ? "**200**" : "200";
  if (isRefused && JSON.parse(text) === null) return "**200**, as nobody";
  return upstream === down ? `${cell}, unchecked` : cell;
}

for (const row of ROWS) {
  Deno.test(`README.md says what becomes of ${row.title}`, async () => {
    const headers = await row.headers();
    const cells = [row.title];
    for (const [name, peer] of Object.entries(peers)) {
      let calls = 0;
      const app = peer(row.modes, () => {
        calls++;
        return Promise.resolve(row.upstream());
      });
      const cell = await cellOf(await app.request("/", { headers }), row);
      if (cell.includes("unchecked")) assertEquals(calls, 0, name);
      cells.push(cell);
      if (name === "@supabase/server") {
        stack.faults.mode = row.upstream === down ? "off" : "on";
        const response = await fetch(`${stack.url}/functions/v1/plain`, { headers });
        cells.push(await cellOf(response, row));
      }
    }
    if (row.isAboutKeys) cells[4] = "your code";
    assertRow(cells);
  });
}

Deno.test("README.md says what becomes of an admin whose role was taken", async () => {
  // As in the token, and no longer as in the user's record.
  const headers = await bearer({ app_metadata: { role: "admin" } });
  const fetch = () => Promise.resolve(Response.json({ ...user, app_metadata: {} }));
  const ours = new Hono<AuthEnv>().use(auth({ env, fetch })).use(requireRole("admin"))
    .get("/", (c) => c.json(c.var.auth.user.id));

  const keys = { publishableKeys: { default: apiKeys.publishable }, secretKeys };
  const settings = { url: env.SUPABASE_URL, ...keys, jwks: JSON.parse(env.SUPABASE_JWKS) };
  const theirs = new Hono().use(withSupabase({ auth: "user", env: settings })).get("/", (c) => {
    const { userClaims } = c.var.supabaseContext;
    if (userClaims?.appMetadata?.role !== "admin") return c.json({ error: "Forbidden" }, 403);
    return c.json(userClaims.id);
  });

  const hands = new Hono().get("/", async (c) => {
    const client = createClient(env.SUPABASE_URL, apiKeys.publishable, {
      auth: { persistSession: false },
      global: { fetch },
    });
    const token = c.req.header("Authorization")?.replace("Bearer ", "");
    const { data: { user } } = await client.auth.getUser(token);
    if (user?.app_metadata.role !== "admin") return c.json({ error: "Forbidden" }, 403);
    return c.json(user.id);
  });

  const row = { isRefused: true, upstream: alive };
  const cells = await Promise.all(
    [ours, theirs, hands].map(async (app) => cellOf(await app.request("/", { headers }), row)),
  );
  const [first, second, fourth] = cells as [string, string, string];
  assertRow(["an admin whose role was taken", first, second, "your code", fourth]);
});

Deno.test("README.md says what becomes of an error of the application", async () => {
  const message = "This needs a paid plan.";
  const problems = defineProblems({
    payment_required: { status: 402, action: "none", message },
  });
  const app = edgeFunction("shop", { problems, public: ["/"] });
  app.get("/", () => {
    throw problems.error("payment_required");
  });
  const response = await app.request("/shop");
  const { request_id, ...body } = await response.json();
  const expected = { code: "payment_required", message, status: 402, action: "none" };
  assertEquals([body, typeof request_id], [{ ...expected, replay: false }, "string"]);
  assertRow(["an error of your own", "the same JSON shape", "your code", "your code", "your code"]);
});

function assertRow(cells: readonly string[]): void {
  const row = `| ${cells.join(" | ")} |`;
  const lines = README.split("\n").map((line) => line.replaceAll(/ +\|/g, " |"));
  assert(lines.includes(row), `README.md must have the row\n${row}`);
}
