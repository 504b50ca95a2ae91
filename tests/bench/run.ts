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
    const measurements = { in_process, over_http, memory, cold_start };
    return {
      ...keysOf(measurements),
      measured_at: new Date().toISOString().slice(0, 10),
      quick: plan !== FULL,
      machine: { cores: navigator.hardwareConcurrency, deno: Deno.version.deno, awake },
      ...measurements,
    };
  } finally {
    await vigil?.stop();
    await auth.stop();
  }
}
