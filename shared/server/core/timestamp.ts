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

/** Seconds since a moment, by the clock that says more. */
export function age(since: Moment, now: Moment = moment()): number {
  return Math.max(now.mono - since.mono, now.wall - since.wall) / 1000;
}
