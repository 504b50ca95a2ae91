import { assertEquals, assertThrows } from "@std/assert";
import { createLibrary } from "../../../supabase/adopt/library.ts";

const repository = {
  version: "1.0.0",
  imports: { hono: "npm:hono@4", "hono/": "npm:/hono@4/", zod: "npm:zod@4", jose: "npm:jose@6" },
  me: new Map([["index.ts", 'import { edgeFunction } from "../../shared/mod.ts";\n']]),
};

Deno.test("createLibrary() copies what functions and their tests use", () => {
  const paths = ["mod.ts", "server/auth.ts", "testing/mod.ts", "LICENSE", "llms.txt"];
  const left = ["browser/mod.ts", "server/RECIPES.md", "README.md", "server/auth_test.ts"];
  const shared = new Map([...paths, ...left].map((path) => [path, ""]));
  assertEquals([...createLibrary({ ...repository, shared }).files.keys()], paths);
});

Deno.test("createLibrary() keeps formatter and linter away from the copy", () => {
  const shared = new Map([["mod.ts", "export {};\n"], ["LICENSE", "MIT\n"]]);
  const { files } = createLibrary({ ...repository, shared });
  assertEquals(
    files.get("mod.ts"),
    "// deno-fmt-ignore-file\n// deno-lint-ignore-file\nexport {};\n",
  );
  assertEquals(files.get("LICENSE"), "MIT\n");
});

Deno.test("createLibrary() takes the import entries of the packages that the copy imports", () => {
  const shared = new Map([
    ["mod.ts", 'export { Hono } from "hono/tiny";\nimport "node:fs";\nimport "./a.ts";'],
    ["browser/mod.ts", 'import "zod";'],
  ]);
  const { imports } = createLibrary({ ...repository, shared });
  assertEquals(imports, { hono: "npm:hono@4", "hono/": "npm:/hono@4/" });
  const unknown = new Map([["mod.ts", 'import "lodash";']]);
  assertThrows(() => createLibrary({ ...repository, shared: unknown }), Error, "lodash");
});

Deno.test("createLibrary() keeps the packages of server/webhook.ts for the functions that import it", () => {
  const shared = new Map([
    ["mod.ts", 'export { Hono } from "hono/tiny";'],
    ["server/webhook.ts", 'import type { Context } from "hono";'],
    ["server/internal/webhook_secret.ts", 'import { Webhook } from "zod/v4";'],
  ]);
  const { imports, optionalImports } = createLibrary({ ...repository, shared });
  assertEquals(imports, { hono: "npm:hono@4", "hono/": "npm:/hono@4/" });
  assertEquals([...optionalImports], [["server/webhook.ts", { zod: "npm:zod@4" }]]);
});

Deno.test("createLibrary() leads the first function to the copy", () => {
  const { firstFunction } = createLibrary({ ...repository, shared: new Map() });
  assertEquals(
    firstFunction.files.get("index.ts"),
    'import { edgeFunction } from "../_shared/edge-auth/mod.ts";\n',
  );
});

Deno.test("createLibrary() gives a browser what it uses, and keeps an app's tools away from it", () => {
  const paths = ["browser/mod.ts", "problems/table.ts", "LICENSE"];
  const left = ["mod.ts", "server/auth.ts", "testing/mod.ts", "browser/README.md", "llms.txt"];
  const shared = new Map([...paths, ...left].map((path) => [path, "export {};\n"]));
  const { browser } = createLibrary({ ...repository, shared });
  assertEquals([...browser.keys()], paths);
  assertEquals(
    browser.get("browser/mod.ts"),
    "/* eslint-disable */\n// deno-fmt-ignore-file\n// deno-lint-ignore-file\nexport {};\n",
  );
});
