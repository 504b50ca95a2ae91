// Every fenced block of every page is run here, in the order of the page and together with the
// others: commands in one bash, TypeScript type-checked and served, outputs, JSON and TOML compared
// with what is really there. A block that cannot be run fails.
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import { parse as parseToml } from "@std/toml";
import { parse as parseYaml } from "@std/yaml";
import { problem as buildProblem } from "../../shared/problems/problem.ts";
import { PROBLEMS } from "../../shared/problems/table.ts";
import { apiKeys } from "../../supabase/local/keys.ts";
import { packagesIn, stepsOf } from "./commands.ts";
import { EXERCISES } from "./exercises.ts";
import { isShown, withoutVarying } from "./output.ts";
import { type Block, findBlocks, listPages, readPage, ROOT } from "./pages.ts";
import { Reader } from "./reader.ts";
import type { Shell } from "./shell.ts";

/** The URL of the local stack in the pages. */
const LOCAL_URL = "http://127.0.0.1:54321";

/** What a ts block begins with: the path of its file, in the reader's project. */
const PATH_LINE = /^\/\/ ((?:src|supabase\/functions)\/[\w./-]+)\n/;

/** First the page that sets the project up, then those that add to it. */
const FIRST = ["README.md", "shared/server/RECIPES.md"];
const found = await listPages();
const pages = new Map<string, Block[]>();
for (const page of [...FIRST, ...found.filter((page) => !FIRST.includes(page))]) {
  pages.set(page, findBlocks(page, await readPage(page)));
}

let reader: Reader;

Deno.test.beforeAll(async () => {
  const commands = [...pages.values()].flat().filter(({ language }) => language === "sh");
  reader = await Reader.create(packagesIn(commands.map(({ text }) => text)));
});

Deno.test.afterAll(() => reader?.[Symbol.asyncDispose]());

for (const [page, blocks] of pages) {
  if (blocks.length === 0) continue;
  Deno.test(`${page}: every block runs`, async (t) => {
    const project = FIRST.includes(page) ? reader.project : reader.clone;
    // The README begins in the clone and goes on to the project by itself.
    await using shell = reader.openShell(page === "README.md" ? reader.clone : project);
    let printed = "";
    for (const block of blocks) {
      const file = fileOf(block);
      if (file !== undefined) {
        const group = blocks.filter((other) => isInBrowser(fileOf(other)) === isInBrowser(file));
        if (group[0] === block) await t.step(`${page}: files type-check`, () => checkFiles(group));
      }
      const where = `${page}:${block.line} (${block.language})`;
      await t.step(where, async () => {
        const text = block.text.replaceAll(LOCAL_URL, await urlFor(block));
        switch (block.language) {
          case "sh":
            printed = await runCommands(shell, text, where);
            break;
          case "text":
            checkOutput(printed, text, block);
            break;
          case "ts":
            await runTypeScript({ ...block, text }, project);
            break;
          case "toml":
            await checkToml(text, `${project}/supabase/config.toml`);
            break;
          case "sql":
            await checkSql(text, where);
            break;
          case "json":
            checkJson(JSON.parse(text));
            break;
          case "yaml":
            await runWorkflow(text, shell, where);
            break;
          default:
            fail(`${where}: nothing here can run "${block.language}"`);
        }
      });
    }
    if (page === "README.md") {
      await t.step("the lines for curl can be pasted a second time", async () => {
        const index = blocks.findIndex(({ text }) => text.includes("/auth/v1/signup"));
        const [command, output] = blocks.slice(index, index + 2);
        assert(command && output?.language === "text");
        const text = command.text.replaceAll(LOCAL_URL, await reader.dev());
        checkOutput(await runCommands(shell, text, "second time"), output.text, output);
      });
    }
  });
}

Deno.test("exercises.ts has an exercise for each file of the pages, and no other", () => {
  const paths = [...pages.values()].flat().flatMap((block) => fileOf(block) ?? [])
    .filter((path) => !isOutdated(path));
  assertEquals(paths.toSorted(), Object.keys(EXERCISES).sort());
});

/** The stack is started only for a page that calls it. */
async function urlFor({ text }: Block): Promise<string> {
  return text.includes(LOCAL_URL) ? await reader.dev() : LOCAL_URL;
}

async function runCommands(shell: Shell, text: string, where: string): Promise<string> {
  let printed = "";
  for (const step of stepsOf(text)) {
    switch (step.kind) {
      case "run": {
        const { stdout, stderr, failed } = await shell.run(step.text);
        assertEquals(failed, [], `${where}\n${stdout}${stderr}`);
        if (/^deno task test\b/m.test(step.text)) {
          assertMatch(stdout.trim(), /\n[1-9]\d* passed, 0 failed(, \d+ skipped)?$/);
        }
        printed += stdout;
        break;
      }
      case "dev":
        if (step.args.length === 2) await reader.dev();
        else await reader.tryDev(step.args);
        break;
      case "elsewhere": {
        const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
        assert(step.task in tasks, `${where}: there is no task ${step.task}`);
        const file = await Deno.readTextFile(new URL(step.file, ROOT));
        assertMatch(file, new RegExp(`(?:task |counted |")${step.task}\\b`));
      }
    }
  }
  return printed;
}

