import { startAuth } from "./auth_server.ts";
import { start } from "./child.ts";
import { measureColdStart } from "./cold_start/measure.ts";
import { measureInProcess } from "./in_process.ts";
import { measureMemory } from "./memory.ts";
import { measureOverHttp } from "./over_http.ts";
import { FULL, type Plan } from "./plan.ts";
import { keysOf, type Result } from "./result.ts";
import { NAMES, startSubject } from "./subjects.ts";

/**
 * One run: one machine, one fake Auth, every subject in a process of its own.
 *
 * @param plan How long to measure.
 * @param tell Takes a line about what is measured now.
 * @param awake Whether the machine's CPUs are kept from sleeping.
 */
export async function run(
  plan: Plan,
  tell: (line: string) => void,
  awake = true,
): Promise<Result> {
  const auth = await startAuth();
  const vigil = awake ? await start({ module: "./keep_awake.ts" }) : undefined;
  try {
    tell("inside the processes, one request after another");
    const in_process = await measureInProcess(auth, NAMES, plan);
    const subjects = await Promise.all(NAMES.map((name) => startSubject(name, auth.env)));
    const over_http = await measureOverHttp(auth, subjects, plan, tell);
    await Promise.all(subjects.map((subject) => subject.stop()));
    tell(`memory of ${plan.memory_tokens} tokens`);
    const memory = [
      await measureMemory(auth, "fresh_10", plan.memory_tokens),
      await measureMemory(auth, "bare_hono", plan.memory_tokens),
    ];
    tell("cold start");
    const cold_start = await measureColdStart(auth, plan.starts);
    await auth.delay(20);
    const cold_start_far = await measureColdStart(auth, plan.starts);
    const measurements = { in_process, over_http, memory, cold_start, cold_start_far };
    return {
      ...keysOf(measurements),
      measured_at: new Date().toISOString().slice(0, 10),
      commit: await commitOf(new URL("../../", import.meta.url)),
      plan,
      quick: plan !== FULL,
      machine: { cores: navigator.hardwareConcurrency, deno: Deno.version.deno, awake },
      ...measurements,
    };
  } finally {
    await vigil?.stop();
    await auth.stop();
  }
}

/** What is measured; a `+` says that the files are not quite those of the commit. */
async function commitOf(folder: URL): Promise<string> {
  const git = async (...args: string[]) => {
    const command = new Deno.Command("git", { args, cwd: folder, stderr: "null" });
    return new TextDecoder().decode((await command.output()).stdout).trim();
  };
  try {
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return await git("rev-parse", "--short", "HEAD") + (changes === "" ? "" : "+");
  } catch {
    return ""; // a copy without git
  }
}
