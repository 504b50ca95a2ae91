import { assertEquals } from "@std/assert";
import { addUp, commandLines, parseSummary, runTests, verdict } from "./run.ts";

Deno.test("parseSummary() reads counts when nothing else is there", () => {
  assertEquals(parseSummary("ok | 9 passed | 0 failed (6s)\n"), {
    passed: 9,
    failed: 0,
    skipped: 0,
  });
});

Deno.test("parseSummary() leaves steps to their tests, except skipped ones", () => {
  const line = "FAILED | 8 passed (17 steps) | 2 failed (1 step) | 3 ignored (4 steps) (1m12s)";
  assertEquals(parseSummary(line), { passed: 8, failed: 2, skipped: 7 });
});

Deno.test("parseSummary() leaves out what was filtered or measured", () => {
  const line = "ok | 1 passed | 0 failed | 2 ignored | 3 measured | 40 filtered out (10ms)";
  assertEquals(parseSummary(line), { passed: 1, failed: 0, skipped: 2 });
});

Deno.test("parseSummary() reads through colours", () => {
  const line =
    "\x1b[0m\x1b[31mFAILED\x1b[0m | 8 passed | 1 failed \x1b[0m\x1b[38;5;245m(3s)\x1b[0m";
  assertEquals(parseSummary(line), { passed: 8, failed: 1, skipped: 0 });
});

Deno.test("parseSummary() takes the last summary when a test printed one", () => {
  const output = "ok | 99 passed | 0 failed (1s)\n\nFAILED | 1 passed | 1 failed (2s)\n\nerror\n";
  assertEquals(parseSummary(output), { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("parseSummary() finds nothing when the run ended before its tests", () => {
  assertEquals(parseSummary("error: TS2304 [ERROR]: Cannot find name 'x'.\n"), undefined);
  assertEquals(parseSummary("not ok | 9 passed | 0 failed"), undefined);
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

Deno.test("commandLines() tests every folder once when no path is given", () => {
  const [stacks = [], rest = []] = commandLines(["--filter", "auth", "--fail-fast"]);
  const shared = ["test", "--doc", "--allow-all", "--filter", "auth", "--fail-fast"];
  assertEquals([stacks.slice(0, 6), rest.slice(0, 6)], [shared, shared]);
  const tested = [...stacks.slice(6), ...rest.slice(6)];
  assertEquals(new Set(tested).size, tested.length);
  const missed = testFiles("tests").filter((file) =>
    !tested.some((path) => file === path || file.startsWith(`${path}/`))
  );
  assertEquals([...new Set(missed.map((file) => file.split("/").slice(0, -1).join("/")))], [
    "tests/e2e/chromium",
  ]);
});

/** Every test file below a folder. */
function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? testFiles(path) : name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}

Deno.test("commandLines() tests only the paths that are given", () => {
  const lines = commandLines(["tests/e2e/deploy", "--filter=live"]);
  assertEquals(lines, [["test", "--doc", "--allow-all", "--filter=live", "tests/e2e/deploy"]]);
});

/** Runs run.ts over one file, and keeps the last line. */
async function runOver(source: string): Promise<[line: string | undefined, code: number]> {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-run-" });
  try {
    await Deno.writeTextFile(`${folder}/a_test.ts`, source);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("run.ts", import.meta.url).href, "--no-check", folder],
      env: { FORCE_COLOR: "1" },
      stderr: "null",
    }).output();
    return [new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1), code];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("run.ts closes with one plain line, whatever happens", async () => {
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
  assertEquals(passing, ["2 passed, 0 failed, 2 skipped", 0]);
  assertEquals(failing, ["1 passed, 1 failed", 1]);
  assertEquals(uncaught, ["0 passed, 1 failed", 1]);
  assertEquals(broken, ["0 passed, 1 failed", 1]);
  assertEquals(none, ["0 passed, 0 failed", 1]);
});

Deno.test("runTests() ends a run that has gone silent, and fails", async () => {
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-run-" });
  const hangs = `Deno.test("a", () => { while (true); });`;
  await Deno.writeTextFile(`${folder}/a_test.ts`, hangs);
  try {
    assertEquals(await runTests(["--no-check", folder], 500), ["0 passed, 1 failed", 137]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
