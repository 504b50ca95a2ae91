// How a project is read: layouts, runtimes, versions, env files.
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { readEnvFile } from "../../../supabase/doctor/project/env_file.ts";
import { lockedVersions } from "../../../supabase/doctor/project/locks.ts";
import { lineOf, readSourceFile } from "../../../supabase/doctor/project/source_file.ts";
import { readRange } from "../../../supabase/doctor/project/versions.ts";
import { readWorkspace } from "../../../supabase/doctor/project/workspace.ts";
import { examine } from "../../../supabase/doctor/registry.ts";
import type { Node } from "../../../supabase/doctor/source/node.ts";
import { CLIENT, config, diagnosis, edge, type Files, findings, workspace } from "./_project.ts";

Deno.test("readWorkspace() finds functions of both layouts, and what config.toml names", () => {
  const { projects: [project] } = workspace({
    ...config(`[functions.c]\nentrypoint = "../other/c.ts"\n[functions.d]\nverify_jwt = false`),
    "supabase/functions/a/index.ts": "export {};",
    "supabase/functions/_shared/index.ts": "export {};",
    "functions/b/index.js": "export {};",
    "functions/b/deep/index.ts": "export {};",
    "other/c.ts": "export {};",
  });
  assertEquals(project!.functions.map(({ name, entry }) => [name, entry]), [
    ["a", "supabase/functions/a/index.ts"],
    ["b", "functions/b/index.js"],
    ["c", "other/c.ts"],
  ]);
});

Deno.test("readWorkspace() takes functions/ for another platform's when there is no config.toml", () => {
  assertEquals(workspace({ "functions/a/index.js": "" }).projects, []);
});

Deno.test("readWorkspace() tells where a file runs by what it says itself", () => {
  const sources = {
    "supabase/functions/f/a.ts": ["window.a;", "function"],
    "app/api/route.ts": ["export {};", "server"],
    "a.ts": [`"use client"; export {};`, "browser"],
    "b.ts": [`import "server-only";`, "server"],
    "c.ts": [`import { createServerClient } from "@supabase/ssr";`, "server"],
    "d.ts": [`import { createBrowserClient } from "@supabase/ssr";`, "browser"],
    "e.ts": ["if (typeof window !== 'undefined') window.a;", "unknown"],
    "f.ts": ["const window = 1; window.a;", "unknown"],
    "g.ts": ["Deno.serve(f);", "server"],
    "h.ts": ["// window.a\nexport {};", "unknown"],
    "i.svelte": [
      `<script lang="ts" generics="T extends Map<string, number>">document.title = '';</script>`,
      "browser",
    ],
  };
  const { sources: files } = workspace(
    Object.fromEntries(Object.entries(sources).map(([path, [text]]) => [path, text!])),
  );
  for (const [path, [, runtime]] of Object.entries(sources)) {
    assertEquals(files.get(path)?.runtime, runtime, path);
  }
});

Deno.test("readRange() reads what npm writes", () => {
  const below = (range: string) => readRange(range)?.below?.join(".");
  assertEquals(below("2"), "3.0.0");
  assertEquals(below("2.38"), "2.39.0");
  assertEquals(below("v2.38.1"), "2.38.2");
  assertEquals(below("~2.38.1"), "2.39.0");
  assertEquals(below("^0.0.9"), "0.0.10");
  assertEquals(below("^0.1.2"), "0.2.0");
  assertEquals(below("2.38.1-rc.2"), "2.38.2");
  assertEquals(readRange(">=2.1.0"), { lowest: [2, 1, 0], below: null });
  for (const range of ["", "*", "latest", "workspace:*", "1 || 2", ">=1 <2", "github:a/b"]) {
    assertEquals(readRange(range), undefined, range);
  }
});

Deno.test("lockedVersions() reads the lock files of npm, pnpm, yarn, bun and Deno", () => {
  const name = "@supabase/ssr";
  const locks = [
    `"node_modules/@supabase/ssr": {\n  "version": "0.1.0",`,
    `  '@supabase/ssr@0.1.0':\n    resolution: {}`,
    `  /@supabase/ssr@0.1.0(@supabase/supabase-js@2.1.0):`,
    `"@supabase/ssr@^0.1.0":\n  version "0.1.0"`,
    `"@supabase/ssr@npm:^0.1.0":\n  version: 0.1.0`,
    `"@supabase/ssr": ["@supabase/ssr@0.1.0", "", {}]`.replace(`", ""`, `"`),
    `"@supabase/ssr@0.1.0_@supabase+supabase-js@2.1.0": {`,
  ];
  for (const lock of locks) assertEquals(lockedVersions(lock, name), ["0.1.0"], lock);
  assertEquals(lockedVersions(`"@supabase/ssr-extra@0.1.0"`, name), []);
});

