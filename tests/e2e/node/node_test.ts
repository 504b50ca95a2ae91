// shared/testing on Node's own test runner.
import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { npmTool, run } from "../../support/npm_tool.ts";
import { NODE } from "../../support/versions.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("shared/testing tests a function on Node 22 with node:test", async () => {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-node-" });
  try {
    const script = `${folder}/me.test.mjs`;
    const bundled = await run(Deno.execPath(), {
      args: ["bundle", "--quiet", `--output=${script}`, "tests/e2e/node/me.ts"],
      cwd: ROOT,
    });
    assertEquals(bundled.code, 0, bundled.text);
    const node = await npmTool("node", NODE);
    const args = ["--test", "--test-reporter=tap", script];
    const { code, text } = await run(node, { args, cwd: folder });
    assertEquals(code, 0, text);
    assertMatch(text, /^# pass 3$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
