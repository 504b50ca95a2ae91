// deno task bench [--quick] [--json]
// deno task bench:readme [--from=<file>]    writes README.md and chart.svg of this folder
import os from "node:os";
import { FUNCTIONS, measureCold } from "./cold.ts";
import type { AuthReady } from "./fake_auth.ts";
import { type KeyName, keysOf, type Measured } from "./keys.ts";
import { chart, replaceTable, textTable } from "./page.ts";
import { FULL, type Plan, QUICK } from "./plan.ts";
import { start } from "./processes.ts";
import { output, prepareRuntimes } from "./runtimes.ts";
import { measureWarm, SUBJECTS } from "./warm.ts";

/** What `--json` prints: the keys as numbers, what they are held against, and all measurements. */
export type Result = Readonly<Record<KeyName, number>> & {
  readonly targets: ReturnType<typeof keysOf>;
  readonly measured_at: string;
  /** The commit that was measured, with a `+` if files had changed since. */
  readonly commit: string;
  readonly deno: readonly string[];
  readonly machine: { readonly cpu: string; readonly cores: number; readonly os: string };
  readonly plan: Plan;
  readonly seconds: number;
  readonly measurements: readonly [current: Measured, edge: Measured];
};

const here = (path: string) => new URL(path, import.meta.url);

/** One run: one machine, one fake Auth, each subject in a process of its own, first warm, then cold. */
async function run(plan: Plan): Promise<Result> {
  const began = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "edge-auth-bench-" });
  const subjects = Object.keys(SUBJECTS).map((name) => `subjects/${name}.ts`);
  const modules = ["worker.ts", "fake_auth.ts", "keep_awake.ts", "cold_start/serve.ts"];
  const runtimes = await prepareRuntimes(
    folder,
    [...modules, ...subjects, ...Object.values(FUNCTIONS)].map(here),
  );
  const [current] = runtimes;
  if (current === undefined) throw new Error("there is no Deno");
  const auth = await start<AuthReady>(current, here("fake_auth.ts"));
  const awake = await start(current, here("keep_awake.ts"));
  try {
    const measurements: Measured[] = [];
    for (const runtime of runtimes) {
      console.error(`... Deno ${runtime.version}`);
      const warm = await measureWarm(runtime, auth, plan);
      const cold = await measureCold(runtime, auth, plan.cold_starts);
      measurements.push({ deno: runtime.version, warm, cold });
    }
    const [one, edge] = measurements as [Measured, Measured];
    const targets = keysOf(one, edge);
    const numbers = Object.entries(targets).map(([name, { measured }]) => [name, measured]);
    return {
      ...Object.fromEntries(numbers) as Record<KeyName, number>,
      targets,
      measured_at: new Date().toISOString().slice(0, 10),
      commit: await commit(),
      deno: runtimes.map(({ version }) => version),
      machine: {
        cpu: os.cpus()[0]?.model ?? "",
        cores: navigator.hardwareConcurrency,
        os: `${Deno.build.os} ${Deno.osRelease()}`,
      },
      plan,
      seconds: Math.round((performance.now() - began) / 1000),
      measurements: [one, edge],
    };
  } finally {
    await Promise.all([auth.stop(), awake.stop()]);
    await Deno.remove(folder, { recursive: true });
  }
}

async function commit(): Promise<string> {
  const git = async (...args: string[]) => (await output("git", args, { cwd: here(".") })).trim();
  try {
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return await git("rev-parse", "--short", "HEAD") + (changes === "" ? "" : "+");
  } catch {
    return "unknown"; // a copy without git
  }
}

async function writePage(result: Result): Promise<void> {
  if (result.plan.starts < FULL.starts) throw new Error("Numbers of a --quick run are no result.");
  const page = replaceTable(await Deno.readTextFile(here("README.md")), result);
  await Deno.writeTextFile(here("README.md"), page);
  await Deno.writeTextFile(here("chart.svg"), chart(result));
  await output(Deno.execPath(), [
    "fmt",
    "--quiet",
    here("README.md").pathname,
    here("chart.svg").pathname,
  ]);
}

if (import.meta.main) {
  const from = Deno.args.find((arg) => arg.startsWith("--from="))?.slice("--from=".length);
  const result = from === undefined
    ? await run(Deno.args.includes("--quick") ? QUICK : FULL)
    : JSON.parse(await Deno.readTextFile(from)) as Result;
  console.log(Deno.args.includes("--json") ? JSON.stringify(result, null, 2) : textTable(result));
  if (Deno.args.includes("--write")) await writePage(result);
}
