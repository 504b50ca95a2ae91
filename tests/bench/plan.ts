/** How long a run measures. Everything that makes a number more or less sure is here. */
export interface Plan {
  /** Rounds in which every subject has its turn over HTTP; a result is the median of the rounds. */
  readonly rounds: number;
  /** Milliseconds of one subject's turn over HTTP. */
  readonly turn_ms: number;
  /**
   * Starts of the processes for the times inside them: each start has its luck with where its memory
   * lies, and moved the ratio of two subjects by some 5 % either way.
   */
  readonly inside_starts: number;
  /**
   * Milliseconds of work in which the compiler has its say after a start: until the ratios stay where
   * they are. The shorter code is optimised first, so an early ratio is higher.
   */
  readonly warm_up_ms: number;
  /**
   * Rounds of a start. Many short ones: a shared machine's speed drifts within seconds, and a ratio
   * is taken within a round.
   */
  readonly inside_rounds: number;
  /** After as long again for waking up. A turn has three blocks at least, whatever they take. */
  readonly inside_ms: number;
  /** Requests of one flood, and of a dead session's loop. */
  readonly flood: number;
  /** The same where each call to Auth takes 20 ms. */
  readonly slow_flood: number;
  /** Page loads of one turn. */
  readonly bursts: number;
  readonly zipf_users: number;
  /** Distinct tokens of a start for a genuine user's first request. */
  readonly first_requests: number;
  /** Distinct living tokens for the memory. */
  readonly memory_tokens: number;
  /** Starts of each function. */
  readonly starts: number;
}

/** The run whose numbers count. */
export const FULL: Plan = {
  rounds: 7,
  turn_ms: 400,
  inside_starts: 3,
  warm_up_ms: 8000,
  inside_rounds: 40,
  inside_ms: 15,
  flood: 1000,
  slow_flood: 200,
  bursts: 25,
  zipf_users: 1000,
  first_requests: 60,
  memory_tokens: 100_000,
  starts: 15,
};

/** `--quick`: shows that everything runs, and the order of magnitude. */
export const QUICK: Plan = {
  rounds: 2,
  turn_ms: 40,
  inside_starts: 1,
  warm_up_ms: 50,
  inside_rounds: 4,
  inside_ms: 5,
  flood: 60,
  slow_flood: 16,
  bursts: 3,
  zipf_users: 50,
  first_requests: 9,
  memory_tokens: 500,
  starts: 2,
};