Deno.test("Locks read the versions of Supabase's packages, whatever ends the lines", () => {
  const lock = (end: string) =>
    [
      `"dependencies": { "@supabase/ssr": "^0.1.0",`,
      `"@supabase/supabase-js": "^2.0.0" },`,
      `"node_modules/@supabase/ssr": {`,
      `  "version": "0.1.0",`,
      `  "resolved": "@supabase/ssr.tgz",`,
      `"node_modules/@supabase/supabase-js": {`,
      `  "version": "2.1.0"`,
    ].join(end);
  for (const end of ["\n", "\r\n"]) {
    const { locks } = workspace({ "package-lock.json": lock(end), "deno.lock": "" });
    const versions = (name: string) => locks.versions({ file: "a/b.ts", source: "npm", name });
    assertEquals(versions("@supabase/ssr"), ["0.1.0"]);
    assertEquals(versions("@supabase/supabase-js"), ["2.1.0"]);
    assertEquals(locks.versions({ file: "a.ts", source: "url", name: "@supabase/ssr" }), []);
  }
});

Deno.test("readEnvFile() reads quotes that span lines and keeps the line numbers", () => {
  const { variables } = readEnvFile(".env", `A="x\ny"\n\nexport B = z # c\nnot a line\nC=`);
  assertEquals(variables.map(({ name, value, line }) => [name, value, line]), [
    ["A", "x\ny", 1],
    ["B", "z", 4],
    ["C", "", 6],
  ]);
});

Deno.test("findings tell severity, place, reason, fix and paragraph, the gravest first", () => {
  const found = findings(config(
    "[auth]\njwt_expiry = 60\nrefresh_token_reuse_interval = 0\n" +
      `site_url = "http://localhost:1"\nadditional_redirect_urls = ["http://localhost:2"]`,
  ));
  assertEquals(found.map((one) => one.severity), ["error", "warning", "info"]);
  for (const { id, file, line, message, why, fix, docs } of found) {
    assertEquals(file, "supabase/config.toml");
    assert(line! > 1 && message && why && fix);
    assertEquals(docs, `doctor --explain ${id}`);
  }
});

Deno.test("readWorkspace() finds nothing wrong in a small good project", () => {
  const files = {
    ...config(
      `project_id = "a"\n[auth]\nsite_url = "http://127.0.0.1:3000"\n[functions.f]\nverify_jwt = false`,
    ),
    ".env.local": "NEXT_PUBLIC_SUPABASE_URL=http://127.0.0.1:54321\n",
    "package.json":
      `{ "dependencies": { "@supabase/supabase-js": "^2.119.1", "@supabase/ssr": "^0.12.7" } }`,
    "supabase/functions/f/index.ts":
      `import { createClient, isAuthRetryableFetchError } from "npm:@supabase/supabase-js@2";
const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};
Deno.serve(async (req) => {
  if (req.method === "OPTIONS") return new Response("ok", { headers: cors });
  const token = req.headers.get("Authorization")?.replace(/^Bearer /i, "") ?? "";
  const supabase = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_ANON_KEY")!);
  const { data, error } = await supabase.auth.getUser(token);
  if (error) {
    const status = isAuthRetryableFetchError(error) ? 503 : 401;
    return Response.json({ code: error.code }, { status, headers: cors });
  }
  return Response.json({ id: data.user.id }, { headers: cors });
});`,
    "lib/server.ts":
      `import { createServerClient } from "@supabase/ssr"; import { cookies } from "next/headers";
export const client = async () => { const store = await cookies(); return createServerClient(
  process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY!,
  { cookies: { getAll: () => store.getAll(), setAll: (all) => all.forEach((c) => store.set(c)) } }); };
export const user = async () => (await (await client()).auth.getUser()).data.user;`,
    "app/page.tsx":
      `"use client"; export default () => <a onClick={() => supabase.auth.signOut({ scope: "local" })}/>;`,
  };
  assertEquals(findings(files).map(({ id, message }) => [id, message]), []);
});

Deno.test("readWorkspace() takes every folder supabase/ for a project of its own", () => {
  const { findings, functions } = diagnosis({
    "supabase/config.toml": "[functions.f]\nverify_jwt = false",
    "supabase/functions/f/index.ts": "Deno.serve(() => new Response());",
    "apps/shop/supabase/config.toml": "[auth]\njwt_expiry = 60",
    "apps/shop/supabase/functions/f/index.ts": "Deno.serve(() => new Response());",
    "packages/api/supabase/functions/g/index.ts": "Deno.serve(() => new Response());",
  });
  assertEquals(functions.map((one) => [one.project, one.name, one.verify_jwt, one.check]), [
    ["apps/shop/supabase", "f", "default", "none"],
    ["packages/api/supabase", "g", "default", "none"],
    ["supabase", "f", "off", "none"],
  ]);
  assertEquals(
    findings.filter((one) => one.severity === "error").map(({ file, line }) => `${file}:${line}`),
    ["apps/shop/supabase/config.toml:2"],
  );
});

