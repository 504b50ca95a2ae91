// The time of one request inside a process that has handled many.
import type { AuthCommand, AuthReady } from "./fake_auth.ts";
import type { Plan } from "./plan.ts";
import { type Child, start } from "./processes.ts";
import type { Runtime } from "./runtimes.ts";
import { median, rotate } from "./stats.ts";
import type { WorkerCommand } from "./worker.ts";

/** Who is measured: each is a module of subjects/, and has a process of its own. */
export const SUBJECTS = {
  bare_hono: "bare Hono",
  stock_hono: "Hono, stock cors() and requestId()",
  freshness_10: "edge-auth, freshness: 10",
  edge_function: "edge-auth, edgeFunction, freshness: 10",
  strict: "edge-auth, strict (the default)",
  raw_fetch: "raw fetch of /user in the route",
  get_user_shared: "getUser of one shared client",
  get_user_per_request: "createClient + getUser per request",
  hono_jwk: "hono/jwk, keys given",
  supabase_server: "@supabase/server, Hono adapter",
} as const;

/** A module of subjects/. */
export type SubjectName = keyof typeof SUBJECTS;

/** What was measured of one subject, with Auth at 0 ms. */
export interface Warm {
  readonly subject: SubjectName;
  /** Microseconds per request of one user: the median of the rounds. */
  readonly us: number;
  /** The same for each round of each start: a ratio of two subjects is taken within a round. */
  readonly rounds_us: readonly number[];
  /** Microseconds per request when every request brings a token that is new to the process. */
  readonly new_token_us: number;
  /** What a token is answered whose session had ended before the process saw it. */
  readonly ended_session_status: number;
}

/** Milliseconds of warm-up at a stretch: all subjects take turns, so none is idle for long. */
const SLICE_MS = 50;
const NEW_TOKENS = 60;

/** Starts all subjects side by side, warms them up, and gives each its turn in every round. */
export async function measureWarm(
  runtime: Runtime,
  auth: Child<AuthReady>,
  plan: Plan,
): Promise<Warm[]> {
  const names = Object.keys(SUBJECTS) as SubjectName[];
  const issue = (command: Omit<AuthCommand, "delay_ms">) =>
    auth.ask<string[]>({ delay_ms: 0, ...command });
  const [token = ""] = await issue({ tokens: 1 });
  const [ended = ""] = await issue({ tokens: 1, ended: true });
  const results = names.map((subject) => ({
    subject,
    rounds_us: [] as number[],
    new_us: [] as number[],
    ended_session_status: 0,
  }));
  for (let started = 0; started < plan.starts; started++) {
    const workers = [];
    for (const result of results) {
      const module = new URL("worker.ts", import.meta.url);
      const child = await start(runtime, module, [result.subject], auth.ready);
      workers.push({ result, child, ask: (it: WorkerCommand) => child.ask<number>(it) });
    }
    for (let ms = 0; ms < plan.warm_up_ms; ms += SLICE_MS) {
      for (const { ask } of workers) await ask({ do: "repeat", token, ms: SLICE_MS / 2 });
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const { ask, result } of rotate(workers, round)) {
        result.rounds_us.push(await ask({ do: "repeat", token, ms: plan.turn_ms }));
      }
    }
    for (const { ask, result, child } of workers) {
      result.new_us.push(await ask({ do: "once", tokens: await issue({ tokens: NEW_TOKENS }) }));
      result.ended_session_status = await ask({ do: "status", token: ended });
      await child.stop();
    }
  }
  return results.map(({ new_us, ...result }) => ({
    ...result,
    us: median(result.rounds_us),
    new_token_us: median(new_us),
  }));
}
