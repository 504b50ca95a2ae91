import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** Runs a module in a process of its own: what is loaded is for the life of a process. */
async function run(code: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code.replaceAll("../../", ROOT.href));
    const config = fileURLToPath(new URL("deno.json", ROOT));
    const args = ["run", "--allow-all", "--no-check", "--config", config, file];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

const touch = (imports: string) => `
  ${imports}
  import { createContext } from "../../shared/server/context.ts";
  const project = { url: "http://127.0.0.1:1", apiKey: "key" };
  const caller = { token: "t", backend: { project, fetch } } as never;
  try {
    console.log(typeof createContext(caller).supabase.from);
  } catch (error) {
    console.log((error as Error).message);
  }
`;

Deno.test("context.supabase says what to import when no data client is loaded", async () => {
  const out = await run(touch('import "../../shared/server/edge_function.ts";'));
  assertStringIncludes(out, "no data client is loaded. Import shared/mod.ts");
});

Deno.test("context.supabase is there when mod.ts or data_client.ts is imported", async () => {
  for (const file of ["mod.ts", "server/data_client.ts"]) {
    assertEquals((await run(touch(`import "../../shared/${file}";`))).trim(), "function");
  }
});
