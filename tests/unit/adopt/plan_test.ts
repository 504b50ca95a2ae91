import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readJson, readToml } from "../../../supabase/adopt/edit_text.ts";
import { ProjectError } from "../../../supabase/local/project.ts";
import type { Library } from "../../../supabase/adopt/library.ts";
import { isCurrent, type Plan, planAdoption, planBrowser } from "../../../supabase/adopt/plan.ts";
import { describePlan, describeState, diffPlan } from "../../../supabase/adopt/report.ts";

type Files = Readonly<Record<string, string>>;

const CONFIG = "supabase/config.toml";
const COPY = "supabase/functions/_shared/edge-auth";
const IMPORTS = { hono: "npm:hono@4.13.19", "hono/": "npm:/hono@4.13.19/", zod: "npm:zod@4.6.7" };
const WEBHOOKS = { standardwebhooks: "npm:standardwebhooks@1.1.1" };
const GUARDED = 'import { edgeFunction } from "../_shared/edge-auth/mod.ts";';

const library: Library = {
  version: "1.0.0",
  files: new Map([["mod.ts", "export {};\n"]]),
  imports: IMPORTS,
  optionalImports: new Map([["server/webhook.ts", WEBHOOKS]]),
  browser: new Map([["browser/mod.ts", "export {};\n"]]),
  firstFunction: { name: "me", files: new Map([["index.ts", `${GUARDED}\n`]]) },
};

const TOOLS = { deno: "2.9.6", supabase: "3.1.0" };

const plan = (files: Files) => planAdoption(new Map(Object.entries(files)), library);

/** The files of a project after a plan was carried out. */
function carryOut(files: Files, { folder, copy, edits }: Plan): Files {
  const copied = [...copy.writes].map(([path, text]) => [`${folder}/${path}`, text ?? ""]);
  const edited = edits.map(({ path, after }) => [path, after]);
  return { ...files, ...Object.fromEntries(copied), ...Object.fromEntries(edited) };
}

/** Plans, and holds that a second time there is nothing to do. */
function adopt(files: Files): { plan: Plan; after: Files } {
  const first = plan(files);
  const after = carryOut(files, first);
  const again = plan(after);
  assertEquals([again.edits, again.copy.writes.size], [[], 0]);
  assertEquals(again.notDone, first.notDone);
  return { plan: first, after };
}

const importsOf = (text: string | undefined) =>
  (readJson(text ?? "") as { imports: Record<string, string> }).imports;

function functionsOf(text: string | undefined): Record<string, Record<string, unknown>> {
  return (readToml(text ?? "") as { functions: Record<string, Record<string, unknown>> }).functions;
}

Deno.test("planAdoption() gives a project without functions a first one", () => {
  const { plan, after } = adopt({ [CONFIG]: 'project_id = "p"\n' });
  assertEquals(plan.notDone, []);
  assertEquals(functionsOf(after[CONFIG]), { me: { verify_jwt: false } });
  assertEquals(importsOf(after["supabase/functions/me/deno.json"]), IMPORTS);
  assert(`${COPY}/mod.ts` in after && "supabase/functions/me/index.ts" in after);
});

Deno.test("planAdoption() follows a function's imports to edge-auth", () => {
  const index = "supabase/functions/a/index.ts";
  const guards: Files[] = [
    { [index]: GUARDED },
    { [index]: 'import { app } from "./app.ts";', "supabase/functions/a/app.ts": GUARDED },
    { [index]: 'export * from "../_shared/edge-auth/mod.ts";' },
    { [index]: 'const { auth } = await import("../_shared/edge-auth/mod.ts");' },
    {
      [index]: 'import { auth } from "edge-auth/mod.ts";',
      "supabase/functions/a/deno.json": '{ "imports": { "edge-auth/": "../_shared/edge-auth/" } }',
    },
  ];
  for (const files of guards) {
    const { after } = adopt({ ...files, [CONFIG]: "" });
    assertEquals(functionsOf(after[CONFIG]), { a: { verify_jwt: false } }, JSON.stringify(files));
    assertEquals(importsOf(after["supabase/functions/a/deno.json"]).hono, IMPORTS.hono);
    assert(!("supabase/functions/me/index.ts" in after));
  }
});

