import { TIMED_OUT } from "./bounded_fetch.ts";
import type { GetUserResult } from "./get_user.ts";
import type { LimitedGetUser } from "./limit_unverified.ts";
import type { SignatureStatus } from "./signature.ts";
import { type Timestamp, timestamp } from "./timestamp.ts";

/** The result of a call, and which call it is of. */
export interface BatchedResult extends GetUserResult {
  /** When the call began: never before the arrival of a request that it serves. */
  readonly beganAt: Timestamp;
  /** Whether the call was made for this request, and others joined. */
  readonly isLeader: boolean;
}

/**
 * Asks Auth about a token, together with all who ask at the same time. Never rejects.
 *
 * `deadlineMs` is on the monotonic clock. Beside a call that is older than `patienceMs`, or older
 * than half the time it may take, the next one begins.
 */
export type BatchedGetUser = (
  token: string,
  deadlineMs: number,
  patienceMs: number,
  signature: SignatureStatus,
  kid: string,
) => Promise<BatchedResult>;

/** A request that waits for a result. */
interface BatchWaiter {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly isLeader: boolean;
  /** Only the first call counts. */
  readonly resolve: (result: BatchedResult) => void;
  timer?: Timer;
}

/** Requests that wait for one call that has not begun. */
interface Batch {
  readonly signature: SignatureStatus;
  readonly kid: string;
  readonly waiters: BatchWaiter[];
  /** When it begins beside the call in flight, on the monotonic clock. */
  startMs: number;
  timer?: Timer;
}

/** A call in flight. */
interface Flight {
  readonly beganAt: Timestamp;
  readonly halfTimeoutMs: number;
}

/** The calls about one token. */
interface TokenQueue {
  /** Two at most, the newest last. */
  readonly flights: Flight[];
  next: Batch | null;
}

type Timer = ReturnType<typeof setTimeout>;

const MAX_FLIGHTS = 2;

/**
 * Makes few calls for many requests, and stays strict. Requests that arrive together share a call.
 * Nobody joins a call in flight, because its answer may be older than a sign-out that came between;
 * who arrives meanwhile shares the next one.
 *
 * @param getUser The call about one token.
 */
export function batchGetUser(getUser: LimitedGetUser): BatchedGetUser {
  const queues = new Map<string, TokenQueue>();

  function open(token: string): TokenQueue {
    const queue: TokenQueue = { flights: [], next: null };
    queues.set(token, queue);
    return queue;
  }

  /** Begins the call of those who wait, unless too many are in flight. */
  function start(token: string, queue: TokenQueue): void {
    const batch = queue.next;
    if (batch !== null && queue.flights.length < MAX_FLIGHTS) {
      queue.next = null;
      clearTimeout(batch.timer);
      call(token, queue, batch);
    }
    if (queue.flights.length === 0) queues.delete(token);
  }

  function call(token: string, queue: TokenQueue, { waiters, signature, kid }: Batch): void {
    const beganAt = timestamp();
    let lastMs = 0;
    for (const { deadlineMs } of waiters) lastMs = Math.max(lastMs, deadlineMs);
    // The call itself ends at the last deadline: only the others need a timer of their own.
    for (const waiter of waiters) if (waiter.deadlineMs < lastMs) resolveInTime(waiter);
    const timeoutMs = lastMs - beganAt.monotonicMs;
    const flight = { beganAt, halfTimeoutMs: timeoutMs / 2 };
    queue.flights.push(flight);
    const asked = timeoutMs > 0
      ? getUser(token, timeoutMs, signature, kid)
      : Promise.resolve(NO_RESULT);
    void asked.then((result) => {
      queue.flights.splice(queue.flights.indexOf(flight), 1);
      for (const waiter of waiters) {
        clearTimeout(waiter.timer);
        waiter.resolve({ ...result, beganAt, isLeader: waiter.isLeader });
      }
      start(token, queue);
    });
  }

  /** Lets a batch begin beside the newest call as soon as the least patient of it has waited. */
  function startEarly(token: string, queue: TokenQueue, batch: Batch, patienceMs: number): void {
    const newest = queue.flights.at(-1);
    if (newest === undefined) return;
    const startMs = newest.beganAt.monotonicMs + Math.min(patienceMs, newest.halfTimeoutMs);
    if (startMs >= batch.startMs) return;
    batch.startMs = startMs;
    clearTimeout(batch.timer);
    const waitMs = Math.max(0, startMs - performance.now());
    batch.timer = setTimeout(() => start(token, queue), waitMs);
  }

  return function batchedGetUser(token, deadlineMs, patienceMs, signature, kid) {
    const queue = queues.get(token) ?? open(token);
    const isLeader = queue.next === null;
    const batch = queue.next ??= { waiters: [], startMs: Infinity, signature, kid };
    return new Promise((resolve) => {
      const waiter: BatchWaiter = { deadlineMs, isLeader, resolve };
      batch.waiters.push(waiter);
      if (queue.flights.length > 0) {
        resolveInTime(waiter); // the batch may begin late
        startEarly(token, queue, batch, patienceMs);
      } else if (isLeader) afterArrivals(() => start(token, queue));
    });
  };
}

/**
 * Runs after all requests that the event loop has at hand, without waiting for another turn of it.
 * Eight requests on eight connections then share 1.1 calls; with `queueMicrotask` it is two calls,
 * and a turn by MessageChannel takes a fifth of a check (Deno 2.1.4, Auth on loopback).
 */
const afterArrivals: (start: () => void) => void =
  (globalThis as { process?: { nextTick?: (start: () => void) => void } }).process?.nextTick ??
    queueMicrotask;

const NO_RESULT: GetUserResult = Object.freeze({ user: null, answer: TIMED_OUT, calls: 0 });

/** Answers at the waiter's own deadline, whatever the call does. */
function resolveInTime(waiter: BatchWaiter): void {
  const { deadlineMs, isLeader, resolve } = waiter;
  const waitMs = Math.max(0, deadlineMs - performance.now());
  waiter.timer ??= setTimeout(
    () => resolve({ ...NO_RESULT, beganAt: timestamp(), isLeader }),
    waitMs,
  );
}
