/** How long a comparison of the clocks is trusted, in milliseconds. */
const COMPARISON_TTL_MS = 60_000;
/** The `Date` header has whole seconds: two clocks that agree may seem this far apart. */
const DATE_RESOLUTION_MS = 1_000;

/**
 * The local clock, compared with the `Date` header of Auth's answers. A local clock that runs ahead
 * would call valid tokens expired. So a clock that proved wrong refuses nothing, and one that was
 * not compared for a minute lets Auth decide once.
 */
export interface Clock {
  /** Now, by Auth's clock where ours proved wrong, else by ours; seconds since the epoch. */
  now(skewSeconds: number): number;
  /** The later of the two clocks, seconds since the epoch: by it, no token is accepted too long. */
  latest(): number;
  /**
   * Whether a token that looks expired may be refused without asking Auth. `false` where the clocks
   * were not compared lately; the question to Auth that follows is counted as a comparison.
   */
  mayRefuseExpired(skewSeconds: number): boolean;
  /** Takes the `Date` header of an answer that Auth itself has just given. */
  observe(date: string | null): void;
}

/** Builds the clock of one project; it reads `Date.now()`. */
export function createClock(): Clock {
  let offsetMs = 0; // how far Auth's clock is ahead of ours
  let comparedAtMs = -Infinity; // when they were last compared, or a comparison was asked for
  const isWrong = (skewSeconds: number) =>
    Math.abs(offsetMs) > skewSeconds * 1000 + DATE_RESOLUTION_MS;
  return {
    now: (skewSeconds) => (Date.now() + (isWrong(skewSeconds) ? offsetMs : 0)) / 1000,
    latest: () => (Date.now() + Math.max(offsetMs, 0)) / 1000,
    mayRefuseExpired(skewSeconds) {
      if (isWrong(skewSeconds)) return false;
      if (Math.abs(Date.now() - comparedAtMs) < COMPARISON_TTL_MS) return true;
      comparedAtMs = Date.now();
      return false;
    },
    observe(date) {
      const authMs = date === null ? NaN : Date.parse(date);
      if (!Number.isFinite(authMs)) return;
      comparedAtMs = Date.now();
      offsetMs = authMs - comparedAtMs;
    },
  };
}
