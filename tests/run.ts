// What `deno task test` runs: every test and every example in a docstring, and as its last line how
// many passed, which a person or a CI can read without knowing Deno's output.

const FOLDERS = ["shared", "functions", "supabase", "tests"];
/** They have tasks of their own: they need a browser, or a quiet machine. */
const IGNORED = ["tests/browser", "tests/bench"];

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
 * Says how a run ended. Not to be able to read the summary is a failure, and so is a run without
 * a single test.
 *
 * @param summary What `deno test` counted, if it came to that.
 * @param code Its exit code.
 * @returns The closing line, and our exit code.
 */
export function verdict(summary: Summary | undefined, code: number): [line: string, code: number] {
  const { passed, failed: counted, skipped } = summary ?? { passed: 0, failed: 1, skipped: 0 };
  const failed = code === 0 ? counted : Math.max(counted, 1);
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [line, failed > 0 || passed === 0 ? code || 1 : 0];
}

/**
 * The arguments of `deno test`: paths replace all the folders, flags are added.
 *
 * @param args What stands behind `deno task test`.
 * @returns The whole command line after `deno`.
 */
export function commandLine(args: readonly string[]): string[] {
  const isFlag = args.map((arg, i) => arg.startsWith("-") || args[i - 1] === "--filter");
  const flags = args.filter((_, i) => isFlag[i]);
  const paths = args.filter((_, i) => !isFlag[i]);
  const what = paths.length > 0 ? paths : [`--ignore=${IGNORED.join()}`, ...FOLDERS];
  // One process a core: half the time on two cores, and the same tests pass.
  return ["test", "--doc", "--allow-all", "--parallel", ...flags, ...what];
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
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLine(args),
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
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
  }
  clearTimeout(timer);
  return verdict(parseSummary(output), (await child.status).code);
}

if (import.meta.main) {
  const [line, code] = await runTests(Deno.args, 180_000);
  console.log(line);
  Deno.exit(code);
}
