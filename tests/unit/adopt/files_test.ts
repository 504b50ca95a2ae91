import { assertEquals } from "@std/assert";
import { readProject, writePlan } from "../../../supabase/adopt/files.ts";
import type { Plan } from "../../../supabase/adopt/plan.ts";

/** Runs with a folder of these files. */
async function inFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-files-" });
  try {
    for (const [path, content] of Object.entries(files)) {
      const to = `${folder}/${path}`;
      await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(to, content);
      else await Deno.writeFile(to, content);
    }
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readProject() reads functions, configuration and import maps, and nothing else", async () => {
  const wanted = {
    "import_map.json": "{}",
    "supabase/config.toml": '\ufeff[functions.a]\nimport_map = "../config/a.json"\n',
    "supabase/functions/a/index.ts": "",
    "supabase/functions/_shared/edge-auth/.edge-auth.json": "{}",
    "config/a.json": "{}",
  };
  const left = {
    "config/other.json": "{}",
    "src/main.ts": "",
    "supabase/functions/a/photo.png": new Uint8Array([1]),
    "supabase/functions/a/utf16.ts": new Uint8Array([0xff, 0xfe, 0x61, 0x00]),
    "supabase/functions/node_modules/a/index.js": "",
    "supabase/migrations/1.ts": "",
  };
  await inFolder({ ...left, ...wanted }, async (folder) => {
    assertEquals(Object.fromEntries(await readProject(folder)), wanted);
  });
});

Deno.test("readProject() reads behind links, and ends where one leads back", async () => {
  await inFolder({ "lib/shared/a.ts": "a", "supabase/config.toml": "" }, async (folder) => {
    await Deno.symlink(`${folder}/lib`, `${folder}/supabase/functions`);
    await Deno.symlink(`${folder}/lib`, `${folder}/lib/back`);
    await Deno.symlink(`${folder}/nowhere`, `${folder}/lib/nowhere`);
    const paths = [...(await readProject(folder)).keys()].sort();
    assertEquals(paths, ["supabase/config.toml", "supabase/functions/shared/a.ts"]);
  });
});

Deno.test("writePlan() writes, makes and removes files", async () => {
  await inFolder({ "s/copy/old.ts": "old", "s/config.toml": "a" }, async (folder) => {
    const plan: Plan = {
      version: "1.0.0",
      folder: "s/copy",
      copy: {
        installed: null,
        writes: new Map([["deep/new.ts", "new"], ["old.ts", null]]),
        changedByHand: [],
        conflicts: [],
      },
      edits: [{ path: "s/config.toml", before: "a", after: "b" }],
      notDone: [],
      first: null,
      withoutLibrary: [],
    };
    await writePlan(folder, plan);
    assertEquals(await Deno.readTextFile(`${folder}/s/copy/deep/new.ts`), "new");
    assertEquals(await Deno.readTextFile(`${folder}/s/config.toml`), "b");
    const left = await Array.fromAsync(Deno.readDir(`${folder}/s/copy`));
    assertEquals(left.map(({ name }) => name), ["deep"]);
  });
});