Deno.test("examine() reads the other files when one cannot be read", () => {
  const files: Record<string, string> = {
    "src/a.ts": `localStorage.getItem("supabase.auth.token"); createClient();`,
    "src/b.ts": "createClient(",
    "src/c.ts": `createClient(); const deep = ${"[".repeat(2_000)}${"]".repeat(2_000)};`,
    "src/d.ts": "",
  };
  const gone = new Error("it was deleted meanwhile");
  const { findings } = examine(readWorkspace({
    paths: Object.keys(files),
    read: (path) => {
      if (path === "src/d.ts") throw gone;
      return files[path]!;
    },
  }));
  assertEquals(findings.map(({ id, file }) => [id, file]), [
    ["legacy-storage-key", "src/a.ts"],
    ["unreadable", "src/b.ts"],
    ["unreadable", "src/c.ts"],
    ["unreadable", "src/d.ts"],
  ]);
});

Deno.test("examine() says nothing of a copy of edge-auth, and finds a function that mounts it", () => {
  const folder = "supabase/functions/_shared/edge-auth";
  const { findings, functions } = diagnosis({
    ...config("[functions.f]\nverify_jwt = false"),
    [`${folder}/mod.ts`]: `export { edgeFunction } from "./server/edge_function.ts";`,
    [`${folder}/server/edge_function.ts`]: "export const edgeFunction = () => {};",
    [`${folder}/browser/session.ts`]: `export const f = (supabase) => supabase.auth.getSession();`,
    "supabase/functions/f/index.ts":
      `import { edgeFunction } from "../_shared/edge-auth/mod.ts";\nexport default edgeFunction("f");`,
  });
  assertEquals(findings, []);
  assertEquals(functions.map(({ check, by }) => [check, by]), [["asks_auth", "edge-auth"]]);
});

Deno.test("examine() follows every form of import to the check of a function's caller", () => {
  const asks = `export const asks = (t: string) => supabase.auth.getUser(t);\n` +
    `export default async (r: Request) => Response.json(await asks(r.headers.get("a")!));`;
  const follow = (imported: string, files: Files = {}) =>
    diagnosis({
      ...config("[functions.f]\nverify_jwt = false\n"),
      ...edge(`${imported}\nDeno.serve(async (r) => Response.json(await used(r)));`),
      "supabase/functions/_shared/asks.ts": CLIENT + asks,
      ...files,
    }).functions[0]?.check;
  const from = "../_shared/asks.ts";
  assertEquals(follow(`import { asks as used } from "${from}";`), "asks_auth");
  assertEquals(follow(`import used from "${from}";`), "asks_auth");
  assertEquals(follow(`import * as all from "${from}"; const used = all.asks;`), "asks_auth");
  assertEquals(follow(`import * as used from "${from}";`), "asks_auth");
  assertEquals(follow(`const { asks: used } = await import("${from}");`), "asks_auth");
  assertEquals(follow(`import { type asks as used } from "${from}";`), "none");
  assertEquals(follow(`const used = String;`), "none");
  for (const star of [`export * from "./asks.ts";`, `export { asks } from "./asks.ts";`]) {
    const files = { "supabase/functions/_shared/mod.ts": star };
    assertEquals(follow(`import { asks as used } from "../_shared/mod.ts";`, files), "asks_auth");
  }
  const handed = `import { asks } from "./asks.ts";\nexport { asks };`;
  assertEquals(
    follow(`import { asks as used } from "../_shared/mod.ts";`, {
      "supabase/functions/_shared/mod.ts": handed,
    }),
    "asks_auth",
  );
  const served = `Deno.serve(async (r) => Response.json(await supabase.auth.getUser(r.url)));`;
  assertEquals(
    follow(`import "../_shared/serve.ts"; const used = String;`, {
      "supabase/functions/_shared/serve.ts": CLIENT + served,
    }),
    "asks_auth",
  );
  assertEquals(
    follow(`import { asks as used } from "@/asks";`, { "src/asks.ts": CLIENT + asks }),
    "asks_auth",
  );
});

Deno.test("Sources keep what imports lead to within a bound, and a file that is looked at once not", () => {
  const files: Files = Object.fromEntries(
    ["a", "b", "c"].map((
      name,
    ) => [`${name}.ts`, `export const ${name} = "${"x".repeat(80_000)}";`]),
  );
  const { sources } = workspace(files);
  const [a, b] = [sources.get("a.ts"), sources.open("b.ts")];
  assertStrictEquals(sources.get("a.ts"), a);
  assertStrictEquals(sources.get("b.ts"), b); // what is looked at is found by imports
  sources.open("c.ts");
  assertNotStrictEquals(sources.get("b.ts"), b);
  assertNotStrictEquals(sources.get("a.ts"), a); // b.ts took its place
  assertEquals(sources.get("none.ts"), undefined);
});

Deno.test("lineOf() counts lines as editors do", () => {
  const text = "/* 1\n2\r\n3 */ a;\r\n\n`5\n6`; b;\u2028c;";
  const { program } = readSourceFile("a.js", text);
  assertEquals((program.body as Node[]).map(lineOf), [3, 5, 6, 7]);
});
