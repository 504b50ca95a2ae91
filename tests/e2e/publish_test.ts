// What `deno publish` would publish.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { run } from "../support/npm_tool.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("deno publish accepts the package: no slow types, no warning, the library only", async () => {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const { code, text } = await run(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } });
  assertEquals(code, 0, text);
  assert(!/^(?:warning|error)/m.test(text), text);
  const paths = [...text.matchAll(/^ +file:\S+?\/((?:shared\/|[\w.]+ ).*?) ?\(/gm)].map((
    [, path],
  ) => path!.trim());
  assert(paths.includes("shared/mod.ts") && paths.includes("LICENSE"), paths.join());
  assertEquals(text.match(/^ +file:\S+\/(?:tests|supabase|functions|\.\w+)\//gm), null);
});

Deno.test("the changelog names the version of deno.json, or what is not released yet", async () => {
  const { version, exports } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  assertMatch(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  assertEquals(Object.keys(exports), [".", "./browser", "./testing", "./webhook"]);
  const changes = await Deno.readTextFile(`${ROOT}/CHANGELOG.md`);
  assert(changes.includes(`## ${version}`) || changes.includes("## Unreleased"));
});
