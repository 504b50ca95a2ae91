// shared/browser runs in a page: its imports, its globals and its size.
import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { bundle } from "../../../supabase/local/bundle.ts";

const root = new URL("../../../", import.meta.url);

Deno.test("shared/browser/mod.ts imports only shared/problems and uses no global of a server runtime", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "shared/browser/mod.ts"],
    cwd: root,
    stderr: "null",
  }).output();
  assert(success);
  interface Module {
    specifier: string;
    kind: string;
    dependencies?: { specifier: string; code?: unknown }[];
  }
  const { modules }: { modules: Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  const own = modules.filter(({ specifier }) => specifier.startsWith(root.href));
  for (const { specifier, dependencies = [] } of own) {
    const path = specifier.slice(root.href.length);
    assert(
      /^shared\/(?:browser\/|problems\/(?:table|client|problem)\.ts$)/.test(path),
      path,
    );
    const loaded = dependencies.filter(({ code }) => code).map(({ specifier }) => specifier);
    // The only other imports are types of supabase-js, which do not exist at run time.
    const outside = loaded.filter((one) => !one.startsWith("."));
    assertEquals(outside.filter((one) => one !== "@supabase/supabase-js"), [], path);
    assert(!path.endsWith("/react.ts"));
    const text = (await Deno.readTextFile(new URL(specifier)))
      .replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    assert(!/\bDeno\b|\bprocess\b|\bBuffer\b|node:/.test(text), path);
    const value = /^(?:import|export) (?!type\b)[^;]*"@supabase/m.test(text);
    assert(!value, `${path} loads supabase-js`);
  }
  assert(own.length > 14);
});

/** The size in bytes of a module with its imports, minified and gzipped. */
async function sizeOf(source: string): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const entry = `${folder}/entry.ts`;
    await Deno.writeTextFile(entry, source);
    const script = await bundle(new URL(`file://${entry}`));
    return gzipSync(script, { level: 9 }).length;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("problemOf() is at most 1 kB when it is bundled alone, and mod.ts at most 9 kB", async () => {
  const mod = new URL("shared/browser/mod.ts", root).href;
  const alone = await sizeOf(`import { problemOf } from "${mod}"; console.log(problemOf);`);
  assert(alone <= 620, `problemOf: ${alone} bytes`);
  const all = await sizeOf(`export * from "${mod}";`);
  assert(all <= 9000, `${all} bytes`);
});
