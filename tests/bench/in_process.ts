// A "request" here is made and answered inside the subject's process, one after another: a Request
// is built and `await app.fetch(request)` answers it. That is what a runtime does for a function
// whatever carries the bytes; a connection's 60 to 80 us would hide what a check adds to it. The
// handling alone is told beside it.
import type { AuthServer } from "./auth_server.ts";
import { rotate } from "./over_http.ts";
import type { Plan } from "./plan.ts";
import { median } from "./stats.ts";
import { type Subject, type SubjectName } from "./subjects.ts";
import type { Block } from "./worker.ts";

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
type Turn = Omit<InProcess, "subject" | "rounds_us">;

/** Requests a block: enough to time, few enough to have many of them. */
const BLOCK = 50;

/** Milliseconds in which the compiler has its say before the first round. */
const WARM_UP = 800;

/** Times every subject in turn, round after round. */
export async function measureInProcess(
  auth: AuthServer,
  subjects: readonly Subject[],
  plan: Plan,
): Promise<InProcess[]> {
  const tokens = await auth.tokens("live", 1);
  const all = new Map<SubjectName, Turn[]>();
  for (const subject of subjects) {
    await subject.handle({ tokens, size: BLOCK, ms: Math.min(WARM_UP, 10 * plan.inside_ms) });
  }
  for (let round = 0; round < plan.inside_rounds; round++) {
    for (const subject of rotate(subjects, round)) {
      const fresh = await auth.tokens("live", plan.first_requests);
      // Whoever has slept while the others had their turn wakes up first: its memory may be gone
      // from the caches, or from the machine.
      await subject.handle({ tokens, size: BLOCK, ms: plan.inside_ms });
      const before = await subject.usage();
      const blocks = await subject.handle({ tokens, size: BLOCK, ms: plan.inside_ms });
      const after = await subject.usage();
      const first = await subject.handle({ tokens: fresh, size: fresh.length / 3, ms: 0 });
      const requests = blocks.reduce((sum, block) => sum + block.requests, 0);
      all.set(subject.name, [...all.get(subject.name) ?? [], {
        us: middle(blocks, (block) => block.us_per_request),
        handling_us: middle(blocks, (block) => block.handling_us),
        cpu_us: (after.cpu_us - before.cpu_us) / requests,
        first_us: middle(first, (block) => block.us_per_request),
      }]);
    }
  }
  return [...all].map(([subject, rounds]) => ({
    subject,
    us: middle(rounds, (round) => round.us),
    rounds_us: rounds.map((round) => round.us),
    handling_us: middle(rounds, (round) => round.handling_us),
    cpu_us: middle(rounds, (round) => round.cpu_us),
    first_us: middle(rounds, (round) => round.first_us),
  }));
}

function middle<T extends Block | Turn>(
  items: readonly T[],
  of: (item: T) => number,
): number {
  return median(items.map(of));
}
