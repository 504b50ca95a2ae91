/** How long a run measures. */
export interface Plan {
  /** Starts of each subject's process: where its memory lies differs, and with it the time. */
  readonly starts: number;
  /** Milliseconds of work per subject before anything counts, so that its code is compiled. */
  readonly warm_up_ms: number;
  /** Rounds per start: short and many, as the speed of a shared machine drifts within seconds. */
  readonly rounds: number;
  /** Milliseconds of one turn, after as long unmeasured. */
  readonly turn_ms: number;
  /** Cold starts of each function, Deno and delay. */
  readonly cold_starts: number;
}

/** The run whose numbers count. */
export const FULL: Plan = { starts: 3, warm_up_ms: 2000, rounds: 20, turn_ms: 15, cold_starts: 12 };

/** `--quick`: shows that everything runs, and the order of magnitude. */
export const QUICK: Plan = { starts: 1, warm_up_ms: 100, rounds: 3, turn_ms: 5, cold_starts: 2 };
