// The tables of shared/server/MIGRATING.md: what callers get from each function before and after, as
// both of them answer on the local stack.
import { assert, assertEquals } from "@std/assert";
import { withSupabase } from "@supabase/server";
import type { SupabaseClient } from "@supabase/supabase-js";
import { edgeFunction } from "../../shared/mod.ts";
import { functionEnv } from "../../supabase/local/functions/env.ts";
import { decodeClaims, KeyRing } from "../../supabase/local/jwt.ts";
import { jwtSecret, signingKey } from "../../supabase/local/keys.ts";
import { bootStack, type RunningStack } from "../../supabase/local/stack.ts";
import { createStackClient, type Reply, type StackClient } from "../e2e/scenarios/client.ts";
import { findBlocks, readPage, ROOT } from "./pages.ts";

const PAGE = "shared/server/MIGRATING.md";
const page = await readPage(PAGE);

/** The functions of the page, each with its file `before.ts` and `index.ts`. */
const NAMES = ["titles", "profile", "new-todo"] as const;
type Name = typeof NAMES[number];

/** Whose gateway checks the token, before. */
const BEHIND_VERIFY_JWT = new Set(["profile-before"]);

let stack: RunningStack;
let client: StackClient;
let root: string;
const ring = await KeyRing.of(signingKey, jwtSecret);

Deno.test.beforeAll(async () => {
  root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/supabase/migrations`, { recursive: true });
  for await (const { name } of Deno.readDir(new URL("supabase/migrations", ROOT))) {
    if (!name.includes("todos")) continue;
    const migration = new URL(`supabase/migrations/${name}`, ROOT);
    await Deno.copyFile(migration, `${root}/supabase/migrations/${name}`);
  }
  let config = "";
  for (const { language, text } of findBlocks(PAGE, page)) {
    if (language !== "ts") continue;
    const [, name, file] = /^\/\/ supabase\/functions\/([\w-]+)\/(before|index)\.ts\n/.exec(text)!;
    const folder = file === "before" ? `${name}-before` : name!;
    await Deno.mkdir(`${root}/functions/${folder}`, { recursive: true });
    const library = new URL("shared/", ROOT).href;
    const source = text.replaceAll("../_shared/edge-auth/", library);
    await Deno.writeTextFile(`${root}/functions/${folder}/index.ts`, source);
    config += `[functions.${folder}]\nverify_jwt = ${BEHIND_VERIFY_JWT.has(folder)}\n`;
  }
  await Deno.writeTextFile(`${root}/supabase/config.toml`, config);
  stack = await bootStack({ port: 0, root });
  client = createStackClient(stack);
});

Deno.test.afterAll(async () => {
  await stack?.close();
  await Deno.remove(root, { recursive: true });
});

/** The headers of a request to both functions. */
type RequestHeaders = Readonly<Record<string, string>>;

/** A row of a table. */
interface Row {
  readonly title: string;
  /** For some functions only. */
  readonly of?: readonly Name[];
  /** What a caller sends. */
  headers(): Promise<RequestHeaders> | RequestHeaders;
  readonly method?: string;
  readonly body?: string;
  /** What is wrong with Auth meanwhile. */
  readonly fault?: "off" | "limited";
  /** Whether the caller may pass; one who passes all the same is in bold. @default {false} */
  readonly mayPass?: boolean;
  /** What stands in the cell. @default the status and the code */
  show?(reply: Reply): string;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function newToken(changes?: Record<string, unknown>): Promise<string> {
  const { access_token: token } = await client.signUp();
  return changes === undefined ? token : await ring.sign({ ...decodeClaims(token), ...changes });
}

async function signedOut(): Promise<string> {
  const { access_token: token } = await client.signUp();
  assertEquals((await client.auth("POST", "/logout", { token })).status, 204);
  return token;
}

async function afterAdmin(method: string, body?: unknown): Promise<RequestHeaders> {
  const { id, access_token: token } = await client.signUp();
  assertEquals((await client.admin(method, `/users/${id}`, body)).status, 200);
  return bearer(token);
}

const EXPIRED = { exp: Math.floor(Date.now() / 1000) - 3600 };

const ROWS: readonly Row[] = [
  {
    title: "a signed-in user",
    headers: async () => bearer(await newToken()),
    mayPass: true,
  },
  { title: "nobody is signed in", headers: () => ({}) },
  {
    title: "the anon key as bearer",
    of: ["profile"],
    headers: () => bearer(stack.keys.anon),
  },
  { title: "the user has signed out", headers: async () => bearer(await signedOut()) },
  { title: "the user was deleted", headers: () => afterAdmin("DELETE") },
  { title: "the user is banned", headers: () => afterAdmin("PUT", { ban_duration: "24h" }) },
  { title: "an expired token", headers: async () => bearer(await newToken(EXPIRED)) },
  {
    title: "a forged token",
    headers: async () => bearer((await newToken()).replace(/[^.]*$/, "A".repeat(86))),
  },
  {
    title: "a token of an OAuth client",
    headers: async () => bearer(await newToken({ client_id: "a-client" })),
  },
  {
    title: "the secret key",
    of: ["titles"],
    headers: () => ({ apikey: stack.keys.secret }),
    mayPass: true,
  },
  {
    title: "the legacy service_role key",
    of: ["titles"],
    headers: () => ({ apikey: stack.keys.serviceRole }),
    mayPass: true,
  },
  {
    title: "an unknown secret key",
    of: ["titles"],
    headers: () => ({ apikey: "sb_secret_unknown" }),
  },
  {
    title: "the secret key, and a user who has signed out",
    of: ["titles"],
    headers: async () => ({ apikey: stack.keys.secret, ...bearer(await signedOut()) }),
  },
  {
    title: "a body that is not JSON",
    of: ["new-todo"],
    headers: async () => bearer(await newToken()),
    body: "{",
  },
  {
    title: "a body without a title",
    of: ["new-todo"],
    headers: async () => bearer(await newToken()),
    body: "{}",
  },
  { title: "members of a refusal", headers: () => ({}), show: members },
  { title: "`WWW-Authenticate`", headers: () => ({}), show: challenge },
  {
    title: "headers of a refusal that a page can read",
    headers: () => ({ Origin: "https://app.example" }),
    show: exposed,
  },
  {
    title: "`OPTIONS`, as a browser sends it first",
    headers: () => ({
      Origin: "https://app.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type",
    }),
    method: "OPTIONS",
    show: ({ status, headers }) =>
      headers.has("Access-Control-Allow-Headers") ? `${status}` : `${status} without CORS`,
  },
  {
    title: "Auth limits the rate",
    headers: async () => bearer(await newToken()),
    fault: "limited",
  },
  { title: "Auth is down", headers: async () => bearer(await newToken()), fault: "off" },
];

function members({ body }: Reply): string {
  assert(typeof body === "object" && body !== null);
  return Object.keys(body).map((name) => `\`${name}\``).join(", ");
}

