// A fleet in small: isolates in processes of their own, one fake Auth, and what arrives there.
import { type AuthServer, startAuth } from "../auth_server.ts";
import { type Child, start } from "../child.ts";
import { callsPerSecond, type Fleet } from "./formula.ts";
import { connect, requestBytes } from "../http_client.ts";
import { gather } from "./traffic.ts";

/** One line of the fleet's table; `requests_per_second` is what was really sent. */
export interface FleetLine extends Fleet {
  /** Calls to Auth a second: counted by Auth, and by the formula for what was sent. */
  readonly measured: number;
  readonly expected: number;
}

/** What to measure. */
export interface FleetPlan {
  readonly fleets: readonly Pick<Fleet, "isolates" | "freshness" | "users">[];
  readonly requests_per_second: number;
  /** Milliseconds that Auth takes. */
  readonly call_ms: number;
  /** Seconds a line, after as long as the freshness to warm up. */
  readonly seconds: number;
  /** Users to find out with how many one isolate remembers. */
  readonly strangers: number;
}

/** What a run measured. */
export interface FleetResult {
  readonly lines: readonly FleetLine[];
  /** Users that one isolate remembered. */
  readonly remembered: number;
}

/** Runs every fleet of the plan, one after another. */
export async function measureFleet(
  plan: FleetPlan,
  tell: (line: string) => void,
): Promise<FleetResult> {
  const auth = await startAuth();
  const lines: FleetLine[] = [];
  try {
    tell("what one isolate remembers");
    const remembered = await measureMemory(auth, plan.strangers);
    await auth.delay(plan.call_ms);
    for (const fleet of plan.fleets) {
      tell(`${fleet.isolates} isolates, ${fleet.users} users, freshness ${fleet.freshness}`);
      lines.push(await measureOne(auth, plan, { ...fleet, remembered }));
    }
    return { lines, remembered };
  } finally {
    await auth.stop();
  }
}

/** Everybody comes once, and then again, the last one first: who costs no call was remembered. */
async function measureMemory(auth: AuthServer, users: number): Promise<number> {
  const isolate = await startIsolate(auth, 300);
  const requests = (await auth.tokens("live", users)).map(requestBytes);
  const connection = await connect(isolate.ready.port);
  for (const request of requests) await connection.send(request);
  await auth.calls();
  for (const request of requests.toReversed()) await connection.send(request);
  const { user } = await auth.calls();
  connection.close();
  await isolate.stop();
  return users - user;
}

function startIsolate(auth: AuthServer, freshness: number): Promise<Child<{ port: number }>> {
  return start({
    module: "./worker.ts",
    args: ["any_freshness"],
    env: { ...auth.env, BENCH_FRESHNESS: String(freshness) },
  });
}

async function measureOne(
  auth: AuthServer,
  plan: FleetPlan,
  { isolates, freshness, users, remembered }: Pick<
    Fleet,
    "isolates" | "freshness" | "users" | "remembered"
  >,
): Promise<FleetLine> {
  const children = await Promise.all(
    Array.from({ length: isolates }, () => startIsolate(auth, freshness)),
  );
  const ports = children.map((child) => child.ready.port);
  const crowd = gather(ports, await auth.tokens("live", users), plan.requests_per_second);
  // Rates are of the long run: by then each isolate has answers of every age.
  await crowd.send(freshness + 1);
  await auth.calls();
  const { requests, seconds } = await crowd.send(plan.seconds);
  const { user } = await auth.calls();
  crowd.close();
  await Promise.all(children.map((child) => child.stop()));
  const fleet = {
    isolates,
    users,
    requests_per_second: requests / seconds,
    freshness,
    call: plan.call_ms / 1000,
    remembered,
  };
  return { ...fleet, measured: user / seconds, expected: callsPerSecond(fleet) };
}
