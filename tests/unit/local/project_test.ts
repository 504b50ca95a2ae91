import { assertEquals, assertRejects } from "@std/assert";
import { DEFAULT_FUNCTION, readConfig } from "../../../supabase/local/config.ts";
import { findFunction, functionNames } from "../../../supabase/local/functions/find.ts";
import { importMapFlags } from "../../../supabase/local/functions/function_process.ts";
import { findProject, ProjectError } from "../../../supabase/local/project.ts";

/** Runs a test in a folder with these files, whose path has a space. */
async function inFolder(
  files: Readonly<Record<string, string>>,
  run: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "edge auth " }));
  try {
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(`${root}/${path.replace(/\/?[^/]*$/, "")}`, { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, content);
    }
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("findProject() takes the folder that holds supabase/, and supabase/ itself", () =>
  inFolder({ "apps/web/supabase/config.toml": "" }, async (root) => {
    for (const given of ["apps/web", "apps/web/", "./apps/web/supabase", `${root}/apps/web`]) {
      assertEquals(await findProject(given, root), `${root}/apps/web`, given);
    }
  }));

Deno.test("findProject() says what is wrong with any other folder, and names the projects in it", () =>
  inFolder({ "apps/web/supabase/config.toml": "", "docs/a.md": "" }, async (root) => {
    const fails = (given: string, message: string) =>
      assertRejects(() => findProject(given, root), ProjectError, message);
    await fails("nowhere", `There is no folder ${root}/nowhere.`);
    await fails("docs/a.md", `There is no folder ${root}/docs/a.md.`);
    await fails("docs", "Run `supabase init` there first");
    await fails(".", `Did you mean ${root}/apps/web?`);
  }));

Deno.test("readConfig() has the defaults of the CLI for what config.toml does not say", () =>
  inFolder({ "supabase/config.toml": 'project_id = "x"\n[functions.a]\n' }, async (root) => {
    const { port, auth, functions, secrets, seeds, notEmulated } = await readConfig(root);
    assertEquals([port, secrets, seeds, notEmulated], [undefined, {}, ["./seed.sql"], []]);
    assertEquals([auth.siteUrl, auth.jwtExpiry], ["http://127.0.0.1:3000", 3600]);
    assertEquals([auth.signUpEnabled, auth.emailSignUpEnabled, auth.confirmEmail], [
      true,
      true,
      false,
    ]);
    assertEquals(functions.get("a"), DEFAULT_FUNCTION);
  }));

Deno.test("readConfig() resolves env() as the CLI does: supabase/.env before .env, and nearer ones first", () =>
  inFolder({
    "supabase/config.toml": `[auth]\nsite_url = "env(EDGE_AUTH_SITE)"\n` +
      `[edge_runtime.secrets]\nA = "env(EDGE_AUTH_A)"\nB = "env(EDGE_AUTH_NOT_SET)"\nC = "c"\n`,
    "supabase/.env": "EDGE_AUTH_SITE=https://inner.example\n",
    ".env.local": "EDGE_AUTH_A='local'\n",
    ".env": "EDGE_AUTH_SITE=https://outer.example\nEDGE_AUTH_A=a\n",
  }, async (root) => {
    const { auth, secrets } = await readConfig(root);
    assertEquals(auth.siteUrl, "https://inner.example");
    assertEquals(secrets, { A: "local", B: "env(EDGE_AUTH_NOT_SET)", C: "c" });
  }));

Deno.test("readConfig() names what is on in [auth] and not emulated", () =>
  inFolder({
    "supabase/config.toml": `[auth]\nenabled = true\nenable_signup = false\n` +
      `enable_anonymous_sign_ins = true\njwt_issuer = "x"\npassword_requirements = ""\n` +
      `[auth.mfa.totp]\nenroll_enabled = true\nverify_enabled = false\n` +
      `[auth.external.github]\nenabled = true\n[auth.external.apple]\nenabled = false\n`,
  }, async (root) => {
    const { auth, notEmulated } = await readConfig(root);
    assertEquals(auth.signUpEnabled, false);
    assertEquals(notEmulated, [
      "auth.enable_anonymous_sign_ins",
      "auth.jwt_issuer",
      "auth.mfa.totp.enroll_enabled",
      "auth.external.github.enabled",
    ]);
  }));

Deno.test("readConfig() names the line of what is not TOML", () =>
  inFolder({ "supabase/config.toml": "[auth]\nenabled = = 1\n" }, async (root) => {
    await assertRejects(() => readConfig(root), ProjectError, "line 2");
  }));

Deno.test("findFunction() finds functions and their import maps as the CLI does", () =>
  inFolder({
    "supabase/config.toml": `[functions.off]\nenabled = false\n` +
      `[functions.named]\nverify_jwt = false\nentrypoint = "../apps/named/main.tsx"\n` +
      `import_map = "./maps/named.json"\n[functions.missing]\nentrypoint = "./nowhere.ts"\n`,
    "supabase/functions/import_map.json": "{}",
    "supabase/functions/deno.json": "{}",
    "supabase/functions/own/index.ts": "",
    "supabase/functions/own/deno.jsonc": "{}",
    "supabase/functions/own/import_map.json": "{}",
    "supabase/functions/shared/index.ts": "",
    "supabase/functions/script/index.js": "",
    "supabase/functions/off/index.ts": "",
    "supabase/functions/_shared/index.ts": "",
    "apps/named/main.tsx": "",
  }, async (root) => {
    const { functions: settings } = await readConfig(root);
    const places = { folders: [`${root}/supabase/functions`], settings };
    assertEquals(await functionNames(places), ["named", "own", "shared"]);
    const found = async (name: string) => {
      const one = await findFunction(name, places);
      const path = (full = "") => full.replace(`${root}/`, "");
      return one && [path(one.entry), path(one.importMap), one.verifyJwt];
    };
    assertEquals(await found("named"), [
      "apps/named/main.tsx",
      "supabase/maps/named.json",
      false,
    ]);
    const own = "supabase/functions/own";
    assertEquals(await found("own"), [`${own}/index.ts`, `${own}/deno.jsonc`, true]);
    assertEquals(await found("shared"), [
      "supabase/functions/shared/index.ts",
      "supabase/functions/import_map.json",
      true,
    ]);
    for (const name of ["off", "missing", "_shared", "script", "..", ""]) {
      assertEquals(await found(name), undefined, name);
    }
  }));

Deno.test("importMapFlags() takes only the imports of a deno.json, unless it has more that counts", () =>
  inFolder({
    "deno.json": '{ "imports": {}, "workspace": ["./elsewhere"] }',
    "jsx/deno.json": '{ "compilerOptions": { "jsx": "react-jsx" } }',
    "comments/deno.jsonc": "{ /* why */ }",
    "import_map.json": "{ /* not a deno.json */ }",
  }, async (root) => {
    const flags = async (path: string) =>
      (await importMapFlags(`${root}/${path}`)).map((flag) => flag.replace(`${root}/`, ""));
    assertEquals(await importMapFlags(undefined), ["--no-config"]);
    assertEquals(await flags("deno.json"), ["--no-config", "--import-map=deno.json"]);
    assertEquals(await flags("jsx/deno.json"), ["--config=jsx/deno.json"]);
    assertEquals(await flags("comments/deno.jsonc"), ["--config=comments/deno.jsonc"]);
    assertEquals(await flags("import_map.json"), ["--no-config", "--import-map=import_map.json"]);
  }));
