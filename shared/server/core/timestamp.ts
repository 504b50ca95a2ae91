/** A point in time on both clocks: the monotonic one stops in a suspended isolate, the wall clock can jump. */
export interface Timestamp {
  /** `performance.now()`, milliseconds. */
  readonly monotonicMs: number;
  /** `Date.now()`, milliseconds. */
  readonly wallMs: number;
}

/** Now, on both clocks. */
export function timestamp(): Timestamp {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Seconds since `then`, by the clock on which more time has passed. */
export function secondsSince(then: Timestamp, now: Timestamp = timestamp()): number {
  return Math.max(now.monotonicMs - then.monotonicMs, now.wallMs - then.wallMs) / 1000;
}
