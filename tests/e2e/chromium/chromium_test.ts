import { assertEquals, assertRejects } from "@std/assert";
import { findChromium, HOW_TO_GET } from "./chromium.ts";

/** An environment of these variables. */
function env(values: Record<string, string>): Pick<Deno.Env, "get"> {
  return { get: (name) => values[name] };
}

Deno.test("findChromium() takes what CHROMIUM names, and says so if that is no file", async () => {
  const path = Deno.execPath();
  assertEquals(await findChromium(env({ CHROMIUM: path })), path);
  await assertRejects(() => findChromium(env({ CHROMIUM: "/nowhere" })), Error, HOW_TO_GET);
});

Deno.test("test:browser says how to get a Chromium where there is none", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("run.ts", import.meta.url).pathname],
    env: { CHROMIUM: "/nowhere" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  assertEquals([code, text(stdout)], [1, "0 passed, 1 failed"]);
  assertEquals(text(stderr), `CHROMIUM names no file: /nowhere. ${HOW_TO_GET}`);
});
