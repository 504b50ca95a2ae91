import { assertEquals, assertStringIncludes } from "@std/assert";
import { withPackageHint } from "../../../supabase/local/functions/boot_hint.ts";

const FOLDER = "/my-app/supabase/functions/pay";
const LIBRARY = 'import { edgeFunction } from "../_shared/edge-auth/mod.ts";';

/** What Deno says, without an import map and with one. */
const missing = (name: string, add: string) => [
  `TypeError: Import "${name}" not a dependency\n  hint: If you want to use the package, try ` +
  `running \`deno add ${add}\`\n    at file://${FOLDER}/index.ts:1:20`,
  `TypeError: Import "${name}" not a dependency and not in import map from "file://${FOLDER}/index.ts"` +
  `\n  hint: If you want to use the package, try running \`deno add ${add}\`\n    at file://…`,
];

const pay = (importMap?: string, source = "") => ({
  entry: `${FOLDER}/index.ts`,
  source,
  importMap,
});

Deno.test("withPackageHint() names the place where the function looks for a package", () => {
  const add =
    `run \`npx --yes deno@${Deno.version.deno} add npm:stripe\` in supabase/functions/pay`;
  const shared = "supabase/functions/import_map.json";
  const cases: [importMap: string | undefined, hint: string][] = [
    [`${FOLDER}/deno.json`, add],
    [`${FOLDER}/deno.jsonc`, add],
    [
      undefined,
      `this function has no import map: write {} to supabase/functions/pay/deno.json, then ${add}`,
    ],
    [`/my-app/${shared}`, `add "stripe": "npm:stripe" to the imports of ${shared}`],
    [
      `${FOLDER}/import_map.json`,
      'add "stripe": "npm:stripe" to the imports of supabase/functions/pay/import_map.json',
    ],
  ];
  for (const [importMap, hint] of cases) {
    for (const reason of missing("stripe", "npm:stripe")) {
      const [first, second, ...rest] = withPackageHint(reason, pay(importMap), "/my-app").split(
        "\n",
      );
      assertEquals(first, 'TypeError: Import "stripe" not a dependency');
      assertEquals(second, `  hint: ${hint}`);
      assertEquals(rest.length, 1);
    }
  }
});

Deno.test("withPackageHint() names adopt for the packages of edge-auth in a function that imports it", () => {
  for (const [name, add] of [["hono", "npm:hono"], ["hono/cors", "npm:hono"]] as const) {
    for (const reason of missing(name, add)) {
      const hint = (source: string, project = "/my-app") =>
        withPackageHint(reason, pay(`${FOLDER}/deno.json`, source), project);
      assertStringIncludes(hint(LIBRARY), "task adopt /my-app` again, in the folder of edge-auth");
      assertStringIncludes(hint(LIBRARY, "/my app"), 'task adopt "/my app"` again');
      assertStringIncludes(hint(""), "add npm:hono` in supabase/functions/pay");
    }
  }
});

Deno.test("withPackageHint() changes no other reason", () => {
  for (const reason of ["TypeError: x is not a function", 'Import "x" not a dependency']) {
    assertEquals(withPackageHint(reason, pay(), "/my-app"), reason);
  }
});