Deno.test("planAdoption() adds the package of webhook() to the functions that import it, and to no other", () => {
  const at = (name: string, file: string) => `supabase/functions/${name}/${file}`;
  const webhooks = 'import { webhook } from "../_shared/edge-auth/server/webhook.ts";';
  const { after } = adopt({
    [CONFIG]: "",
    [at("plain", "index.ts")]: GUARDED,
    [at("hooks", "index.ts")]: `${GUARDED}\nimport "./routes.ts";`,
    [at("hooks", "routes.ts")]: webhooks,
    [at("own-app", "index.ts")]: webhooks,
  });
  for (const name of ["hooks", "own-app"]) {
    assertEquals(importsOf(after[at(name, "deno.json")]), { ...IMPORTS, ...WEBHOOKS }, name);
  }
  assertEquals(importsOf(after[at("plain", "deno.json")]), IMPORTS);
  // The gateway would refuse a sender that has no token.
  for (const settings of Object.values(functionsOf(after[CONFIG]))) {
    assertEquals(settings, { verify_jwt: false });
  }
});

Deno.test("planAdoption() leaves the gateway's check on for a function that edge-auth does not guard", () => {
  for (
    const text of [
      'import { body } from "../_shared/edge-auth/mod.ts";',
      'import { type edgeFunction } from "../_shared/edge-auth/mod.ts";',
      'import type { auth } from "../_shared/edge-auth/mod.ts";',
    ]
  ) {
    const { plan, after } = adopt({ [CONFIG]: "", "supabase/functions/a/index.ts": text });
    assertEquals(after[CONFIG], "");
    assertMatch(
      plan.notDone.join(),
      /a imports edge-auth without edgeFunction\(\), auth\(\) or webhook\(\)/,
    );
  }
});

Deno.test("planAdoption() changes only the functions that use edge-auth", () => {
  const files = {
    [CONFIG]: "[functions.b]\nverify_jwt = true\n",
    "supabase/functions/a/index.ts": GUARDED,
    "supabase/functions/b/index.ts": 'Deno.serve(() => new Response("b"));',
    "supabase/functions/b/deno.json": "{}",
    "supabase/functions/_shared/helper.ts": "export {};",
  };
  const { plan, after } = adopt(files);
  assertEquals(plan.notDone, []);
  assertEquals(functionsOf(after[CONFIG])!.b, { verify_jwt: true });
  assertEquals(after["supabase/functions/b/deno.json"], "{}");
});

Deno.test("planAdoption() adds the imports to the map that the CLI would take", () => {
  const a = { "supabase/functions/a/index.ts": GUARDED };
  const shared = { "supabase/functions/import_map.json": "{}" };
  const cases: [Files, string][] = [
    [{}, "supabase/functions/a/deno.json"],
    [shared, "supabase/functions/import_map.json"],
    [{ ...shared, "supabase/functions/a/deno.json": "{}" }, "supabase/functions/a/deno.json"],
    [{ "supabase/functions/a/deno.jsonc": "{}" }, "supabase/functions/a/deno.jsonc"],
    [
      { [CONFIG]: '[functions.a]\nimport_map = "./maps/a.json"\n', "supabase/maps/a.json": "{}" },
      "supabase/maps/a.json",
    ],
    [
      {
        "supabase/functions/a/deno.json": '{ "importMap": "../map.json" }',
        "supabase/functions/map.json": "{}",
      },
      "supabase/functions/map.json",
    ],
  ];
  for (const [files, path] of cases) {
    const { plan, after } = adopt({ [CONFIG]: "", ...a, ...files });
    assertEquals(plan.notDone, []);
    assertEquals(importsOf(after[path]), IMPORTS, path);
  }
});

Deno.test("planAdoption() works in the layout with functions beside supabase", () => {
  const files = {
    [CONFIG]: '[functions.a]\nentrypoint = "../functions/a/index.ts"\n' +
      'import_map = "../import_map.json"\nverify_jwt = true\n',
    "import_map.json": "{}",
    "functions/a/index.ts": "export {};",
  };
  const { plan, after } = adopt(files);
  assertEquals(plan.notDone, []);
  assertEquals(functionsOf(after[CONFIG])!.me, {
    verify_jwt: false,
    entrypoint: "../functions/me/index.ts",
    import_map: "../import_map.json",
  });
  assertEquals(importsOf(after["import_map.json"]), IMPORTS);
  assert("functions/_shared/edge-auth/mod.ts" in after);
});

Deno.test("planAdoption() finds a function by the entrypoint that config.toml names", () => {
  const { after } = adopt({
    [CONFIG]: '[functions.api]\nentrypoint = "./functions/api/main.ts"\n',
    "supabase/functions/api/main.ts": GUARDED,
  });
  assertEquals(functionsOf(after[CONFIG])!.api, {
    entrypoint: "./functions/api/main.ts",
    verify_jwt: false,
  });
  assertEquals(importsOf(after["supabase/functions/api/deno.json"]), IMPORTS);
});

