// A "request" here is made and answered inside the subject's process, one after another: a Request
// is built and `await app.fetch(request)` answers it. Building it is most of what bare Hono takes; a
// server of the runtime makes its requests in another way, and a connection costs more. So the
// handling alone, and the same over HTTP, are told beside it.
import type { AuthServer } from "./auth_server.ts";
import { rotate } from "./over_http.ts";
import type { Plan } from "./plan.ts";
import { median } from "./stats.ts";
import { startSubject, type Subject, type SubjectName } from "./subjects.ts";
import { type Block, LEAST_BLOCKS } from "./worker.ts";

/**
 * Times inside one subject's process, in microseconds a request, Auth at 0 ms. Each is the median
 * of the rounds, and each round the median of its blocks.
 */
export interface InProcess {
  readonly subject: SubjectName;
  /** The same user again and again. */
  readonly us: number;
  /** The same round by round: a ratio is taken within a round, where both had the same machine. */
  readonly rounds_us: readonly number[];
  /** The same, without the building of the Request. */
  readonly handling_us: number;
  /** CPU of the process, all threads. */
  readonly cpu_us: number;
  /** A genuine user's first request: every request has a token never seen before. */
  readonly first_us: number;
}

/** One subject's turn. */
type Turn = Pick<InProcess, "us" | "handling_us" | "cpu_us">;

type Traffic = Parameters<Subject["handle"]>[0];

/** Requests a block: enough to time, few enough to have many of them. */
const BLOCK = 20;

/**
 * Milliseconds of warm-up at a stretch. Every subject has its share in turn, so that none has slept
 * for long when the rounds begin: after half a minute V8 gives an idle process's heap back (its
 * "reduce" collection), and a strict request took 300 to 400 us for thousands of requests after
 * that, 225 to 290 before it and with --no-memory-reducer.
 */
const SLICE = 50;

/** Times every subject in turn, round after round, in processes that are started anew now and then. */
export async function measureInProcess(
  auth: AuthServer,
  names: readonly SubjectName[],
  plan: Plan,
): Promise<InProcess[]> {
  const tokens = await auth.tokens("live", 1);
  const turns = new Map<SubjectName, Turn[]>(names.map((name) => [name, []]));
  const first = new Map<SubjectName, number[]>(names.map((name) => [name, []]));
  for (let start = 0; start < plan.inside_starts; start++) {
    const subjects = await Promise.all(names.map((name) => startSubject(name, auth.env)));
    const same = { tokens, size: BLOCK };
    for (let warm = 0; warm < plan.warm_up_ms; warm += SLICE) {
      for (const subject of subjects) await subject.handle({ ...same, ms: SLICE });
    }
    for (let round = 0; round < plan.inside_rounds; round++) {
      for (const subject of rotate(subjects, round)) {
        turns.get(subject.name)?.push(await takeTurn(subject, { ...same, ms: plan.inside_ms }));
      }
    }
    for (const subject of subjects) {
      const fresh = await auth.tokens("live", plan.first_requests);
      await subject.handle({ ...same, ms: plan.inside_ms });
      const size = fresh.length / LEAST_BLOCKS; // each of these tokens once
      const blocks = await subject.handle({ tokens: fresh, size, ms: 0 });
      first.get(subject.name)?.push(...blocks.map((block) => block.us_per_request));
    }
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
  return [...turns].map(([subject, rounds]) => ({
    subject,
    us: middle(rounds, (round) => round.us),
    rounds_us: rounds.map((round) => round.us),
    handling_us: middle(rounds, (round) => round.handling_us),
    cpu_us: middle(rounds, (round) => round.cpu_us),
    first_us: median(first.get(subject) ?? []),
  }));
}

async function takeTurn(subject: Subject, traffic: Traffic): Promise<Turn> {
  // Whoever has slept while the others had their turn wakes up first: its memory may be gone from
  // the caches, or from the machine.
  await subject.handle(traffic);
  const before = await subject.usage();
  const blocks = await subject.handle(traffic);
  const after = await subject.usage();
  const requests = blocks.reduce((sum, block) => sum + block.requests, 0);
  return {
    us: middle(blocks, (block) => block.us_per_request),
    handling_us: middle(blocks, (block) => block.handling_us),
    cpu_us: (after.cpu_us - before.cpu_us) / requests,
  };
}

function middle<T extends Block | Turn>(items: readonly T[], of: (item: T) => number): number {
  return median(items.map(of));
}