/** A `text` block is the output of the commands before it; or the layout, whose paths must be there. */
function checkOutput(printed: string, shown: string, block: Block): void {
  if (/^\S+\/\s{2,}/.test(shown)) return checkLayout(shown);
  assert(
    isShown(printed, shown),
    `${block.page}:${block.line}: printed was\n${printed}\nand not\n${withoutVarying(shown)}`,
  );
}

/** An indented tree of paths, each with what it is behind two spaces. */
function checkLayout(shown: string): void {
  const folders: string[] = [];
  for (const line of shown.trimEnd().split("\n")) {
    const [, indent, name] = /^(\s*)(\S+)/.exec(line)!;
    folders.length = indent!.length / 2;
    const path = folders.join("") + name!;
    Deno.statSync(new URL(path, ROOT));
    folders.push(name!);
  }
}

async function runTypeScript(block: Block, project: string): Promise<void> {
  if (block.page === "shared/browser/README.md") return await checkCookbook(block);
  const file = fileOf(block);
  if (file === undefined) return await runModule(block, project);
  if (isOutdated(file)) return; // migrating_test.ts serves it
  const exercise = EXERCISES[file];
  assert(exercise, `${file}: add what it must do to exercises.ts`);
  const user = await reader.signUp();
  const bearer = { Authorization: `Bearer ${user.accessToken}` };
  const common = { reader, user, file, bearer };
  const name = functionOf(file);
  if (name === undefined) {
    const call = () => Promise.reject(new Error(`${file} is no function`));
    return await exercise({ ...common, call, url: "", process: undefined });
  }
  const [process, url] = await reader.serve(denoJsonOf(name), file);
  const call = (below: string, init?: RequestInit) => fetch(`${url}/${name}${below}`, init);
  await exercise({ ...common, call, url: `${url}/${name}`, process });
}

function fileOf({ language, text }: Block): string | undefined {
  return language === "ts" ? PATH_LINE.exec(text)?.[1] : undefined;
}

/** Whether a file is what a function was before edge-auth, on the page about migrating. */
function isOutdated(file: string): boolean {
  return file.endsWith("/before.ts");
}

/** The name of the function whose entry a file is. */
function functionOf(file: string): string | undefined {
  return /^supabase\/functions\/([\w-]+)\/index\.ts$/.exec(file)?.[1];
}

function denoJsonOf(name: string): string {
  return `${reader.project}/supabase/functions/${name}/deno.json`;
}

/** Whether a file belongs to the app, `undefined` if there is none. */
function isInBrowser(file: string | undefined): boolean | undefined {
  return file?.startsWith("src/");
}

