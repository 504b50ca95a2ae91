// Takes edge-auth into a project that the CLI has just made, as its user would: adopt, check the
// types, test, deploy, call what was uploaded, and ask the doctor.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fakeAuth, signWebhook } from "../../shared/testing/mod.ts";
import { cacheFolder, deployProject, edgeDeno, runUploads } from "./deploy/deploy.ts";
import { npmTool, type Output, run } from "../support/npm_tool.ts";
import { SUPABASE_CLI } from "../support/versions.ts";

const ROOT = new URL("../../", import.meta.url);
const COPY = "supabase/functions/_shared/edge-auth";

let folder: string;
let project: string;

/** A program of this repository, on the project. */
function task(script: string, ...args: string[]): Promise<Output> {
  const path = new URL(script, ROOT).href;
  return run(Deno.execPath(), { args: ["run", "-A", path, project, ...args] });
}

const adopt = (...args: string[]) => task("supabase/adopt/main.ts", ...args);
const read = (path: string) => Deno.readTextFile(`${project}/${path}`);

/** All files of the project, by path. */
async function snapshot(path = ""): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(`${project}/${path}`)) {
    const inner = path === "" ? name : `${path}/${name}`;
    if (isDirectory) { for (const entry of await snapshot(inner)) texts.set(...entry); }
    else texts.set(inner, await read(inner));
  }
  return texts;
}

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "edge-auth-adopt-" });
  project = `${folder}/project`;
  await Deno.mkdir(project);
  const cli = await npmTool("supabase", SUPABASE_CLI);
  const options = { cwd: project, stdin: "null" as const };
  for (const args of [["init", "--yes"], ["functions", "new", "hello"]]) {
    const { code, text } = await run(cli, { ...options, args });
    assertEquals(code, 0, text);
  }
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("adopt shows a diff of a fresh project and writes nothing when --dry-run is given", async () => {
  const before = await snapshot();
  const { code, text } = await adopt("--dry-run");
  assertEquals(code, 0, text);
  assertMatch(text, /^\+verify_jwt = false$/m);
  assertMatch(text, /^\+import \{ edgeFunction \} from "\.\.\/_shared\/edge-auth\/mod\.ts";$/m);
  assertEquals(await snapshot(), before);
  assertEquals((await adopt("--check")).code, 1);
});

Deno.test("adopt gives a fresh project the copy and a first function, and changes no line that was there", async () => {
  const config = await read("supabase/config.toml");
  const { code, text } = await adopt();
  assertEquals(code, 0, text);
  assert((await read("supabase/config.toml")).startsWith(config));
  assertMatch(
    await read("supabase/config.toml"),
    /\[functions\.me\]\n(?:# .*\n)+verify_jwt = false/,
  );
  const files = await snapshot();
  for (const path of ["mod.ts", "testing/mod.ts", "LICENSE", ".edge-auth.json"]) {
    assert(files.has(`${COPY}/${path}`), path);
  }
  for (const name of ["index.ts", "index_test.ts", "deno.json"]) {
    assert(files.has(`supabase/functions/me/${name}`), name);
  }
});

Deno.test("adopt adds the imports of a function that has begun to use edge-auth", async () => {
  // The scaffold imports a package of a registry that a test cannot count on.
  await Deno.writeTextFile(`${project}/supabase/functions/hello/index.ts`, HELLO);
  await Deno.mkdir(`${project}/supabase/functions/hooks`);
  await Deno.writeTextFile(`${project}/supabase/functions/hooks/index.ts`, HOOKS);
  const { code, text } = await adopt();
  assertEquals(code, 0, text);
  const importsOf = async (name: string): Promise<Record<string, string>> =>
    JSON.parse(await read(`supabase/functions/${name}/deno.json`)).imports;
  const hello = await importsOf("hello");
  assert("hono" in hello && "@supabase/server" in hello, JSON.stringify(hello));
  // Only a function with webhooks needs their package.
  const users = ["hello", "hooks", "me"].map(importsOf);
  const needed = (await Promise.all(users)).map((imports) => "standardwebhooks" in imports);
  assertEquals(needed, [false, true, false]);
});

Deno.test("adopt changes nothing when it runs again", async () => {
  const before = await snapshot();
  const { code, text } = await adopt();
  assertEquals([code, text.trim().split("\n").at(-1)], [0, "Nothing to do."], text);
  assertEquals((await adopt("--check")).code, 0);
  assertEquals(await snapshot(), before);
});

Deno.test("adopt leaves a project that the formatter and the linter accept", async () => {
  for (const args of [["fmt", "--check"], ["lint"]]) {
    const { code, text } = await run(Deno.execPath(), { args, cwd: project });
    assertEquals(code, 0, text);
  }
});

Deno.test("adopt leaves a project whose types and tests pass, on the edge runtime's Deno too", async () => {
  const at = (name: string) => `supabase/functions/${name}`;
  const config = (name: string) => ["--config", `${at(name)}/deno.json`];
  const me = [`${at("me")}/index.ts`, `${at("me")}/index_test.ts`];
  async function succeeds(deno: string, env: Record<string, string>, args: string[]) {
    const { code, text } = await run(deno, { args, env, cwd: project });
    assertEquals(code, 0, `${args.join(" ")}\n${text}`);
    if (args[0] === "test") assertMatch(text, /3 passed/);
  }
  const newer = Deno.execPath();
  await succeeds(newer, {}, ["check", ...config("hello"), `${at("hello")}/index.ts`]);
  await succeeds(newer, {}, ["check", ...config("hooks"), `${at("hooks")}/index.ts`]);
  await succeeds(newer, {}, ["check", ...config("me"), ...me]);
  await succeeds(newer, {}, ["test", "-A", "--no-check", ...config("me"), at("me")]);

  // That has written a lock file, which the older one cannot read.
  await Deno.stat(`${project}/${at("me")}/deno.lock`);
  const older = await edgeDeno(folder);
  const env = { DENO_DIR: await cacheFolder(), DENO_TLS_CA_STORE: "mozilla,system" };
  const options = ["--no-lock", ...config("me")];
  await succeeds(older, env, ["check", ...options, ...me]);
  const hooks = ["--no-lock", ...config("hooks"), `${at("hooks")}/index.ts`];
  await succeeds(older, env, ["check", ...hooks]);
  await succeeds(older, env, ["test", "-A", "--no-check", ...options, at("me")]);
});

Deno.test("adopt leaves a project that deploys, without the tests, and answers 200 and 401", async () => {
  const { output, deployment } = await deployProject(folder);
  assertEquals(output.code, 0, output.text);
  assert(!/^\s*warn/im.test(output.text), output.text);
  assertEquals(
    deployment.uploads.map(({ slug, metadata: { verify_jwt } }) => [slug, verify_jwt]).sort(),
    [["hello", false], ["hooks", false], ["me", false]],
  );
  const uploaded = deployment.uploads.flatMap(({ files }) => [...files.keys()]);
  assertEquals(uploaded.filter((path) => /_test\.ts$|\/testing\//.test(path)), []);

  const auth = fakeAuth();
  const ada = auth.signIn();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ method, headers, url }) => {
      const { pathname, search } = new URL(url);
      return auth.options.fetch(`${auth.url}${pathname}${search}`, { method, headers });
    },
  );
  await using running = await runUploads(folder, deployment, {
    ...auth.options.env,
    SUPABASE_URL: `http://127.0.0.1:${server.addr.port}`,
    HOOK_SECRET,
  });
  for (const [name, url] of running.urls) {
    if (name === "hooks") {
      const { headers, body } = await signWebhook(url, { secret: HOOK_SECRET });
      const signed = await fetch(url, { method: "POST", headers, body });
      assertEquals([signed.status, (await signed.json()).id], [200, headers.get("webhook-id")]);
      const unsigned = await fetch(url, { method: "POST" });
      assertEquals((await unsigned.json()).code, "webhook_signature_missing");
      continue;
    }
    const admitted = await fetch(url, { headers: ada.headers });
    assertEquals([name, admitted.status], [name, 200], await admitted.text());
    const refused = await fetch(url);
    assertEquals([refused.status, (await refused.json()).code], [401, "no_authorization"]);
  }
});

