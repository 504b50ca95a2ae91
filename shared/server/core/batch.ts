import type { Check } from "./get_user.ts";
import { type Moment, moment } from "./timestamp.ts";
import { nextTurn } from "./queue_macrotask.ts";
import { type Answer, LATE } from "./auth_answer.ts";

/** An answer, and which check it is of. */
export interface SharedAnswer {
  readonly answer: Answer;
  /** When the check began: never before the arrival of a request that it serves. */
  readonly began: Moment;
  /** Whether this request's own arrival is the reason for the check. */
  readonly own: boolean;
}

/**
 * Asks Auth about a token, together with whoever else asks at the same moment. Never rejects.
 * `deadline` is on the monotonic clock (ms); a check that is older than `patience` (ms) or half its
 * time is not waited for: the next one begins beside it.
 */
export type SharedCheck = (
  bearer: string,
  deadline: number,
  patience: number,
) => Promise<SharedAnswer>;

/** A request that waits for an answer. */
interface Waiter {
  /** On the monotonic clock, ms. */
  readonly deadline: number;
  /** Whether it is the first of its batch, which the check is made for. */
  readonly own: boolean;
  /** Only the first time counts. */
  readonly resolve: (answer: SharedAnswer) => void;
  timer?: Timer;
}

/** Requests that wait for one check which has not begun. */
interface Batch {
  readonly waiters: Waiter[];
  /** When the patience with the check under way ends, on the monotonic clock (ms). */
  ends: number;
  timer?: Timer;
}

/** The checks of one token. */
interface Lane {
  /** When each check under way began, and half of what it may take (ms); two at most, newest last. */
  readonly running: { readonly began: Moment; readonly half: number }[];
  next: Batch | null;
}

type Timer = ReturnType<typeof setTimeout>;

const MOST_UNDER_WAY = 2;

/**
 * Many requests, few calls, and still strict: those that arrive in one turn of the event loop share
 * a check; nobody joins a check under way, because its answer may be older than a sign-out that
 * came between. Who arrives meanwhile waits for the next one.
 *
 * @param check The check of one token.
 * @returns The shared check.
 */
export function coalesce(check: Check): SharedCheck {
  const lanes = new Map<string, Lane>();

  function open(bearer: string): Lane {
    const lane: Lane = { running: [], next: null };
    lanes.set(bearer, lane);
    return lane;
  }

  /** Begins the check of those who wait, if it may. */
  function begin(bearer: string, lane: Lane): void {
    const batch = lane.next;
    if (batch !== null && lane.running.length < MOST_UNDER_WAY) {
      lane.next = null;
      clearTimeout(batch.timer);
      run(bearer, lane, batch.waiters);
    }
    if (lane.running.length === 0) lanes.delete(bearer);
  }

  function run(bearer: string, lane: Lane, waiters: readonly Waiter[]): void {
    const began = moment();
    let last = 0;
    for (const { deadline } of waiters) if (deadline > last) last = deadline;
    const left = last - began.mono;
    // The check itself keeps the last deadline: only earlier ones need a timer of their own.
    for (const waiter of waiters) if (waiter.deadline < last) giveUpInTime(waiter);
    const mine = { began, half: left / 2 };
    lane.running.push(mine);
    const answered = left > 0 ? check(bearer, left) : Promise.resolve(LATE);
    void answered.then((answer) => {
      lane.running.splice(lane.running.indexOf(mine), 1);
      for (const waiter of waiters) {
        clearTimeout(waiter.timer);
        settle(waiter, answer, began);
      }
      begin(bearer, lane);
    });
  }

  /** Sees to it that a batch begins beside the newest check, when the least patient has waited. */
  function hurry(bearer: string, lane: Lane, batch: Batch, patience: number): void {
    const newest = lane.running.at(-1);
    if (newest === undefined) return;
    const ends = newest.began.mono + Math.min(patience, newest.half);
    if (ends >= batch.ends) return;
    batch.ends = ends;
    clearTimeout(batch.timer);
    batch.timer = setTimeout(() => begin(bearer, lane), Math.max(0, ends - performance.now()));
  }

  return function sharedCheck(bearer, deadline, patience) {
    const lane = lanes.get(bearer) ?? open(bearer);
    const own = lane.next === null;
    const batch = lane.next ??= { waiters: [], ends: Infinity };
    return new Promise((resolve) => {
      const waiter: Waiter = { deadline, own, resolve };
      batch.waiters.push(waiter);
      if (lane.running.length > 0) {
        giveUpInTime(waiter); // it may be long till this begins
        hurry(bearer, lane, batch, patience);
      } else if (own) nextTurn(() => begin(bearer, lane));
    });
  };
}

/** Answers at the waiter's own deadline, whatever the check does. */
function giveUpInTime(waiter: Waiter): void {
  const left = Math.max(0, waiter.deadline - performance.now());
  waiter.timer ??= setTimeout(() => settle(waiter, LATE, moment()), left);
}

function settle({ own, resolve }: Waiter, answer: Answer, began: Moment): void {
  resolve({ answer, began, own });
}