/** Writes the files of blocks that are all of functions, or all of the app, and checks their types. */
async function checkFiles(blocks: readonly Block[]): Promise<void> {
  const paths: string[] = [];
  for (const block of blocks) {
    const file = fileOf(block)!;
    const path = `${reader.project}/${file}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, block.text.replaceAll(LOCAL_URL, await urlFor(block)));
    const name = functionOf(file);
    if (name !== undefined) await prepareFunction(name, block.text);
    paths.push(path);
  }
  const text = blocks.map((block) => block.text).join("");
  await reader.check(await writeConfig(isInBrowser(fileOf(blocks[0]!))!, text), paths);
}

/** What the recipes take for granted: the function's deno.json, and its generated types. */
async function prepareFunction(name: string, text: string): Promise<void> {
  if (name === "me") return; // the README's commands have made it
  const { imports } = JSON.parse(await Deno.readTextFile(denoJsonOf("me")));
  const all = { ...imports, ...await optionalImports(text) };
  await Deno.writeTextFile(denoJsonOf(name), JSON.stringify({ imports: all }));
  if (name === "todos") {
    // Of the stack's own table; `supabase gen types` would need a database under docker.
    const types = `${reader.project}/supabase/functions/todos/database.ts`;
    await Deno.copyFile(`${reader.clone}/functions/todos/database.ts`, types);
  }
}

/**
 * The imports that a project has besides those of `me`: webhooks, a provider that is a stub here, and
 * the package that functions come from.
 */
async function optionalImports(text: string): Promise<Record<string, string>> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("import_map.json", ROOT)));
  const { standardwebhooks } = imports;
  return {
    "@supabase/server": imports["@supabase/server"],
    ...(text.includes("/server/webhook.ts") && { standardwebhooks }),
    ...(text.includes('from "stripe"') && {
      stripe: new URL("tests/docs/stripe_stub.ts", ROOT).href,
    }),
  };
}

/** A stricter configuration than a project has at first, with the same packages. */
async function writeConfig(isBrowser: boolean, text: string): Promise<string> {
  const { imports: ofMe } = JSON.parse(await Deno.readTextFile(denoJsonOf("me")));
  const imports = { ...ofMe, ...await optionalImports(text) };
  const lib = isBrowser ? { lib: ["deno.ns", "dom", "dom.iterable", "esnext"] } : {};
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    ...lib,
  };
  const config = `${reader.project}/${isBrowser ? "browser" : "strict"}.json`;
  await Deno.writeTextFile(config, JSON.stringify({ imports, compilerOptions }));
  return config;
}

/** Runs a block that names no file. */
async function runModule({ text, page, line }: Block, project: string): Promise<void> {
  const file = `${project}/${page.replaceAll(/\W/g, "_")}_${line}.ts`;
  await Deno.writeTextFile(file, text);
  const { code, stderr } = await new Deno.Command(reader.deno, {
    args: ["run", "-A", "--check", "--no-lock", file],
    cwd: project,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  await Deno.remove(file);
}

/** A block of the browser page is a file of cookbook/, which tests/e2e/chromium/readme_test.ts runs. */
async function checkCookbook({ text, page, line }: Block): Promise<void> {
  const plain = (code: string) =>
    code.replaceAll(/^\/\/\/ .*\n/gm, "").replaceAll(
      /(["'])(?:\.\.?\/)+(?:shared\/|edge-auth\/)?/g,
      "$1",
    )
      .trim();
  const files = await Array.fromAsync(Deno.readDir(new URL("cookbook/", import.meta.url)));
  for (const { name } of files) {
    const file = await Deno.readTextFile(new URL(`cookbook/${name}`, import.meta.url));
    if (plain(file) === plain(text)) return;
  }
  fail(`${page}:${line}: is no file of tests/docs/cookbook`);
}

/** What a TOML block says must be said by the project's configuration. */
async function checkToml(text: string, config: string): Promise<void> {
  assertContains(parseToml(await Deno.readTextFile(config)), parseToml(text), config);
}

/** A SQL block is a part of a migration or of a file of functions/, all of which tests run. */
async function checkSql(text: string, where: string): Promise<void> {
  const functions = await Array.fromAsync(Deno.readDir(new URL("functions/", ROOT)));
  const folders = ["supabase/migrations/", ...functions.map(({ name }) => `functions/${name}/`)];
  for (const folder of folders.map((path) => new URL(path, ROOT))) {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".sql")) continue;
      if ((await Deno.readTextFile(new URL(name, folder))).includes(text.trim())) return;
    }
  }
  fail(`${where}: is no part of a file of supabase/migrations or functions`);
}

/** Runs the commands of a GitHub workflow that calls edge-auth from a checkout in `.edge-auth`. */
async function runWorkflow(text: string, shell: Shell, where: string): Promise<void> {
  const { jobs } = parseYaml(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = [] }) => run));
  assert(commands.length > 0, `${where}: no command`);
  for (const command of commands) {
    const { stderr, failed } = await shell.run(command.replaceAll(".edge-auth/", "./"));
    assertEquals(failed, [], `${where}\n${stderr}`);
  }
}

function checkJson(value: unknown): void {
  assert(typeof value === "object" && value !== null, "only objects are known here");
  if (!("code" in value)) fail("only the body of an error is known here");
  assert(value.code !== undefined && String(value.code) in PROBLEMS, String(value.code));
  const code = value.code as keyof typeof PROBLEMS;
  const details = { request_id: crypto.randomUUID(), replay: true };
  const expected = JSON.stringify(buildProblem(code, "credential", details));
  assertEquals(
    JSON.parse(withoutVarying(JSON.stringify(value))),
    JSON.parse(withoutVarying(expected)),
  );
}

/** Whether one value has all that another one has, at any depth. */
function assertContains(whole: unknown, part: unknown, where: string): void {
  if (typeof part !== "object" || part === null || Array.isArray(part)) {
    return assertEquals(whole, part, where);
  }
  assert(typeof whole === "object" && whole !== null, where);
  for (const [key, value] of Object.entries(part)) {
    assertContains((whole as Record<string, unknown>)[key], value, `${where}: ${key}`);
  }
}

Deno.test("the pages name the keys of the local stack", () => {
  const keys = [...pages.values()].flat().flatMap(({ text }) =>
    text.match(/sb_publishable_\w+/g) ?? []
  );
  for (const key of keys) {
    assert([apiKeys.publishable, "sb_publishable_test"].includes(key), key);
  }
});
