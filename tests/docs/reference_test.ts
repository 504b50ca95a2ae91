import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CHECKS } from "./developer_checks.ts";
import { render, STEPS } from "./reference.ts";
import { ACTIONS, outcomeOf, PROBLEMS } from "../../shared/problems/table.ts";

const CODES = Object.keys(PROBLEMS);
const README = new URL("../../shared/problems/README.md", import.meta.url);
const ROOT = new URL("../../", import.meta.url);
/** All that the script needs. */
const FILES = [
  "shared/problems/table.ts",
  "shared/problems/problem.ts",
  "tests/docs/developer_checks.ts",
  "tests/docs/reference.ts",
];

/** The reference's text under each heading, as one line. */
function sections(): Map<string, string> {
  const [, ...parts] = render().split(/^## /m);
  return new Map(parts.map((part) => {
    const [heading = "", ...rest] = part.split("\n");
    return [heading, rest.join("\n").replaceAll(/\s+/g, " ")];
  }));
}

/** Runs the script in a copy of the repository in which shared/problems/README.md is `readme`. */
async function check(readme: string | null, ...args: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["shared/problems", "tests/docs"]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    for (const file of FILES) await Deno.copyFile(new URL(file, ROOT), `${folder}/${file}`);
    const page = `${folder}/shared/problems/README.md`;
    if (readme !== null) await Deno.writeTextFile(page, readme);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-config", "--no-lock", "--quiet"],
        `${folder}/tests/docs/reference.ts`,
        ...args,
      ],
    }).output();
    const after = await Deno.readTextFile(page).catch(() => null);
    return { code, stderr: new TextDecoder().decode(stderr), after };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("render() makes the committed reference", async () => {
  assertEquals(await Deno.readTextFile(README), render());
});

Deno.test("render() gives each code one heading, in the order of the table", () => {
  assertEquals([...render().matchAll(/^## (.*)$/gm)].map(([, heading]) => heading), CODES);
});

Deno.test("render() tells for each code what happened, what the client does and what to check", () => {
  for (const [code, text] of sections()) {
    const { status, action, message } = outcomeOf(code, "handler");
    assertStringIncludes(text, `handler ${status} \`${action}\``);
    assertStringIncludes(text, message);
    assertStringIncludes(text, STEPS[action]);
    assertStringIncludes(text, CHECKS[code as keyof typeof CHECKS]);
  }
});

Deno.test("render() shows what the check of a credential makes of a code it knows", () => {
  const ended = sections().get("session_not_found")!;
  assertStringIncludes(ended, "credential 401 `sign_in` (challenge `invalid_token`), handler 404");
  assertStringIncludes(ended, outcomeOf("session_not_found", "credential").message);
  assertStringIncludes(ended, STEPS.sign_in);
  assert(!sections().get("weak_password")!.includes("credential"));
});

Deno.test("render() explains every action", () => {
  for (const action of ACTIONS) {
    assert(new RegExp(`^\\| \`${action}\` +\\| ${STEPS[action].slice(0, 20)}`, "m").test(render()));
  }
});

Deno.test("CHECKS says something of its own for each code, in sentences", () => {
  assertEquals(Object.keys(CHECKS), CODES);
  assertEquals(new Set(Object.values(CHECKS)).size, CODES.length);
  for (const [code, text] of Object.entries(CHECKS)) {
    assert(/^[A-Z`].*\.$/.test(text) && text.length >= 30 && text.length < 300, code);
  }
});

Deno.test("reference.ts writes the reference, and --check fails with a sentence when it drifted", async () => {
  const [written, fresh, drifted, missing] = await Promise.all([
    check("old"),
    check(render(), "--check"),
    check(render() + "\nby hand\n", "--check"),
    check(null, "--check"),
  ]);
  assertEquals([written.code, written.after], [0, render()]);
  assertEquals([fresh.code, fresh.stderr], [0, ""]);
  for (const result of [drifted, missing]) {
    assertEquals(result.code, 1);
    assertStringIncludes(result.stderr, "deno task docs");
  }
  assertStringIncludes(drifted.after!, "by hand");
});
