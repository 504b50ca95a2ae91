// shared/ on Node and its own test runner.
import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { npmTool, run } from "../../support/npm_tool.ts";
import { NODE } from "../../support/versions.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** By file, how many tests it has. */
const FILES = { "me.ts": 3, "env.ts": 1 };

for (const [file, count] of Object.entries(FILES)) {
  Deno.test(`${file} passes on Node 22 with node:test`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "edge-auth-node-" });
    try {
      const script = `${folder}/${file.replace(".ts", ".test.mjs")}`;
      const bundled = await run(Deno.execPath(), {
        args: ["bundle", "--quiet", `--output=${script}`, `tests/e2e/node/${file}`],
        cwd: ROOT,
      });
      assertEquals(bundled.code, 0, bundled.text);
      const node = await npmTool("node", NODE);
      const args = ["--test", "--test-reporter=tap", script];
      const { code, text } = await run(node, { args, cwd: folder });
      assertEquals(code, 0, text);
      assertMatch(text, new RegExp(`^# pass ${count}$`, "m"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
