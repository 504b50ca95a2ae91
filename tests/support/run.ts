// `deno task test`: every test, and every example in a docstring. Its last lines name the tests that
// failed; the very last one has the counts, for a CI that does not know Deno's output.

/**
 * The tests run in two processes, which take about as long: half the time on two cores. `deno test
 * --parallel` would share one environment among all files, and some set variables. A folder that is
 * in neither list is tested by the second process.
 */
const FIRST_PROCESS = [
  "supabase",
  "tests/e2e/conformance_test.ts",
  "tests/e2e/deploy",
  "tests/e2e/scenarios",
  "tests/unit/browser",
  "tests/unit/local",
];
const SECOND_PROCESS = ["shared", "functions"];
/** They have tasks of their own: they need a browser, or npm and minutes. */
const IGNORED = [
  "tests/e2e/chromium",
  "tests/e2e/webkit",
  "tests/e2e/frontends",
  "tests/e2e/faults",
];

/** How many tests ended how. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the counts that `deno test` closes with. A skipped step counts as skipped, so that nothing
 * skipped looks passed; other steps are part of their test.
 *
 * @param output What `deno test` printed, with or without colours.
 * @returns The counts, or nothing if it ended before it printed any.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const summary = parseSummary("ok | 12 passed (3 steps) | 0 failed | 1 ignored (1s)");
 * assertEquals(summary, { passed: 12, failed: 0, skipped: 1 });
 * ```
 */
export function parseSummary(output: string): Summary | undefined {
  // The last one: a test may print such a line itself.
  const line = [...withoutColours(output).matchAll(SUMMARY)].at(-1)?.[1];
  if (line === undefined) return undefined;
  const count = (word: string) => {
    const [, tests = "0", steps = "0"] = line.match(
      new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`),
    ) ?? [];
    return { tests: Number(tests), steps: Number(steps) };
  };
  const ignored = count("ignored");
  return {
    passed: count("passed").tests,
    failed: count("failed").tests,
    skipped: ignored.tests + ignored.steps,
  };
}

const SUMMARY = /^(?:ok|FAILED) \| (\d+ passed.*)$/gm;

function withoutColours(output: string): string {
  // deno-lint-ignore no-control-regex
  return output.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

/**
 * Reads which tests failed.
 *
 * @param output What `deno test` printed.
 * @returns A line for each failed test or step, with its place: the list below Deno's `FAILURES`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const output = " FAILURES \n\na() adds => ./a_test.ts:1:6\n\nFAILED | 0 passed | 1 failed (3ms)";
 * assertEquals(parseFailures(output), ["a() adds => ./a_test.ts:1:6"]);
 * ```
 */
export function parseFailures(output: string): string[] {
  const list = withoutColours(output).split(/^ FAILURES $/m);
  if (list.length === 1) return [];
  return list.at(-1)!.split(SUMMARY)[0]!.split("\n").filter((line) => line.trim() !== "");
}

/**
 * Adds up the counts of several processes.
 *
 * @param summaries One per process; `undefined`, which counts as a failure, for one that ended
 * before it printed any.
 * @returns Their sum.
 */
export function addUp(summaries: readonly (Summary | undefined)[]): Summary {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of summaries.map((it) => it ?? NO_SUMMARY)) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

const NO_SUMMARY: Summary = { passed: 0, failed: 1, skipped: 0 };

/**
 * Says how a run ended. A run without a single test is a failure too.
 *
 * @param summary What was counted.
 * @param code The exit code of `deno test`.
 * @returns The closing line, and our exit code.
 */
export function verdict(summary: Summary, code: number): [line: string, code: number] {
  const { passed, skipped } = summary;
  const failed = code === 0 ? summary.failed : Math.max(summary.failed, 1);
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [line, failed > 0 || passed === 0 ? code || 1 : 0];
}

/**
 * The arguments of each `deno test`: paths replace all the folders, flags are added.
 *
 * @param args What stands behind `deno task test`.
 * @returns The command lines after `deno`, to be run side by side.
 */
export function commandLines(args: readonly string[]): string[][] {
  const isFlag = args.map((arg, i) => arg.startsWith("-") || args[i - 1] === "--filter");
  const flags = args.filter((_, i) => isFlag[i]);
  const paths = args.filter((_, i) => !isFlag[i]);
  const groups = paths.length > 0 ? [paths] : [FIRST_PROCESS, [...SECOND_PROCESS, ...otherTests()]];
  return groups.map((group) => ["test", "--doc", "--allow-all", ...flags, ...group]);
}

/** All else in tests/. Listed, as Deno 2.9.6 heeds `--ignore` only where one folder is given. */
function otherTests(): string[] {
  return ["tests", "tests/unit", "tests/e2e"]
    .flatMap((folder) => [...Deno.readDirSync(folder)].map((entry) => ({ folder, ...entry })))
    .filter(({ name, isDirectory }) => isDirectory || name.endsWith("_test.ts"))
    .map(({ folder, name }) => `${folder}/${name}`)
    .filter((path) => !["tests/unit", "tests/e2e", ...FIRST_PROCESS, ...IGNORED].includes(path))
    .sort();
}

/**
 * Runs the tests and shows what they print.
 *
 * @param args What stands behind `deno task test`.
 * @returns The closing lines: what failed, then the counts. And our exit code.
 */
export async function runTests(
  args: readonly string[],
): Promise<[lines: string[], code: number]> {
  let turn: Promise<unknown> = Promise.resolve();
  const commands = commandLines(args);
  const runs = commands.map((command) => {
    const run = runProcess(command, turn);
    turn = run;
    return run;
  });
  const ended = await Promise.all(runs);
  const summaries = ended.map(({ output }) => parseSummary(output));
  const failures = ended.flatMap(({ output, code }, i) => {
    const names = parseFailures(output);
    if (code === 0 || names.length > 0) return names;
    return [`deno ${commands[i]!.join(" ")}: exit code ${code}, see its output above`];
  });
  const [line, code] = verdict(addUp(summaries), Math.max(...ended.map(({ code }) => code)));
  return [[...failures.map((name) => `failed: ${name}`), line], code];
}

/** Runs one `deno test`; what it prints is shown after `turn`, so that no two outputs mix. */
async function runProcess(args: string[], turn: Promise<unknown>) {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env: Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : {},
    stdout: "piped",
  }).spawn();
  let output = "";
  const text = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += text.decode(chunk, { stream: true });
    turn = turn.then(() => show(chunk));
  }
  await turn;
  return { output, code: (await child.status).code };
}

async function show(text: Uint8Array): Promise<void> {
  for (let rest = text; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
}

if (import.meta.main) {
  const [lines, code] = await runTests(Deno.args);
  console.log(lines.join("\n"));
  Deno.exit(code);
}
