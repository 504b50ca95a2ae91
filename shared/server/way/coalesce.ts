import { setImmediate } from "node:timers";
import type { Check } from "./check.ts";
import type { Answer } from "./upstream.ts";

/** An answer, and which check it is of. */
export interface SharedAnswer {
  readonly answer: Answer;
  /** When the check began: never before the arrival of a request that it serves. */
  readonly began: Moment;
  /** Whether this request's own arrival is the reason for the check. */
  readonly own: boolean;
}

/** One moment by both clocks: the monotonic one stops in a suspended isolate, the wall one jumps. */
export interface Moment {
  /** `performance.now()`, ms. */
  readonly mono: number;
  /** `Date.now()`, ms. */
  readonly wall: number;
}

/** Now, by both clocks. */
export function moment(): Moment {
  return { mono: performance.now(), wall: Date.now() };
}

/** Asks Auth about a token, together with whoever else asks at the same moment. Never rejects. */
export type SharedCheck = (
  token: string,
  timeout: number,
  patience: number,
) => Promise<SharedAnswer>;

/** Requests that wait for one check which has not begun. */
interface Batch {
  deadline: number;
  waiting: number;
  readonly done: PromiseWithResolvers<Omit<SharedAnswer, "own">>;
}

/** The checks of one token. */
interface Lane {
  /** When each check under way began, and what it may take; two at most. */
  readonly running: Set<{ readonly began: Moment; readonly patience: number }>;
  next: Batch | null;
}

const MOST_UNDER_WAY = 2;

/**
 * Many requests, few calls, and still strict: those that arrive in one turn of the event loop share
 * a check; nobody joins a check under way, because its answer may be older than a sign-out that
 * came between. Who arrives meanwhile waits for the next one.
 *
 * @param check The check of one token.
 * @returns The shared check. `timeout` runs from the call (ms); a check that is older than
 * `patience` (ms) or half its time is not waited for: the next one begins beside it.
 */
export function coalesce(check: Check): SharedCheck {
  const lanes = new Map<string, Lane>();

  function begin(token: string, lane: Lane, batch: Batch | null, patience: number): void {
    if (batch !== null && batch === lane.next && lane.running.size < MOST_UNDER_WAY) {
      lane.next = null;
      const left = batch.deadline - performance.now();
      if (batch.waiting > 0 && left > 0) run(token, lane, batch, left, patience);
    }
    if (lane.running.size === 0 && lane.next === null) lanes.delete(token);
  }

  function run(token: string, lane: Lane, batch: Batch, left: number, patience: number): void {
    const began = moment();
    const mine = { began, patience: Math.min(patience, left / 2) };
    lane.running.add(mine);
    void check(token, left).then((answer) => {
      lane.running.delete(mine);
      batch.done.resolve({ answer, began });
      begin(token, lane, lane.next, patience);
    });
  }

  /** Joins the batch that has not begun, or opens one and sees to it that it begins. */
  function enter(token: string, timeout: number, patience: number): [Batch, own: boolean] {
    const lane = lanes.get(token) ?? { running: new Set(), next: null };
    lanes.set(token, lane);
    const deadline = performance.now() + timeout;
    if (lane.next !== null) {
      lane.next.deadline = Math.max(lane.next.deadline, deadline);
      lane.next.waiting++;
      return [lane.next, false];
    }
    const batch: Batch = { deadline, waiting: 1, done: Promise.withResolvers() };
    lane.next = batch;
    const newest = [...lane.running].at(-1);
    if (newest === undefined) {
      setImmediate(() => begin(token, lane, batch, patience));
    } else {
      const wait = Math.max(0, newest.patience - (performance.now() - newest.began.mono));
      const timer = setTimeout(() => begin(token, lane, batch, patience), wait);
      void batch.done.promise.then(() => clearTimeout(timer));
    }
    return [batch, true];
  }

  return async function sharedCheck(token, timeout, patience) {
    const [batch, own] = enter(token, timeout, patience);
    const late = Promise.withResolvers<Omit<SharedAnswer, "own">>();
    const timer = setTimeout(() => {
      batch.waiting--;
      late.resolve({ answer: { kind: "fault", reason: "timeout" }, began: moment() });
    }, timeout);
    const { answer, began } = await Promise.race([batch.done.promise, late.promise]);
    clearTimeout(timer);
    return { answer, began, own };
  };
}
