/** How long one question to Auth about an expired token answers for, in milliseconds. */
const PROBE_INTERVAL = 60_000;

/**
 * The local clock, held against Auth's `Date` header. A clock that runs wrong would call living
 * tokens expired; so a wrong one refuses nothing, and an unproven one asks Auth once a minute.
 */
export interface Clock {
  /** Now by Auth's clock if ours proved wrong, else by ours; seconds since the epoch. */
  now(skew: number): number;
  /** Whether a token that looks expired may be refused without asking. May note a question. */
  mayRefuse(skew: number): boolean;
  /** Takes the `Date` header of an answer that has just arrived. */
  observe(date: string | null): void;
}

/** Builds the clock of one project; it reads `Date.now()`. */
export function createClock(): Clock {
  let offset: number | null = null; // ms that Auth's clock is ahead of ours; null: never seen
  let asked = -Infinity;
  const wrong = (skew: number) => offset !== null && Math.abs(offset) > skew * 1000;
  return {
    now: (skew) => (Date.now() + (wrong(skew) ? offset ?? 0 : 0)) / 1000,
    mayRefuse(skew) {
      if (offset !== null) return !wrong(skew);
      if (Math.abs(Date.now() - asked) < PROBE_INTERVAL) return true;
      asked = Date.now();
      return false;
    },
    observe(date) {
      const theirs = date === null ? NaN : Date.parse(date);
      if (Number.isFinite(theirs)) offset = theirs - Date.now();
    },
  };
}
