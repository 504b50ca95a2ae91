// A fleet in small: isolates in processes of their own, one fake Auth, and what arrives there.
import { type AuthServer, startAuth } from "../auth_server.ts";
import { type Child, start } from "../child.ts";
import { callsPerSecond, type Fleet } from "./formula.ts";
import { gather } from "./traffic.ts";

/** One line of the fleet's table. */
export interface FleetLine extends Fleet {
  /** Requests that were really sent. */
  readonly requests: number;
  readonly measured_requests_per_second: number;
  /** Calls to Auth a second: counted by Auth, and by the formula for what was sent. */
  readonly measured: number;
  readonly expected: number;
}

/** What to measure. */
export interface FleetPlan {
  readonly isolates: readonly number[];
  readonly freshness: readonly number[];
  readonly users: number;
  readonly requests_per_second: number;
  /** Milliseconds that Auth takes. */
  readonly call_ms: number;
  /** Seconds a line, after as long as the freshness to warm up. */
  readonly seconds: number;
}

/** Runs every fleet of the plan, one after another. */
export async function measureFleet(
  plan: FleetPlan,
  tell: (line: string) => void,
): Promise<FleetLine[]> {
  const auth = await startAuth();
  const lines: FleetLine[] = [];
  try {
    await auth.delay(plan.call_ms);
    for (const isolates of plan.isolates) {
      for (const freshness of plan.freshness) {
        tell(`${isolates} isolates, freshness ${freshness || "strict"}`);
        lines.push(await measureOne(auth, plan, isolates, freshness));
      }
    }
  } finally {
    await auth.stop();
  }
  return lines;
}

async function measureOne(
  auth: AuthServer,
  plan: FleetPlan,
  isolates: number,
  freshness: number,
): Promise<FleetLine> {
  const children: Child<{ port: number }>[] = await Promise.all(
    Array.from({ length: isolates }, () =>
      start<{ port: number }>({
        module: "./worker.ts",
        args: ["any_freshness"],
        env: { ...auth.env, BENCH_FRESHNESS: String(freshness) },
      })),
  );
  const ports = children.map((child) => child.ready.port);
  const crowd = gather(ports, await auth.tokens("live", plan.users), plan.requests_per_second);
  // Rates are of the long run: by then each isolate has answers of every age.
  await crowd.send(freshness + 1);
  await auth.calls();
  const { requests, seconds } = await crowd.send(plan.seconds);
  const { user } = await auth.calls();
  crowd.close();
  await Promise.all(children.map((child) => child.stop()));
  const fleet = {
    isolates,
    users: plan.users,
    requests_per_second: requests / seconds,
    freshness,
    call: plan.call_ms / 1000,
  };
  return {
    ...fleet,
    requests,
    measured_requests_per_second: requests / seconds,
    measured: user / seconds,
    expected: callsPerSecond(fleet),
  };
}
