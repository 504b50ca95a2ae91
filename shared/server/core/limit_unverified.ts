import { TIMED_OUT } from "./bounded_fetch.ts";
import type { GetUser, GetUserResult } from "./get_user.ts";
import { createQueue } from "./queue.ts";
import type { SignatureStatus } from "./signature.ts";

/** The call about one token whose signature was looked at. `kid` is the key that it names. */
export type LimitedGetUser = (
  token: string,
  timeoutMs: number,
  signature: SignatureStatus,
  kid: string,
) => Promise<GetUserResult>;

/** Limits on calls about tokens that strangers may have made up, each with a budget of its own. */
export interface UnverifiedLimits {
  readonly getUser: LimitedGetUser;
  /** Auth has refused a token that could not be verified here. */
  recordForged(): void;
  /** Auth has admitted a token of a key that is not at hand: others of it need not wait. */
  recordKey(kid: string): void;
}

/**
 * Calls about tokens that cannot be verified here (HS256, or a key that only Auth has), at once, while
 * Auth refuses many of them. With Auth at 200 ms it serves 1,280 per second, so a newcomer gets in
 * beside a flood of 500 per second; forged tokens cannot be told from newcomers.
 */
const MAX_UNVERIFIABLE_CALLS = 256;
/** So many refusals, of which one is forgotten per second, are a flood; one forged token is not. */
const FLOOD_REFUSALS = 10;
const MAX_REMEMBERED_REFUSALS = 70;

/** Calls per second about tokens that no key at hand confirms, and how many may be saved up. */
const DOUBTFUL_CALLS_PER_SECOND = 5;
const MAX_SAVED_UP_CALLS = 20;

/** A call waits at most so long, and at most half of its time; then the answer is 503. */
const MAX_WAIT_MS = 800;
const MAX_WAITING = 1_000;

/**
 * Keeps a flood of forged tokens from starving everybody else. A token whose signature is good never
 * waits.
 *
 * @param getUser The call about one token.
 */
export function limitUnverified(getUser: GetUser): UnverifiedLimits {
  const unverifiable = createQueue(MAX_WAITING);
  let running = 0;
  let refusals = { count: 0, atMs: 0 };

  const doubtful = createQueue(MAX_WAITING);
  let saved = { calls: MAX_SAVED_UP_CALLS, atMs: -Infinity };
  let refill: ReturnType<typeof setTimeout> | undefined;

  const refusalsNow = (nowMs: number) =>
    Math.max(0, refusals.count - (nowMs - refusals.atMs) / 1000);

  /** Waits until fewer calls are running. */
  async function whileFewRun(
    task: () => Promise<GetUserResult>,
    waitMs: number,
  ): Promise<GetUserResult> {
    const mayEnter = running < MAX_UNVERIFIABLE_CALLS ||
      refusalsNow(performance.now()) < FLOOD_REFUSALS;
    if (mayEnter) running++;
    else if (!await unverifiable.wait("", waitMs)) return NOT_ASKED;
    try {
      return await task();
    } finally {
      // A waiting call takes the place, or it becomes free.
      if (running <= MAX_UNVERIFIABLE_CALLS && unverifiable.size > 0) unverifiable.releaseNewest();
      else running--;
    }
  }

  /** Takes one of the calls that are saved up. */
  function takeSavedUp(): boolean {
    const nowMs = performance.now();
    const earned = (nowMs - saved.atMs) / 1000 * DOUBTFUL_CALLS_PER_SECOND;
    saved = { calls: Math.min(MAX_SAVED_UP_CALLS, saved.calls + earned), atMs: nowMs };
    if (saved.calls < 1) return false;
    saved.calls--;
    return true;
  }

  /** Lets those who wait go, one after the other, as calls are earned. */
  function scheduleRefill(): void {
    refill ??= setTimeout(() => {
      refill = undefined;
      while (doubtful.size > 0 && takeSavedUp()) doubtful.releaseNewest();
      if (doubtful.size > 0) scheduleRefill();
    }, 1000 / DOUBTFUL_CALLS_PER_SECOND);
  }

  async function mayAskAboutDoubtful(kid: string, waitMs: number): Promise<boolean> {
    if (takeSavedUp()) return true;
    const waiting = doubtful.wait(kid, waitMs);
    if (doubtful.size > 0) scheduleRefill();
    return await waiting;
  }

  return {
    getUser(token, timeoutMs, signature, kid) {
      if (signature === "verified") return getUser(token, timeoutMs);
      const beganMs = performance.now();
      // Half of the time at most, so that the call that follows has the other half.
      const waitMs = Math.min(timeoutMs / 2, MAX_WAIT_MS);
      const ask = () => getUser(token, timeoutMs - (performance.now() - beganMs));
      if (signature === "unverifiable") return whileFewRun(ask, waitMs);
      return mayAskAboutDoubtful(kid, waitMs).then((may) => may ? ask() : NOT_ASKED);
    },
    recordForged() {
      const nowMs = performance.now();
      const count = Math.min(refusalsNow(nowMs) + 1, MAX_REMEMBERED_REFUSALS);
      refusals = { count, atMs: nowMs };
    },
    recordKey: (kid) => doubtful.releaseAll(kid),
  };
}

const NOT_ASKED: GetUserResult = Object.freeze({ user: null, answer: TIMED_OUT, calls: 0 });