function exposed({ headers }: Reply): string {
  const names = headers.get("Access-Control-Expose-Headers")?.split(/\s*,\s*/) ?? [];
  return headers.has("Access-Control-Allow-Origin") && names.length > 0
    ? names.map((name) => `\`${name}\``).join(", ")
    : "none";
}

function challenge({ headers }: Reply): string {
  return headers.get("WWW-Authenticate")?.startsWith("Bearer realm=") ? "RFC 6750" : "none";
}

/** The status, the code, and the client's next step, as far as an answer names them. */
function outcome({ status, headers, body }: Reply): string {
  if (status < 300) return `${status}`;
  const { code, action } = body as { code?: string; action?: string };
  const words = [status, code === undefined ? "without a code" : `\`${code}\``];
  const step = action === undefined || action === "none" ? "" : `: \`${action}\``;
  const retry = headers.has("Retry-After") ? ", Retry-After" : "";
  return `${words.join(" ")}${step}${retry}`;
}

/** A cell; in bold where somebody passes who may not, or an outage looks like the end of a session. */
function cellOf(row: Row, reply: Reply): string {
  if (row.show !== undefined) return row.show(reply);
  const text = outcome(reply);
  if (row.mayPass || row.body !== undefined) return text;
  const isMistaken = row.fault === undefined ? reply.status < 300 : reply.status === 401;
  return isMistaken ? `**${text}**` : text;
}

