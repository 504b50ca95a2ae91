// Deploys every function with the real CLI to a Management API on loopback, checks the uploaded
// files, and runs them under the Deno of the edge runtime.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { npmTool, type Output, run } from "../../support/npm_tool.ts";
import { copyProject, functionNames } from "../../support/project_copy.ts";
import { token, USER_ID } from "../../support/tokens.ts";
import { EDGE_DENO, SUPABASE_CLI } from "../../support/versions.ts";
import { bootWorker } from "./edge_worker.ts";
import { type Deployment, serveManagementApi, type Upload } from "./management_api.ts";

const REF = "abcdefghijklmnopqrst";

let folder: string;
let names: string[];
let output: Output;
let deployment: Deployment;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "edge-auth-deploy-" });
  const cli = await npmTool("supabase", SUPABASE_CLI);
  names = await functionNames();
  await copyProject(`${folder}/project`);
  await Deno.mkdir(`${folder}/home`);

  await using api = serveManagementApi(REF);
  const profile = { name: "loopback", api_url: api.url, dashboard_url: api.url };
  const lines = Object.entries({ ...profile, project_host: "127.0.0.1" });
  await Deno.writeTextFile(
    `${folder}/profile.yaml`,
    lines.map(([key, value]) => `${key}: ${value}\n`).join(""),
  );
  output = await run(cli, {
    args: ["functions", "deploy", "--use-api", `--remote=${REF}`, "--yes", "--agent=no"],
    cwd: `${folder}/project`,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: `${folder}/home`,
      SUPABASE_PROFILE: `${folder}/profile.yaml`,
      SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
      DO_NOT_TRACK: "1",
    },
  });
  deployment = api.deployment;
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("supabase functions deploy succeeds without a warning", () => {
  assertEquals(output.code, 0, output.text);
  assert(!/^\s*warn/im.test(output.text), output.text);
});

Deno.test("supabase functions deploy activates every function, with verify_jwt = false", () => {
  const expected = names.map((slug) => ({ slug, verify_jwt: false }));
  assert(names.length > 0);
  assertEquals(
    sorted(deployment.live.map(({ slug, verify_jwt }) => ({ slug, verify_jwt }))),
    expected,
  );
  const uploaded = deployment.uploads.map(({ slug, metadata: { verify_jwt } }) => ({
    slug,
    verify_jwt,
  }));
  assertEquals(sorted(uploaded), expected);
});

Deno.test("supabase functions deploy uploads exactly the files that each function imports", async () => {
  await Promise.all(deployment.uploads.map(async ({ slug, metadata, files }) => {
    assertEquals(metadata.entrypoint_path, `functions/${slug}/index.ts`);
    assertEquals(metadata.import_map_path, "import_map.json");
    const imported = await localImports(metadata.entrypoint_path);
    assertEquals([...files.keys()].sort(), [...imported, "import_map.json"].sort(), slug);
    for (const [path, bytes] of files) {
      assertEquals(bytes, await Deno.readFile(`${folder}/project/${path}`), path);
    }
  }));
});

Deno.test("supabase functions deploy uploads functions that answer under the edge runtime's Deno", async (t) => {
  const deno = await edgeDeno();
  for (const upload of deployment.uploads) await unpack(upload);
  const cache = await cacheFolder();
  await download(deno, cache);

  await using auth = serveAuth();
  await using workers = new AsyncDisposableStack();
  const env = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: `${folder}/home`,
    DENO_DIR: cache,
    SUPABASE_URL: auth.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_deploy" }),
  };
  const urls = new Map(
    await Promise.all(deployment.uploads.map(async ({ slug, metadata }) => {
      const map = `--import-map=${metadata.import_map_path}`;
      const args = [
        "-A",
        "--no-config",
        "--no-lock",
        "--cached-only",
        map,
        metadata.entrypoint_path,
      ];
      const worker = await bootWorker(deno, args, { cwd: `${folder}/${slug}`, env });
      return [slug, `${workers.use(worker).url}/${slug}`] as const;
    })),
  );

  for (const [slug, url] of urls) {
    await t.step(`${slug} answers in the one shape`, async () => {
      const response = await fetch(`${url}/no/such/route`);
      const problem = await problemOf(response);
      const expected = response.status === 401
        ? ["no_authorization", "sign_in"]
        : ["not_found", "none"];
      assertEquals([problem.code, problem.action], expected);
    });
  }
  await t.step("me answers with the user that Auth returned", async () => {
    const headers = { authorization: `Bearer ${token()}` };
    const response = await fetch(urls.get("me") ?? "", { headers });
    const body = await response.json();
    assertEquals([response.status, body.id], [200, USER_ID], JSON.stringify(body));
  });
  await t.step("health answers without a user", async () => {
    const response = await fetch(urls.get("health") ?? "");
    assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
  });
});

