/** How long a comparison of the clocks is trusted, in milliseconds. */
const COMPARISON_TTL_MS = 60_000;
/** The `Date` header has whole seconds: two clocks that agree may seem this far apart. */
const DATE_RESOLUTION_MS = 1_000;

/**
 * The local clock, compared with the `Date` header of Auth's answers. A local clock that runs ahead
 * would call valid tokens expired. So a clock that proved wrong refuses nothing, and neither does one
 * that was not compared for a minute: Auth decides, and its answer is the comparison.
 */
export interface Clock {
  /** Now, by Auth's clock where ours proved wrong, else by ours; seconds since the epoch. */
  now(skewSeconds: number): number;
  /** The later of the two clocks, seconds since the epoch: by it, no token is accepted too long. */
  latest(): number;
  /** Whether a token that looks expired may be refused without asking Auth. */
  mayRefuseExpired(skewSeconds: number): boolean;
  /**
   * Whether an answer's `Date` is older than the newest one that Auth gave within a minute, by more
   * than two clocks may differ: then it came out of a cache. After a minute the newest is
   * forgotten, so that a clock of Auth that was set back heals itself.
   */
  isOutdated(date: string | null, skewSeconds: number): boolean;
  /** Takes the `Date` header of an answer that Auth itself has just given. */
  observe(date: string | null): void;
}

/** Builds the clock of one project; it reads `Date.now()`. */
export function createClock(): Clock {
  let offsetMs = 0; // how far Auth's clock is ahead of ours
  let comparedAtMs = -Infinity; // when they were last compared
  let newest = { authMs: -Infinity, seenAtMs: -Infinity };
  const isWrong = (skewSeconds: number) =>
    Math.abs(offsetMs) > skewSeconds * 1000 + DATE_RESOLUTION_MS;
  const isRecent = (thenMs: number) => Math.abs(Date.now() - thenMs) < COMPARISON_TTL_MS;
  return {
    now: (skewSeconds) => (Date.now() + (isWrong(skewSeconds) ? offsetMs : 0)) / 1000,
    latest: () => (Date.now() + Math.max(offsetMs, 0)) / 1000,
    mayRefuseExpired: (skewSeconds) => !isWrong(skewSeconds) && isRecent(comparedAtMs),
    isOutdated(date, skewSeconds) {
      if (date === null || !isRecent(newest.seenAtMs)) return false;
      return Date.parse(date) < newest.authMs - skewSeconds * 1000 - DATE_RESOLUTION_MS;
    },
    observe(date) {
      comparedAtMs = Date.now();
      const authMs = date === null ? NaN : Date.parse(date);
      if (!Number.isFinite(authMs)) return; // Auth has answered; it does not tell the time
      offsetMs = authMs - comparedAtMs;
      if (authMs >= newest.authMs || !isRecent(newest.seenAtMs)) {
        newest = { authMs, seenAtMs: comparedAtMs };
      }
    },
  };
}
