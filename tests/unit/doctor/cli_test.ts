// The doctor as people and CI run it: a process, on folders that lie on the disk.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { npmTool, run } from "../../support/npm_tool.ts";
import { ignoredBy, ROOT } from "../../support/project_copy.ts";
import { SUPABASE_CLI } from "../../support/versions.ts";
import { readFolder } from "../../../supabase/doctor/files.ts";
import { runChecks } from "../../../supabase/doctor/finding.ts";
import { readProject } from "../../../supabase/doctor/project/project.ts";
import { projectChecks } from "../../../supabase/doctor/registry.ts";
import { runCommand } from "../../../supabase/doctor/run.ts";
import { legacyKey, SECRET } from "./_project.ts";

const CONFIG = fileURLToPath(new URL("deno.json", ROOT));
const MAIN = new URL("supabase/doctor/main.ts", ROOT).href;

async function doctor(args: string[], env: Record<string, string> = {}) {
  return await run(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, MAIN, ...args],
    env: { NO_COLOR: "1", ...env },
  });
}

/** The same without a process of its own. */
const read = (folder: string) =>
  runCommand({ kind: "folder", folder }, { env: {}, readToken: () => Promise.resolve(undefined) });

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
  const texts = [...await readFolder(fileURLToPath(ROOT))].filter(([path]) => !ignored(path));
  assert(texts.length > 100);
  const found = runChecks(projectChecks, readProject(new Map(texts)));
  assertEquals(found.filter((one) => one.severity !== "info"), []);
});

Deno.test("doctor exits with 1 and shows place, reason and fix when there is an error", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/supabase/functions/f`, { recursive: true });
    await Deno.mkdir(`${folder}/node_modules/x`, { recursive: true });
    await Deno.writeTextFile(`${folder}/node_modules/x/a.ts`, "supabase.auth.signOut();");
    await Deno.writeTextFile(`${folder}/.env`, `VITE_KEY=${SECRET}\n`);
    await Deno.writeTextFile(
      `${folder}/supabase/functions/f/index.ts`,
      "\nawait supabase.auth.getSession();",
    );
    const json = await doctor(["--json", folder]);
    assertEquals(json.code, 1);
    assertEquals(Object.keys(JSON.parse(json.text).findings[0]), [
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
    assertMatch(text, /^ {6}supabase\/doctor\/README\.md#get-session-on-server$/m);
    assert(text.includes("secret-key-in-public-variable") && !text.includes(SECRET));
    assert(!text.includes("sign-out-global"), "it looked into node_modules");
  }));

Deno.test("doctor exits with 2 and a sentence when it cannot be asked that", async () => {
  const { code, text } = await doctor(["no/such/folder"]);
  assertEquals([code, text], [2, "There is no folder no/such/folder.\n"]);
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
