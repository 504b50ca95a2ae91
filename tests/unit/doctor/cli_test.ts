// The doctor as people and CI run it: a process, on folders that lie on the disk.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { npmTool, run } from "../../support/npm_tool.ts";
import { ignoredBy, ROOT } from "../../support/project_copy.ts";
import { SUPABASE_CLI } from "../../support/versions.ts";
import { openFolder } from "../../../supabase/doctor/files.ts";
import { readWorkspace } from "../../../supabase/doctor/project/workspace.ts";
import { examine } from "../../../supabase/doctor/registry.ts";
import { runCommand } from "../../../supabase/doctor/run.ts";
import { legacyKey, SECRET } from "./_project.ts";

const CONFIG = fileURLToPath(new URL("deno.json", ROOT));
const MAIN = new URL("supabase/doctor/main.ts", ROOT).href;

async function doctor(args: string[], env: Record<string, string> = {}, cwd?: string) {
  return await run(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, MAIN, ...args],
    env: { NO_COLOR: "1", ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** The same without a process of its own. */
const read = async (folder: string) =>
  (await runCommand({ kind: "folder", folder }, {
    env: {},
    readToken: () => Promise.resolve(undefined),
  })).findings;

async function inFolder(work: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-doctor-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("doctor raises no alarm when the project is a fresh one of the pinned CLI", () =>
  inFolder(async (folder) => {
    const cli = await npmTool("supabase", SUPABASE_CLI);
    const env = { HOME: folder, SUPABASE_NO_UPDATE_NOTIFIER: "1", DO_NOT_TRACK: "1" };
    const init = await run(cli, { args: ["init", "--yes"], cwd: folder, env });
    assertEquals(init.code, 0, init.text);
    const config = await Deno.readTextFile(`${folder}/supabase/config.toml`);
    assert(config.includes(`# timebox = "24h"`) && config.includes(`# inactivity_timeout = "8h"`));
    assert(!/refresh_token_(?:expiry|lifetime|ttl)/.test(config)); // "Advice that is wrong"
    assertEquals((await read(folder)).map(({ severity, id }) => [severity, id]), [
      ["info", "redirect-loopback-differs"], // the pair of URLs that the CLI writes
    ]);
  }));

Deno.test("doctor finds no error and no warning in this repository", async () => {
  // Without what .gitignore names: a file that only this machine has is not the project's.
  const ignored = ignoredBy(await Deno.readTextFile(new URL(".gitignore", ROOT)));
  const folder = await openFolder(fileURLToPath(ROOT));
  const paths = folder.paths.filter((path) => !ignored(path));
  assert(paths.length > 100);
  const { findings, functions } = examine(readWorkspace({ ...folder, paths }));
  assertEquals(findings.filter((one) => one.severity !== "info"), []);
  // The peers that tests/e2e compares with are a project of their own.
  const ours = functions.filter(({ entry }) => entry.startsWith("functions/"));
  assert(ours.length > 3 && ours.every(({ by }) => by === "edge-auth"));
});

Deno.test("doctor exits with 1 and shows place, reason and fix when there is an error", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/supabase/functions/f`, { recursive: true });
    await Deno.mkdir(`${folder}/node_modules/x`, { recursive: true });
    await Deno.writeTextFile(`${folder}/node_modules/x/a.ts`, "supabase.auth.signOut();");
    await Deno.writeTextFile(`${folder}/.env`, `VITE_KEY=${SECRET}\n`);
    await Deno.writeTextFile(
      `${folder}/supabase/functions/f/index.ts`,
      `\nawait createClient("u", "k").auth.getSession();`,
    );
    const json = await doctor(["--json", folder]);
    assertEquals(json.code, 1);
    assertEquals(Object.keys(JSON.parse(json.stdout).findings[0]), [
      "id",
      "severity",
      "file",
      "line",
      "message",
      "why",
      "fix",
      "docs",
    ]);
    const { code, text } = await doctor([folder]);
    assertEquals(code, 1);
    assertMatch(text, /^ {2}get-session-on-server {2}supabase\/functions\/f\/index\.ts:2$/m);
    assertMatch(text, /^ {6}why {2}\S/m);
    assertMatch(text, /^ {6}fix {2}\S/m);
    assertMatch(text, /^ {6}doctor --explain get-session-on-server$/m);
    assertMatch(text, /^Read 2 files \(1 kB\); 1 project: supabase\.$/m);
    assert(text.includes("secret-key-in-public-variable") && !text.includes(SECRET));
    assert(!text.includes("sign-out-global"), "it looked into node_modules");
  }));

Deno.test("doctor exits with 2 and a sentence when it cannot be asked that", async () => {
  const { code, text } = await doctor(["no/such/folder"]);
  assertEquals([code, text], [2, "There is no such folder.\n"]);
});

Deno.test("doctor reads a token from a pipe, and shows nothing of it", async () => {
  const token = legacyKey({ role: "authenticated", sub: "ada", exp: 1 });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, MAIN, "token", "--json"],
    env: { SUPABASE_URL: "" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`Bearer ${token}\n`));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, err], [1, ""]);
  const ids = JSON.parse(out!).findings.map((one: { id: string }) => one.id);
  assertEquals(ids, ["token-expired", "token-without-session", "token-says", "token-unknown"]);
  for (const part of token.split(".")) assert(!out!.includes(part));
});

const KEY_CONFIG = "supabase/config.toml";
const write = async (folder: string, path: string, content: string | Uint8Array) => {
  await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]+$/, ""), { recursive: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(`${folder}/${path}`, bytes);
};

Deno.test("doctor finds no error and no warning in a project that has just copied shared/", () =>
  inFolder(async (folder) => {
    const copy = `${folder}/supabase/functions/_shared/edge-auth`;
    const from = fileURLToPath(new URL("shared", ROOT));
    await Deno.mkdir(copy.replace(/\/[^/]+$/, ""), { recursive: true });
    assertEquals((await run("cp", { args: ["-R", from, copy] })).code, 0);
    await write(folder, KEY_CONFIG, `project_id = "a"\n[functions.me]\nverify_jwt = false\n`);
    await write(
      folder,
      "supabase/functions/me/index.ts",
      `import { edgeFunction } from "../_shared/edge-auth/mod.ts";
const app = edgeFunction("me");
app.on(["GET", "POST"], "/", (c) => c.json({ id: c.var.auth.user.id }));
export default { fetch: app.fetch };
`,
    );
    assertEquals((await read(folder)).filter((one) => one.severity !== "info"), []);
  }));

Deno.test("doctor exits with 1 on a warning when --fail-on says so", () =>
  inFolder(async (folder) => {
    await write(folder, "a.ts", `localStorage.removeItem("supabase.auth.token"); createClient();`);
    assertEquals((await doctor([folder])).code, 0);
    assertEquals((await doctor(["--fail-on", "warning", folder])).code, 1);
  }));

Deno.test("doctor exits with 0 until something new is found when there is a baseline", () =>
  inFolder(async (folder) => {
    await write(folder, KEY_CONFIG, "[auth]\njwt_expiry = 60\n");
    assertEquals((await doctor([folder])).code, 1);
    assertEquals((await doctor(["--write-baseline", folder])).code, 0);
    assertEquals((await doctor([folder])).code, 0);
    await write(folder, KEY_CONFIG, "# one more line\n[auth]\njwt_expiry = 60\n");
    assertEquals((await doctor([folder])).code, 0);
    await write(folder, ".env", `VITE_KEY=${SECRET}\n`);
    const { code, stdout, text } = await doctor(["--json", folder]);
    assertEquals(text.slice(stdout.length), `Reading ${folder}\n`);
    const { findings, read } = JSON.parse(stdout);
    assertEquals([code, findings.length, read.known], [1, 1, 1]);
    const nowhere = ["--write-baseline", "--baseline", `${folder}/none/known.json`, folder];
    assertEquals((await doctor(nowhere)).code, 2);
  }));

Deno.test("doctor leaves a finding out when a comment says why, and asks for the reason when not", () =>
  inFolder(async (folder) => {
    const ignore = (because: string) =>
      write(
        folder,
        KEY_CONFIG,
        `[auth]\n# edge-auth: ignore jwt-expiry${because}\njwt_expiry = 60\n`,
      );
    await ignore(", because this stack tests refreshes");
    assertEquals(await read(folder), []);
    await ignore("");
    assertEquals((await read(folder)).map(({ id, line }) => [id, line]), [
      ["jwt-expiry", 3],
      ["ignore-without-reason", 2],
    ]);
  }));

