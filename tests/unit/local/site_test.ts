import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { functionEnv } from "../../../supabase/local/functions/env.ts";
import { apiKeys } from "../../../supabase/local/keys.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";

let stack: RunningStack;
Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false });
});
Deno.test.afterAll(() => stack.close());

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return stack.fetch(new Request(stack.url + path, init));
}

Deno.test("answerSite() serves the page, which loads only its own files", async () => {
  for (const path of ["/", "/auth/confirm?token_hash=x&type=recovery"]) {
    const { status, headers } = await send(path);
    assertEquals([status, headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    const policy = headers.get("content-security-policy") ?? "";
    assertMatch(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
    assertMatch(policy, /frame-ancestors 'none'/);
    assert(!policy.includes("unsafe"));
    assertStrictEquals(headers.get("cache-control"), "no-store");
  }
  const text = await (await send("/")).text();
  assert(!/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//.test(text));
  assert(text.includes(apiKeys.publishable));
  assert(!text.includes("$"));
});

/** The calls that the page of a project has buttons for. */
async function callsOf(functions: readonly string[]): Promise<string[]> {
  const project = await Deno.makeTempDir();
  await Deno.mkdir(`${project}/supabase`);
  await Deno.writeTextFile(`${project}/supabase/config.toml`, "");
  for (const name of functions) {
    await Deno.mkdir(`${project}/supabase/functions/${name}`, { recursive: true });
    await Deno.writeTextFile(`${project}/supabase/functions/${name}/index.ts`, "");
  }
  await using own = await bootStack({ port: 0, project });
  const text = await (await own.fetch(new Request(`${own.url}/`))).text();
  await Deno.remove(project, { recursive: true });
  assert(text.includes(`<meta name="functions" content="${functions.join(" ")}">`));
  assert(!text.includes("$") && !text.includes("<!-- calls"));
  return [...text.matchAll(/<button[^>]*data-call="[^"]*"[^>]*>([^<]*)</g)].map(([, label]) =>
    label ?? ""
  );
}

Deno.test("answerSite() has the buttons of the project's functions, me first, and none of this repository's", async () => {
  assertEquals(await callsOf(["a_b", "hello", "me"]), [
    "GET me",
    "GET me, 10 at once",
    "POST me",
    "GET a_b",
    "POST a_b",
    "GET hello",
    "POST hello",
  ]);
  assertEquals(await callsOf([]), []);
  const own = await (await send("/")).text();
  for (const call of ["GET me", "GET todos", "PUT account/password"]) {
    assert(own.includes(`data-call="${call}"`), call);
  }
});

Deno.test("answerSite() bundles the script of the page without secrets", async () => {
  const answer = await send("/_local/page/main.js");
  assertStrictEquals(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
  const script = await answer.text();
  for (const secret of [apiKeys.secret, apiKeys.serviceRole]) assert(!script.includes(secret));
  assert(script.length > 100_000 && !script.includes("could not be built"));
  assertStrictEquals((await send("/_local/page/style.css")).status, 200);
  assertStrictEquals((await send("/_local/page/main.ts")).status, 404);
  assertStrictEquals((await send("/_local/page/../control/routes.ts")).status, 404);
  assertStrictEquals((await send("/", { method: "POST" })).status, 405);
});

Deno.test("answerSite() redirects localhost to 127.0.0.1", async () => {
  const { port } = new URL(stack.url);
  const headers = { host: `localhost:${port}` };
  const answer = await send("/auth/confirm?token_hash=x", { headers });
  assertStrictEquals(answer.status, 307);
  assertStrictEquals(answer.headers.get("location"), `${stack.url}/auth/confirm?token_hash=x`);
});

Deno.test("Outbox links to the page when redirect_to is the page", async () => {
  const email = "ada@example.com";
  const post = (path: string, body: unknown) =>
    send(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  assertStrictEquals(
    (await post("/auth/v1/signup", { email, password: "correct-horse" })).status,
    200,
  );
  const links: (string | undefined)[] = [];
  const wanted = [
    "",
    "http://127.0.0.1:3000/x",
    stack.url,
    `${stack.url}/x`,
    "https://evil.example",
  ];
  for (const target of wanted) {
    const query = target ? `?redirect_to=${encodeURIComponent(target)}` : "";
    await post(`/auth/v1/recover${query}`, { email });
    links.push(stack.mails.at(-1)?.link);
  }
  const site = "http://127.0.0.1:3000";
  const origins = links.map((link) => new URL(link ?? "about:blank").origin);
  assertEquals(origins, [site, site, stack.url, stack.url, site]);
});

Deno.test("functionEnv() sets APP_ORIGINS to the project's origins, or its site, and the page", async () => {
  const root = await Deno.makeTempDir();
  const origins = async () => {
    const siteUrl = "http://127.0.0.1:3000/app";
    const url = "http://127.0.0.1:54321";
    return (await functionEnv({ root, url, keys: apiKeys, siteUrl, secrets: {} })).APP_ORIGINS;
  };
  assertStrictEquals(await origins(), "http://127.0.0.1:3000,http://127.0.0.1:54321");
  await Deno.mkdir(`${root}/functions`);
  await Deno.writeTextFile(`${root}/functions/.env`, "APP_ORIGINS=https://app.example\n");
  assertStrictEquals(await origins(), "https://app.example,http://127.0.0.1:54321");
  await Deno.remove(root, { recursive: true });
});

Deno.test("functionEnv() leaves out the project's variables that begin with SUPABASE_, and names them", async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/functions`);
  await Deno.writeTextFile(`${root}/functions/.env`, "SUPABASE_SECRET_KEYS={}\nOWN=1\n");
  let names: readonly string[] = [];
  const [url, siteUrl] = ["http://127.0.0.1:54321", "http://127.0.0.1:3000"];
  const onReserved = (reserved: readonly string[]) => names = reserved;
  const env = await functionEnv({ root, url, keys: apiKeys, siteUrl, secrets: {}, onReserved });
  assertEquals([names, env.OWN], [["SUPABASE_SECRET_KEYS"], "1"]);
  assertStrictEquals(JSON.parse(env.SUPABASE_SECRET_KEYS ?? "{}").default, apiKeys.secret);
  await Deno.remove(root, { recursive: true });
});