Deno.test("planAdoption() names the entrypoint of a function without index.ts, which the CLI does not find", () => {
  for (const file of ["index.tsx", "index.js", "index.mjs"]) {
    const { plan, after } = adopt({ [CONFIG]: "", [`supabase/functions/a/${file}`]: GUARDED });
    const entrypoint = `./functions/a/${file}`;
    assertEquals(functionsOf(after[CONFIG]), { a: { verify_jwt: false, entrypoint } });
    assertEquals(plan.notDone, []);
  }
  const { plan } = adopt({
    [CONFIG]: "[functions.a]\nverify_jwt = false\n",
    "supabase/functions/a/index.tsx": GUARDED,
  });
  assertMatch(
    plan.notDone.join(),
    /entrypoint = "\.\/functions\/a\/index\.tsx" below \[functions\.a\]/,
  );
});

Deno.test("planAdoption() names functions beside supabase that config.toml does not name", () => {
  const { plan, after } = adopt({
    [CONFIG]: "",
    "functions/a/index.ts": "Deno.serve(() => new Response());",
    "functions/node/index.js": 'exports.handler = () => require("http");',
  });
  assertMatch(
    plan.notDone.join(),
    /functions\/ beside supabase\/ has a, which the CLI does not find/,
  );
  assert("supabase/functions/me/index.ts" in after);
});

Deno.test("planBrowser() copies the browser part, once, and says which package is missing", () => {
  const first = planBrowser("app/src/edge-auth", new Map(), '{ "dependencies": {} }', library);
  assertEquals([...first.copy.writes.keys()], ["browser/mod.ts", ".edge-auth.json"]);
  assertMatch(first.notDone.join(), /npm install @supabase\/supabase-js/);
  const existing = new Map(first.copy.writes) as Map<string, string>;
  const json = '{ "dependencies": { "@supabase/supabase-js": "^2" } }';
  const again = planBrowser("app/src/edge-auth", existing, json, library);
  assertEquals([isCurrent(again), again.notDone], [true, []]);
  const changed = new Map([...existing, ["browser/mod.ts", "export const own = 1;\n"]]);
  const kept = planBrowser("app/src/edge-auth", changed, undefined, library);
  assertEquals([kept.copy.changedByHand, kept.notDone], [["browser/mod.ts"], []]);
});

Deno.test("planAdoption() leaves a folder functions alone that config.toml does not lead to", () => {
  const { plan, after } = adopt({ [CONFIG]: "", "functions/webhook/index.ts": "export {};" });
  assertEquals(plan.folder, COPY);
  assert("supabase/functions/me/index.ts" in after);
});

Deno.test("planAdoption() keeps a project's own version of a package, and gives no second one", () => {
  const map = "supabase/functions/a/deno.json";
  const files = {
    [CONFIG]: "",
    "supabase/functions/a/index.ts": GUARDED,
    [map]: '{ "imports": { "hono": "npm:hono@^4.0.0" } }',
  };
  const { plan, after } = adopt(files);
  assertEquals(importsOf(after[map]), {
    ...IMPORTS,
    hono: "npm:hono@^4.0.0",
    "hono/": "npm:/hono@^4.0.0/",
  });
  assertMatch(plan.notDone[0] ?? "", /has "hono": "npm:hono@\^4\.0\.0", which was left as it is/);
});

Deno.test("planAdoption() says what it did not do, and what to do instead", () => {
  const a = { "supabase/functions/a/index.ts": GUARDED };
  const cases: [Files, RegExp][] = [
    [{ ...a, [CONFIG]: "[functions.a]\nverify_jwt = true\n" }, /verify_jwt = true for a, .* left/],
    [
      {
        ...a,
        [CONFIG]:
          "[functions.a]\nverify_jwt = false\n[remotes.live.functions.a]\nverify_jwt = true\n",
      },
      /\[remotes\.live\.functions\.a\]/,
    ],
    [{ ...a, [CONFIG]: "[functions]\na = { enabled = true }\n" }, /not a table of its own/],
    [{ ...a, [CONFIG]: "[" }, /it is not TOML/],
    [
      { ...a, [CONFIG]: '[functions.a]\nimport_map = "../lost.json"\n' },
      /lost\.json.*is not in this folder/,
    ],
    [{ ...a, [CONFIG]: "", "supabase/functions/a/deno.json": "[" }, /it is not a JSON object/],
    [{ [CONFIG]: "", "supabase/functions/me/index.ts": "" }, /me is a function of your own/],
  ];
  for (const [files, sentence] of cases) {
    const { plan } = adopt(files);
    assertMatch(plan.notDone.join("\n"), sentence);
    assertMatch(describePlan(plan, "done", TOOLS), sentence);
  }
});