Deno.test("doctor prints SARIF with paths from where it was started when it is asked to", () =>
  inFolder(async (folder) => {
    await write(folder, `apps/web/${KEY_CONFIG}`, "[auth]\njwt_expiry = 60\n");
    const { code, stdout } = await doctor(["--sarif", "apps/web"], {}, folder);
    const { runs: [{ results: [one] }] } = JSON.parse(stdout);
    assertEquals([code, one.ruleId], [1, "jwt-expiry"]);
    const { uri } = one.locations[0].physicalLocation.artifactLocation;
    assertEquals(uri, `apps/web/${KEY_CONFIG}`);
  }));

Deno.test("doctor --explain prints the paragraph of a finding, and 2 when there is none", async () => {
  const { code, text } = await doctor(["--explain", "listener-deadlock"]);
  assertEquals(code, 0);
  assertMatch(text, /^listener-deadlock\n/);
  assertMatch(text, /Fix:/);
  const none = await doctor(["--explain", "no-such-finding"]);
  assertEquals(none.code, 2);
  assertMatch(none.text, /^ {2}listener-deadlock$/m);
});

Deno.test("doctor reads files with a byte order mark and in UTF-16", () =>
  inFolder(async (folder) => {
    const mark = (text: string) => new TextEncoder().encode(`\uFEFF${text}`);
    const utf16 = (text: string) =>
      new Uint8Array(new Uint16Array([..."\uFEFF" + text].map((one) => one.charCodeAt(0))).buffer);
    await write(
      folder,
      KEY_CONFIG,
      mark("[functions.f]\nverify_jwt = false\n[auth]\njwt_expiry = 60\n"),
    );
    await write(folder, "package.json", mark(`{ "dependencies": { "@supabase/ssr": "patched" } }`));
    await write(
      folder,
      "supabase/functions/f/index.ts",
      utf16(`\nawait createClient("u", "k").auth.getSession();`),
    );
    assertEquals(
      (await read(folder)).filter((one) => one.severity === "error").map(({ id }) => id),
      [
        "ssr-patched-tag",
        "jwt-expiry",
        "get-session-on-server",
      ],
    );
  }));

