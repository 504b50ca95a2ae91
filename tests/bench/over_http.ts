// A "request" here is a GET /me on a keep-alive connection of this machine: the time runs from the
// first byte sent to the last byte of the answer read, the connection and the driver included.
import type { AuthServer } from "./auth_server.ts";
import { connect, type Connection } from "./http_client.ts";
import type { Plan } from "./plan.ts";
import { median, percentile } from "./stats.ts";
import { type Subject, type SubjectName, SUBJECTS } from "./subjects.ts";
import { prepareTraffic, type Traffic, type TrafficName, type Turn } from "./traffic.ts";

/** One subject under one traffic: each number is the median of the rounds. */
export interface Row {
  readonly delay_ms: number;
  readonly traffic: TrafficName;
  readonly title: string;
  readonly subject: SubjectName;
  readonly requests_per_second: number;
  /** Of a request; for `burst8`, of the whole burst. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** CPU of the subject's process, all threads. */
  readonly cpu_us: number;
  /** Calls that reached Auth, keys included, for a thousand requests: of all rounds together. */
  readonly calls_per_1000: number;
  /** The most calls that one burst made. */
  readonly most_calls: number;
  readonly rss_mb: number;
  /** Part of the requests that were answered 200. */
  readonly admitted: number;
}

interface Measured extends Turn {
  readonly cpu_us: number;
  readonly rss: number;
}

/** Sends every traffic to every subject, with Auth at each delay. */
export async function measureOverHttp(
  auth: AuthServer,
  subjects: readonly Subject[],
  plan: Plan,
  tell: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  const traffics = await prepareTraffic(auth, plan);
  tell("warm-up over HTTP"); // these processes have handled nothing yet: see Plan.warm_up_ms
  const rounds = Math.ceil(plan.warm_up_ms / plan.turn_ms);
  const [one_user] = traffics;
  if (one_user !== undefined) await measureTraffic(auth, subjects, one_user, 0, rounds);
  for (const delay_ms of [0, 20]) {
    await auth.delay(delay_ms);
    for (const traffic of traffics) {
      tell(`${traffic.title}, Auth at ${delay_ms} ms`);
      rows.push(...await measureTraffic(auth, subjects, traffic, delay_ms, plan.rounds));
    }
  }
  await auth.delay(0);
  return rows;
}

async function measureTraffic(
  auth: AuthServer,
  subjects: readonly Subject[],
  traffic: Traffic,
  delay_ms: number,
  rounds: number,
): Promise<Row[]> {
  const measured = new Map<SubjectName, Measured[]>();
  const open = new Map<Subject, Connection[]>();
  for (const subject of subjects) {
    if (!traffic.for_all && SUBJECTS[subject.name].role === "floor") continue;
    const ports = Array.from({ length: traffic.connections }, () => subject.port);
    open.set(subject, await Promise.all(ports.map(connect)));
  }
  // A flood counts calls, and a thousand requests are enough for that.
  const turns = traffic.for_all ? rounds : Math.min(rounds, delay_ms > 0 ? 1 : 3);
  for (let round = 0; round < turns; round++) {
    for (const [subject, connections] of rotate([...open], round)) {
      const turn = await measureTurn(auth, subject, connections, traffic, delay_ms);
      measured.set(subject.name, [...measured.get(subject.name) ?? [], turn]);
    }
  }
  for (const connections of open.values()) for (const each of connections) each.close();
  return [...measured].map(([subject, all]) => summarise(delay_ms, traffic, subject, all));
}

async function measureTurn(
  auth: AuthServer,
  subject: Subject,
  connections: readonly Connection[],
  traffic: Traffic,
  delay_ms: number,
): Promise<Measured> {
  await auth.calls();
  const before = await subject.usage();
  const turn = await traffic.turn(connections, delay_ms);
  const after = await subject.usage();
  const { all } = await auth.calls();
  if (traffic.for_all && turn.admitted < turn.requests) {
    throw new Error(`${subject.name} refused a living token: ${traffic.title}`);
  }
  return { ...turn, calls: turn.calls + all, cpu_us: after.cpu_us - before.cpu_us, rss: after.rss };
}

function summarise(
  delay_ms: number,
  traffic: Traffic,
  subject: SubjectName,
  turns: readonly Measured[],
): Row {
  const middle = (of: (turn: Measured) => number) => median(turns.map(of));
  const sum = (of: (turn: Measured) => number) => turns.map(of).reduce((a, b) => a + b, 0);
  return {
    delay_ms,
    traffic: traffic.name,
    title: traffic.title,
    subject,
    requests_per_second: middle((turn) => turn.requests / turn.seconds),
    p50_ms: middle((turn) => percentile(turn.latencies, 0.5)),
    p99_ms: middle((turn) => percentile(turn.latencies, 0.99)),
    cpu_us: middle((turn) => turn.cpu_us / turn.requests),
    calls_per_1000: 1000 * sum((turn) => turn.calls) / sum((turn) => turn.requests),
    most_calls: Math.max(...turns.map((turn) => turn.most_calls)),
    rss_mb: middle((turn) => turn.rss / 1e6),
    admitted: sum((turn) => turn.admitted) / sum((turn) => turn.requests),
  };
}

/** Another one begins each round, so that nobody always follows the same neighbour's noise. */
export function rotate<T>(items: readonly T[], by: number): T[] {
  const at = by % Math.max(items.length, 1);
  return [...items.slice(at), ...items.slice(0, at)];
}
