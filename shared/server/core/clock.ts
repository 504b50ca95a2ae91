/** How long a comparison of the clocks holds, in milliseconds. */
const PROBE_INTERVAL = 60_000;
/** `Date` has whole seconds: two clocks that agree may seem so many milliseconds apart. */
const RESOLUTION = 1_000;

/**
 * The local clock, held against Auth's `Date` header. A clock that runs wrong would call living
 * tokens expired; so a wrong one refuses nothing, and one not compared for a minute first lets Auth decide.
 */
export interface Clock {
  /** Now by Auth's clock if ours proved wrong, else by ours; seconds since the epoch. */
  now(skew: number): number;
  /** The later of the two clocks, seconds since the epoch: by it, nothing lives too long. */
  latest(): number;
  /** Whether a token that looks expired may be refused without asking. May note a question. */
  mayRefuse(skew: number): boolean;
  /** Takes the `Date` header of an answer of Auth's own that has just arrived. */
  observe(date: string | null): void;
}

/** Builds the clock of one project; it reads `Date.now()`. */
export function createClock(): Clock {
  let header: string | null = null; // the last one, and what it says (ms): it changes once a second
  let theirs = NaN;
  let offset = 0; // ms that Auth's clock is ahead of ours
  let compared = -Infinity; // when they were last compared, or a comparison was asked for
  const wrong = (skew: number) => Math.abs(offset) > skew * 1000 + RESOLUTION;
  return {
    now: (skew) => (Date.now() + (wrong(skew) ? offset : 0)) / 1000,
    latest: () => (Date.now() + Math.max(offset, 0)) / 1000,
    mayRefuse(skew) {
      if (wrong(skew)) return false;
      if (Math.abs(Date.now() - compared) < PROBE_INTERVAL) return true;
      compared = Date.now();
      return false;
    },
    observe(date) {
      if (date !== header) theirs = date === null ? NaN : Date.parse(date);
      header = date;
      if (!Number.isFinite(theirs)) return;
      compared = Date.now();
      offset = theirs - compared;
    },
  };
}