Deno.test("doctor follows links within the folder, and looks at nothing twice", () =>
  inFolder(async (folder) => {
    const made =
      `export const admin = createClient("u", Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);`;
    await write(folder, "lib/admin.ts", made);
    await write(folder, KEY_CONFIG, "[functions.f]\nverify_jwt = false\n");
    await write(
      folder,
      "supabase/functions/f/index.ts",
      `import { admin } from "../_shared/admin.ts";\nDeno.serve(async () => Response.json(await admin.from("a").select()));`,
    );
    await Deno.symlink(`${folder}/lib`, `${folder}/supabase/functions/_shared`);
    await Deno.symlink(folder, `${folder}/lib/loop`);
    await Deno.symlink("nowhere", `${folder}/lib/broken.ts`);
    assertEquals((await read(folder)).map(({ id }) => id), ["function-open-service"]);
  }));

Deno.test("doctor reads the workflows of .github, and none of the source that lies there", () =>
  inFolder(async (folder) => {
    const open =
      `import { createClient } from "npm:@supabase/supabase-js@2";\nconst admin = createClient("u", Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);\nDeno.serve(async (req) => Response.json(await admin.from("a").insert(await req.json())));`;
    await write(folder, "supabase/functions/f/index.ts", open);
    await write(
      folder,
      ".github/workflows/deploy.yaml",
      "jobs:\n  a:\n    steps:\n      - run: supabase functions deploy f --no-verify-jwt\n",
    );
    await write(
      folder,
      ".github/scripts/a.ts",
      `import { createClient } from "@supabase/supabase-js"; load().catch(() => createClient("u", "k").auth.signOut());`,
    );
    const [found, ...others] = await read(folder);
    assertEquals(others, []);
    assertMatch(found!.message, /\.github\/workflows\/deploy\.yaml:4 deploys it/);
  }));

Deno.test("doctor reads a large lock file whole, and names the source that is too large to read", () =>
  inFolder(async (folder) => {
    const filler = JSON.stringify("x".repeat(1_000_000));
    await write(
      folder,
      "package-lock.json",
      `{ "a": ${filler}, "node_modules/@supabase/ssr": {\n  "version": "0.3.0" }, "b": ${filler} }`,
    );
    await write(folder, "package.json", `{ "dependencies": { "@supabase/ssr": ">=0.1.0" } }`);
    await write(folder, "bundle.js", `supabase.auth.getSession(${filler});`);
    const { findings, read: summary } = await runCommand({ kind: "folder", folder }, {
      env: {},
      readToken: () => Promise.resolve(undefined),
    });
    assertEquals(findings.map(({ id }) => id), ["ssr-old"]);
    assertEquals(summary!.skipped, [{ path: "bundle.js", reason: "It is too large." }]);
  }));