function sorted<T extends { slug: string }>(functions: T[]): T[] {
  return functions.toSorted((a, b) => a.slug < b.slug ? -1 : 1);
}

/** The files of the project that a module imports, and its own. */
async function localImports(entry: string): Promise<string[]> {
  const args = ["info", "--json", "--no-lock", entry];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: `${folder}/project` });
  const graph = JSON.parse(new TextDecoder().decode((await command.output()).stdout)) as {
    modules: { specifier: string; error?: string }[];
  };
  const root = new URL(`file://${await Deno.realPath(folder)}/project/`).href;
  return graph.modules
    .map(({ specifier, error }) => {
      assertEquals(error, undefined, specifier);
      return specifier;
    })
    .filter((specifier) => specifier.startsWith("file:"))
    .map((specifier) => decodeURI(specifier).replace(root, ""));
}

/** The path of the program itself: killing npm's wrapper would leave it running. */
async function edgeDeno(): Promise<string> {
  const script = "console.log(JSON.stringify([Deno.version.deno, Deno.execPath()]))";
  const wrapper = await npmTool("deno", EDGE_DENO);
  // Not in the project: this Deno cannot read its deno.lock.
  const { code, text } = await run(wrapper, { args: ["eval", script], cwd: folder });
  assertEquals(code, 0, text);
  const [version, path] = JSON.parse(text) as [string, string];
  assertEquals(version, EDGE_DENO);
  return path;
}

/** Writes each function into its own folder, so that it can use no file of another one. */
async function unpack({ slug, files }: Upload): Promise<void> {
  for (const [path, bytes] of files) {
    const to = `${folder}/${slug}/${path}`;
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(to, bytes);
  }
}

/** A folder in the cache of the running Deno, so that the older one never writes its files. */
async function cacheFolder(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout)) as { denoDir: string };
  return `${denoDir}/edge-runtime-${EDGE_DENO}`;
}

/** Downloads the packages before any worker starts: parallel workers would download them twice. */
async function download(deno: string, cache: string): Promise<void> {
  const entries = deployment.uploads.map((upload) =>
    `${upload.slug}/${upload.metadata.entrypoint_path}`
  );
  const map = `--import-map=${deployment.uploads[0]?.slug}/import_map.json`;
  const cached = await run(deno, {
    args: ["cache", "--no-config", "--no-lock", map, ...entries],
    cwd: folder,
    // A newer Deno trusts the certificates of the machine on its own.
    env: { DENO_TLS_CA_STORE: "mozilla,system", DENO_DIR: cache },
  });
  assertEquals(cached.code, 0, cached.text);
}

/** The endpoints of Supabase Auth that a function calls. */
function serveAuth(): AsyncDisposable & { url: string } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    await request.body?.cancel();
    const { pathname } = new URL(request.url);
    if (pathname === "/auth/v1/health") {
      return Response.json({ name: "GoTrue", version: "v2.197.0" });
    }
    if (pathname === "/auth/v1/user") return Response.json({ id: USER_ID, aud: "authenticated" });
    return new Response("404 page not found", { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const problem = await response.json() as Record<string, unknown>;
  assertEquals(
    Object.keys(problem).sort(),
    ["action", "code", "message", "replay", "request_id", "status"],
  );
  assertEquals(problem.status, response.status);
  assertMatch(String(problem.request_id), /./);
  return problem;
}