async function send(row: Row, path: string, headers: RequestHeaders): Promise<Reply> {
  const { apikey = stack.keys.publishable, ...others } = headers;
  const method = row.method ?? "POST";
  const response = await fetch(`${stack.url}/functions/v1/${path}`, {
    method,
    headers: { apikey, "Content-Type": "application/json", ...others },
    ...(method === "POST" ? { body: row.body ?? JSON.stringify({ title: "tea" }) } : {}),
  });
  const text = await response.text();
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : { text },
  };
}

async function tableOf(name: Name): Promise<string> {
  const cells: string[][] = [["what the caller sends", "before", "after"]];
  for (const row of ROWS) {
    if (row.of !== undefined && !row.of.includes(name)) continue;
    const headers = await row.headers();
    stack.faults.mode = row.fault ?? "on";
    const [before, after] = [
      await send(row, `${name}-before`, headers),
      await send(row, name, headers),
    ];
    stack.faults.mode = "on";
    cells.push([row.title, cellOf(row, before), cellOf(row, after)]);
  }
  const widths = [0, 1, 2].map((i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [head, ...rows] = cells.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...rows].join("\n");
}

for (const name of NAMES) {
  Deno.test(`${PAGE} says what changes for the callers of ${name}`, async () => {
    const table = await tableOf(name);
    assert(page.includes(table), `${PAGE} must have this table:\n${table}`);
  });
}

Deno.test(`${PAGE} says where the members of withSupabase's context went`, async () => {
  const { url, keys } = stack;
  const row = { method: "POST", token: await newToken(), body: { title: "hers" } };
  assertEquals((await client.call("new-todo", row)).status, 201);
  const variables = await functionEnv({ root, url, keys, siteUrl: url, secrets: {} });
  const { SUPABASE_PUBLISHABLE_KEYS, SUPABASE_SECRET_KEYS, SUPABASE_JWKS } = variables;
  const titles = async (supabase: SupabaseClient) =>
    (await supabase.from("todos").select("title")).data ?? [];

  const before = withSupabase({
    auth: ["user", "secret"],
    env: {
      url,
      publishableKeys: JSON.parse(SUPABASE_PUBLISHABLE_KEYS!),
      secretKeys: JSON.parse(SUPABASE_SECRET_KEYS!),
      jwks: JSON.parse(SUPABASE_JWKS!),
    },
  }, async (_request, ctx) =>
    Response.json({
      kind: ctx.authMode,
      name: ctx.authKeyName,
      id: ctx.userClaims?.id,
      email: ctx.userClaims?.email,
      claims: ctx.jwtClaims ?? undefined,
      asCaller: await titles(ctx.supabase),
      asAdmin: await titles(ctx.supabaseAdmin),
    }));
  const after = edgeFunction("after", {
    auth: { allow: ["user", "secret"], admin: true, env: variables },
  }).post("/", async (c) => {
    const caller = c.var.auth;
    const asUser = caller.kind === "user"
      ? { id: caller.user.id, email: caller.user.email, claims: caller.claims }
      : { name: caller.name };
    return c.json({
      kind: caller.kind,
      ...asUser,
      asCaller: await titles(caller.supabase),
      asAdmin: await titles(caller.supabaseAdmin),
    });
  });
  const ask = async (
    fetch: (request: Request) => Response | Promise<Response>,
    headers: HeadersInit,
  ) => (await fetch(new Request("http://localhost/after", { method: "POST", headers }))).json();

  const user = { apikey: keys.publishable, ...bearer(await newToken()) };
  const asUser = await ask(before, user);
  assertEquals([asUser.kind, asUser.asCaller, asUser.asAdmin.length > 0], ["user", [], true]);
  assertEquals(await ask(after.fetch, user), asUser);

  // With a secret key, the client that acts as the caller acted as nobody.
  const machine = { apikey: keys.secret };
  const asMachine = await ask(before, machine);
  assertEquals([asMachine.name, asMachine.asCaller], ["default", []]);
  assertEquals(await ask(after.fetch, machine), { ...asMachine, asCaller: asMachine.asAdmin });
});