Deno.test("adopt --browser copies the browser part, which is current until somebody changes it", async () => {
  const script = new URL("supabase/adopt/main.ts", ROOT).href;
  const adopt = (...flags: string[]) => {
    const args = ["run", "-A", script, "--browser=src/edge-auth", ...flags];
    return run(Deno.execPath(), { args, cwd: project, env: { INIT_CWD: project } });
  };
  await Deno.writeTextFile(`${project}/package.json`, '{ "dependencies": {} }\n');
  const before = await snapshot();
  const dry = await adopt("--dry-run");
  assertMatch(dry.text, /^write src\/edge-auth: \d+ files \(.*\d+ in browser\//m);
  assertEquals([await snapshot(), (await adopt("--check")).code], [before, 1]);
  const written = await adopt();
  assertEquals(written.code, 0, written.text);
  assertMatch(written.text, /npm install @supabase\/supabase-js/);
  for (const path of ["browser/mod.ts", "problems/table.ts", "LICENSE", ".edge-auth.json"]) {
    assert((await read(`src/edge-auth/${path}`)).length > 0, path);
  }
  assertEquals((await adopt("--check")).code, 0);
  await Deno.writeTextFile(`${project}/src/edge-auth/browser/mod.ts`, "export {};\n");
  const changed = await adopt("--check");
  assertEquals(changed.code, 1);
  assertMatch(changed.text, /changed by hand: browser\/mod\.ts/);
  await Deno.remove(`${project}/src`, { recursive: true });
  await Deno.remove(`${project}/package.json`);
});

Deno.test("adopt leaves a project in which the doctor finds no error and no warning", async () => {
  const { code, stdout } = await task("supabase/doctor/main.ts", "--json");
  const { findings } = JSON.parse(stdout) as { findings: { severity: string }[] };
  assertEquals(findings.filter(({ severity }) => severity !== "info"), []);
  assertEquals(code, 0);
});

const HELLO = `import { edgeFunction } from "../_shared/edge-auth/mod.ts";

const app = edgeFunction("hello");

app.get("/", (c) => c.text(\`Hello \${c.var.auth.user.email}\`));

export default { fetch: app.fetch };
`;

const HOOK_SECRET = `whsec_${btoa("the secret of a hook in this test")}`;

const HOOKS = `import { edgeFunction } from "../_shared/edge-auth/mod.ts";
import { webhook } from "../_shared/edge-auth/server/webhook.ts";

const app = edgeFunction("hooks", { public: ["/*"] });
const signed = webhook({ secret: { env: "HOOK_SECRET" } });

app.post("/", signed, (c) => c.json(c.var.webhook));

export default { fetch: app.fetch };
`;
