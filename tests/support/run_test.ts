import { assertEquals, assertMatch } from "@std/assert";
import { addUp, commandLines, parseFailures, parseSummary, verdict } from "./run.ts";

Deno.test("parseSummary() reads tests, and steps only when they are skipped", () => {
  const line = "FAILED | 8 passed (17 steps) | 2 failed (1 step) | 3 ignored (4 steps) (1m12s)";
  assertEquals(parseSummary(line), { passed: 8, failed: 2, skipped: 7 });
});

Deno.test("parseSummary() takes the last summary when a test printed one", () => {
  const output = "ok | 99 passed | 0 failed (1s)\n\nFAILED | 1 passed | 1 failed (2s)\n\nerror\n";
  assertEquals(parseSummary(output), { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("parseSummary() returns nothing when the run ended before its tests", () => {
  assertEquals(parseSummary("error: TS2304 [ERROR]: Cannot find name 'x'.\n"), undefined);
  assertEquals(parseSummary("not ok | 9 passed | 0 failed"), undefined);
});

Deno.test("parseFailures() takes the last list when a test printed one", () => {
  const list = (name: string) => ` FAILURES \n\n${name} => ./a_test.ts:1:6\n\n`;
  const output = `${list("printed")}${list("failed")}FAILED | 0 passed | 1 failed (1s)\n`;
  assertEquals(parseFailures(output), ["failed => ./a_test.ts:1:6"]);
  assertEquals(parseFailures("ok | 9 passed | 0 failed (6s)\n"), []);
});

Deno.test("verdict() passes only when a test ran and none failed", () => {
  assertEquals(verdict({ passed: 2, failed: 0, skipped: 0 }, 0), ["2 passed, 0 failed", 0]);
  const skipped = { passed: 2, failed: 0, skipped: 3 };
  assertEquals(verdict(skipped, 0), ["2 passed, 0 failed, 3 skipped", 0]);
  assertEquals(verdict({ passed: 0, failed: 0, skipped: 0 }, 0), ["0 passed, 0 failed", 1]);
  const onlySkipped = { passed: 0, failed: 0, skipped: 3 };
  assertEquals(verdict(onlySkipped, 0), ["0 passed, 0 failed, 3 skipped", 1]);
  assertEquals(verdict({ passed: 2, failed: 1, skipped: 0 }, 0), ["2 passed, 1 failed", 1]);
});

Deno.test("verdict() counts a failure when deno fails without one", () => {
  assertEquals(verdict({ passed: 2, failed: 0, skipped: 0 }, 1), ["2 passed, 1 failed", 1]);
  assertEquals(verdict({ passed: 2, failed: 0, skipped: 0 }, 130), ["2 passed, 1 failed", 130]);
});

Deno.test("addUp() counts a process without a summary as a failure", () => {
  const one = { passed: 5, failed: 1, skipped: 2 };
  assertEquals(addUp([one, { passed: 7, failed: 0, skipped: 1 }]), {
    passed: 12,
    failed: 1,
    skipped: 3,
  });
  assertEquals(addUp([one, undefined]), { passed: 5, failed: 2, skipped: 2 });
});

Deno.test("commandLines() leaves out no test file but those that have a task of their own", () => {
  const tested = commandLines([]).flatMap((args) => args.slice(3));
  assertEquals(new Set(tested).size, tested.length);
  const missed = testFiles("tests").filter((file) =>
    !tested.some((path) => file === path || file.startsWith(`${path}/`))
  );
  for (const file of missed) {
    assertMatch(file, /^tests\/e2e\/(?:chromium|faults|frontends|webkit)\//);
  }
});

/** Every test file below a folder. */
function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? testFiles(path) : name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}

/** Runs run.ts over one test file; returns its closing lines and its exit code. */
async function runOver(source: string): Promise<[lines: string[], code: number]> {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-run-" });
  try {
    await Deno.writeTextFile(`${folder}/a_test.ts`, source);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("run.ts", import.meta.url).href, "--no-check", folder],
      env: { FORCE_COLOR: "1" },
      stderr: "null",
    }).output();
    const closing = new TextDecoder().decode(stdout).split("\n\n").at(-1) ?? "";
    return [closing.trimEnd().replaceAll(folder, "<folder>").split("\n"), code];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("run.ts names what failed and closes with the counts, however the run ends", async () => {
  const test = (body: string) => `Deno.test("a", () => { ${body} });`;
  const ignored = `Deno.test("b", { ignore: true }, () => {});`;
  const skippedStep = `Deno.test("c", async (t) => {
    await t.step({ name: "d", ignore: true, fn() {} });
  });`;
  const [passing, failing, uncaught, broken, none] = await Promise.all([
    runOver(test("") + ignored + skippedStep),
    runOver(test("throw 1") + test("")),
    runOver(`${test("")} throw new Error("while loading");`),
    runOver(`import "./lost.ts"; ${test("")}`),
    runOver("export {};"),
  ]);
  assertEquals(passing, [["2 passed, 0 failed, 2 skipped"], 0]);
  assertEquals([failing[0].length, failing[0][1], failing[1]], [2, "1 passed, 1 failed", 1]);
  assertMatch(failing[0][0] ?? "", /^failed: a => .*\/a_test\.ts:1:6$/);
  assertMatch(uncaught[0][0] ?? "", /^failed: .*\/a_test\.ts \(uncaught error\)$/);
  assertEquals(uncaught[0][1], "0 passed, 1 failed");
  assertEquals(broken, [[
    "failed: deno test --doc --allow-all --no-check <folder>: exit code 1, see its output above",
    "0 passed, 1 failed",
  ], 1]);
  assertEquals(none, [["0 passed, 0 failed"], 1]);
});