Deno.test("planAdoption() refuses what is no project, with what to do", () => {
  const refuses = (files: Files, sentence: string) =>
    assertThrows(() => plan(files), ProjectError, sentence);
  refuses({}, "supabase init");
  refuses({ "config.toml": "" }, "the folder that holds it");
  refuses({ [CONFIG]: "", "supabase/adopt/main.ts": "" }, "edge-auth itself");
});

Deno.test("describePlan() says how to test the first function, with the project's import map", () => {
  const next = (files: Files) =>
    describePlan(plan(files), "done", TOOLS).match(/ {2}npx --yes deno@.*/)?.[0];
  assertEquals(
    next({ [CONFIG]: "" }),
    "  npx --yes deno@2.9.6 test -A --config supabase/functions/me/deno.json supabase/functions/me",
  );
  const shared = "supabase/functions/import_map.json";
  assertEquals(
    next({ [CONFIG]: "", [shared]: "{}" }),
    `  npx --yes deno@2.9.6 test -A --import-map ${shared} supabase/functions/me`,
  );
  assertEquals(next({ [CONFIG]: "", "supabase/functions/a/index.ts": GUARDED }), undefined);
});

Deno.test("describePlan() names the functions that do not import edge-auth, and the page on moving them", () => {
  const own = { "supabase/functions/a/index.ts": 'Deno.serve(() => new Response("a"));' };
  const says = (files: Files) =>
    describePlan(plan({ [CONFIG]: "", ...files }), "done", TOOLS).split("\n\n").at(-1) ?? "";
  const beside = says(own);
  assertMatch(beside, /do not import edge-auth: a\.\n.*shared\/server\/MIGRATING\.md/);
  assertMatch(beside, /me is an example.*supabase\/functions\/me\nand \[functions\.me\]/);
  const guarded = { ...own, "supabase/functions/b/index.ts": GUARDED };
  assertMatch(says(guarded), /do not import edge-auth: a\.\n.*MIGRATING\.md.*$/);
  assert(!says({}).includes("MIGRATING"));
  // Once the project has the copy, a function without it is a choice.
  const { after } = adopt({ [CONFIG]: "", ...guarded });
  assertMatch(describePlan(plan(after), "done", TOOLS), /Nothing to do\.$/);
});

Deno.test("diffPlan() counts the files of the copy per folder, and shows the project's own in full", () => {
  const inFolders = new Map(["mod.ts", "a/b/one.ts", "a/two.ts"].map((path) => [path, ""]));
  const first = planAdoption(new Map([[CONFIG, ""]]), { ...library, files: inFolders });
  const [counts, ...diffs] = diffPlan(first).split("\n");
  assertEquals(counts, `write ${COPY}: 4 files (2 at the top, 2 in a/)`);
  assert(diffs.includes("+verify_jwt = false") && diffs.includes(`+${GUARDED}`));

  const files = carryOut({ [CONFIG]: "" }, first);
  const next = planAdoption(new Map(Object.entries(files)), library);
  assertEquals(diffPlan(next).split("\n"), [
    `write ${COPY}: 2 files (2 at the top)`,
    `remove ${COPY}: 2 files (2 in a/)`,
  ]);
});

Deno.test("describePlan() tells a folder that it has not written from a copy that was changed", () => {
  const mine = { [CONFIG]: "", [`${COPY}/mod.ts`]: "mine" };
  assertMatch(describePlan(plan(mine), "done", TOOLS), /was there before[^]*Move it away/);
  const { after } = adopt({ [CONFIG]: "" });
  const old = {
    ...after,
    [`${COPY}/mod.ts`]: "mine",
    [`${COPY}/.edge-auth.json`]: JSON.stringify({ version: "0.9.0", files: { "mod.ts": "x" } }),
  };
  assertMatch(
    describePlan(plan(old), "done", TOOLS),
    /changed by hand\.\n {2}mod\.ts\nDelete them/,
  );
});

Deno.test("describeState() tells a current copy from an old and from a changed one", () => {
  const { after } = adopt({ [CONFIG]: "" });
  const state = (files: Files) => describeState(plan(files));
  assertEquals(state(after), `${COPY} is edge-auth 1.0.0.`);
  assert(isCurrent(plan(after)));

  const changed = { ...after, [`${COPY}/mod.ts`]: "mine" };
  assertMatch(state(changed), /changed by hand: mod\.ts\.$/);
  assert(!isCurrent(plan(changed)));

  const stamp = `${COPY}/.edge-auth.json`;
  const old = { ...after, [stamp]: after[stamp]!.replace("1.0.0", "0.9.0") };
  assertMatch(state(old), /is edge-auth 0\.9\.0, not 1\.0\.0/);
  assertMatch(state({ [CONFIG]: "" }), /has no copy that edge-auth has written/);
});
