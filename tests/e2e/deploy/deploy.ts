import { assertEquals } from "@std/assert";
import { npmTool, type Output, run } from "../../support/npm_tool.ts";
import { EDGE_DENO, SUPABASE_CLI } from "../../support/versions.ts";
import { bootWorker } from "./edge_worker.ts";
import { type Deployment, serveManagementApi, type Upload } from "./management_api.ts";

/** The reference of the project that is deployed to; it exists on loopback only. */
const REF = "abcdefghijklmnopqrst";

/**
 * Deploys every function of a project with the real CLI to a Management API on loopback.
 *
 * @param folder A folder that holds the project as `project`; the CLI's own files go beside it.
 * @returns What the CLI printed, and what it uploaded.
 */
export async function deployProject(
  folder: string,
): Promise<{ output: Output; deployment: Deployment }> {
  const cli = await npmTool("supabase", SUPABASE_CLI);
  await Deno.mkdir(`${folder}/home`, { recursive: true });
  await using api = serveManagementApi(REF);
  const profile = { name: "loopback", api_url: api.url, dashboard_url: api.url };
  const lines = Object.entries({ ...profile, project_host: "127.0.0.1" });
  await Deno.writeTextFile(
    `${folder}/profile.yaml`,
    lines.map(([key, value]) => `${key}: ${value}\n`).join(""),
  );
  const output = await run(cli, {
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
  return { output, deployment: api.deployment };
}

/** Uploaded functions that run, each in a process of its own. */
export interface RunningUploads extends AsyncDisposable {
  /** By name, the URL of each function. */
  readonly urls: ReadonlyMap<string, string>;
}

/**
 * Runs what was uploaded under the Deno of the edge runtime.
 *
 * @param folder As of {@linkcode deployProject}.
 * @param deployment What was uploaded.
 * @param variables The variables of the functions.
 */
export async function runUploads(
  folder: string,
  deployment: Deployment,
  variables: Record<string, string>,
): Promise<RunningUploads> {
  const deno = await edgeDeno(folder);
  for (const upload of deployment.uploads) await unpack(folder, upload);
  const cache = await cacheFolder();
  await download(folder, deployment, deno, cache);
  const env = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: `${folder}/home`,
    DENO_DIR: cache,
    ...variables,
  };
  await using workers = new AsyncDisposableStack();
  const urls = new Map(
    await Promise.all(deployment.uploads.map(async ({ slug, metadata }) => {
      const map = `--import-map=${metadata.import_map_path}`;
      const options = ["-A", "--no-config", "--no-lock", "--cached-only", map];
      const args = [...options, metadata.entrypoint_path];
      const worker = await bootWorker(deno, args, { cwd: `${folder}/${slug}`, env });
      return [slug, `${workers.use(worker).url}/${slug}`] as const;
    })),
  );
  const running = workers.move();
  return { urls, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The path of the program itself: killing npm's wrapper would leave it running. */
export async function edgeDeno(folder: string): Promise<string> {
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
async function unpack(folder: string, { slug, files }: Upload): Promise<void> {
  for (const [path, bytes] of files) {
    const to = `${folder}/${slug}/${path}`;
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(to, bytes);
  }
}

/** A folder in the cache of the running Deno, so that the older one never writes its files. */
export async function cacheFolder(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout)) as { denoDir: string };
  return `${denoDir}/edge-runtime-${EDGE_DENO}`;
}

/** Downloads the packages before any worker starts: parallel workers would download them twice. */
async function download(
  folder: string,
  { uploads }: Deployment,
  deno: string,
  cache: string,
): Promise<void> {
  for (const map of new Set(uploads.map(({ metadata }) => metadata.import_map_path))) {
    const those = uploads.filter(({ metadata }) => metadata.import_map_path === map);
    const entries = those.map(({ slug, metadata }) => `${slug}/${metadata.entrypoint_path}`);
    const importMap = `--import-map=${those[0]?.slug}/${map}`;
    const cached = await run(deno, {
      args: ["cache", "--no-config", "--no-lock", importMap, ...entries],
      cwd: folder,
      // A newer Deno trusts the certificates of the machine on its own.
      env: { DENO_TLS_CA_STORE: "mozilla,system", DENO_DIR: cache },
    });
    assertEquals(cached.code, 0, cached.text);
  }
}
