// What `deno task test` runs: every test and every example in a docstring, and as its last line how
// many passed, which a person or a CI can read without knowing Deno's output.

/**
 * Two processes, which take about as long: half the time on two cores. `deno test --parallel` would
 * share one environment among all files, and some set SUPABASE_URL. What is new falls to the rest.
 */
const STACKS = [
  "supabase",
  "tests/e2e/conformance_test.ts",
  "tests/e2e/deploy",
  "tests/e2e/scenarios",
  "tests/unit/browser",
  "tests/unit/local",
];
const REST = ["shared", "functions"];
/** It has a task of its own, as it needs a browser. */
const IGNORED = ["tests/e2e/chromium"];

/** How many tests ended how. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Finds the summary that `deno test` closes with. Skipped steps count as skipped, so that nothing
 * skipped looks passed; other steps are part of their test.
 *
 * @param output What it printed, with or without colours.
 * @returns The counts, or nothing if it ended before it had any.
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
  // deno-lint-ignore no-control-regex
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, "");
  // The last one: a test may print such a line itself.
  const line = [...plain.matchAll(/^(?:ok|FAILED) \| (\d+ passed.*)$/gm)].at(-1)?.[1];
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

/**
 * Adds up the summaries of several processes.
 *
 * @param summaries One each; nothing for one that ended before it had any, which is a failure.
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
  const groups = paths.length > 0 ? [paths] : [STACKS, [...REST, ...otherTests()]];
  return groups.map((group) => ["test", "--doc", "--allow-all", ...flags, ...group]);
}

/** All else in tests/. Listed, as Deno 2.9.6 heeds `--ignore` only where one folder is given. */
function otherTests(): string[] {
  return ["tests", "tests/unit", "tests/e2e"]
    .flatMap((folder) => [...Deno.readDirSync(folder)].map((entry) => ({ folder, ...entry })))
    .filter(({ name, isDirectory }) => isDirectory || name.endsWith("_test.ts"))
    .map(({ folder, name }) => `${folder}/${name}`)
    .filter((path) => !["tests/unit", "tests/e2e", ...STACKS, ...IGNORED].includes(path))
    .sort();
}

/**
 * Runs the tests and shows what they print.
 *
 * @param args What stands behind `deno task test`.
 * @param silence After so many milliseconds without a word a test hangs, and the run is ended.
 * @returns The closing line, and our exit code.
 */
export async function runTests(
  args: readonly string[],
  silence: number,
): Promise<[line: string, code: number]> {
  let turn: Promise<unknown> = Promise.resolve();
  const runs = commandLines(args).map((command) => {
    const run = runProcess(command, silence, turn);
    turn = run;
    return run;
  });
  const ended = await Promise.all(runs);
  const summary = addUp(ended.map(({ output }) => parseSummary(output)));
  return verdict(summary, Math.max(...ended.map(({ code }) => code)));
}

/** Runs one `deno test`; what it prints is shown when its turn has come. */
async function runProcess(args: string[], silence: number, turn: Promise<unknown>) {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env: Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : {},
    stdout: "piped",
  }).spawn();
  const end = () => {
    console.error(`\nNo word for ${silence / 1000} s: ended.`);
    child.kill("SIGKILL");
  };
  let timer = setTimeout(end, silence);
  let output = "";
  const text = new TextDecoder();
  for await (const chunk of child.stdout) {
    clearTimeout(timer);
    timer = setTimeout(end, silence);
    output += text.decode(chunk, { stream: true });
    turn = turn.then(() => show(chunk));
  }
  clearTimeout(timer);
  await turn;
  return { output, code: (await child.status).code };
}

async function show(text: Uint8Array): Promise<void> {
  for (let rest = text; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
}

if (import.meta.main) {
  const [line, code] = await runTests(Deno.args, 180_000);
  console.log(line);
  Deno.exit(code);
}
