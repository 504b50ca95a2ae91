// The time from the start of a function's process to its first answer, modules downloaded, no
// compiled code of an earlier start: what a caller waits for where no isolate is running.
import type { AuthReady } from "./fake_auth.ts";
import { type Child, start } from "./processes.ts";
import type { Runtime } from "./runtimes.ts";
import { rotate } from "./stats.ts";
import { headersOf } from "./worker.ts";

/** The same function, three times. */
export const FUNCTIONS = {
  edge_auth: "../../functions/me/index.ts",
  supabase_server: "./cold_start/on_supabase_server.ts",
  bare_hono: "./cold_start/on_bare_hono.ts",
} as const;

/** Starts with Auth at one distance, in milliseconds: the n-th of each function ran in turn. */
export type Cold =
  & Readonly<Record<keyof typeof FUNCTIONS, readonly number[]>>
  & { readonly auth_delay_ms: number };

/** Starts each function in turn, again and again. */
export async function measureCold(
  runtime: Runtime,
  auth: Child<AuthReady>,
  starts: number,
): Promise<Cold[]> {
  const results: Cold[] = [];
  for (const auth_delay_ms of [0, 20]) {
    const [token = ""] = await auth.ask<string[]>({ delay_ms: auth_delay_ms, tokens: 1 });
    const times = { edge_auth: [], supabase_server: [], bare_hono: [] } as Record<string, number[]>;
    const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];
    for (let round = -1; round < starts; round++) {
      for (const name of rotate(names, round + 1)) {
        const module = new URL(FUNCTIONS[name], import.meta.url);
        const ms = await startOnce(runtime, module, auth.ready, token);
        if (round >= 0) times[name]?.push(ms); // the first one fills the caches of the disk
      }
    }
    results.push({ auth_delay_ms, ...times } as Cold);
  }
  return results;
}

async function startOnce(runtime: Runtime, module: URL, env: AuthReady, token: string) {
  const began = performance.now();
  const serve = new URL("cold_start/serve.ts", import.meta.url);
  const child = await start<number>(runtime, serve, [module.href], env);
  const response = await fetch(`http://127.0.0.1:${child.ready}/me`, { headers: headersOf(token) });
  await response.arrayBuffer();
  const ms = performance.now() - began;
  await child.stop();
  if (response.status !== 200) throw new Error(`${module.pathname} answered ${response.status}`);
  return ms;
}
