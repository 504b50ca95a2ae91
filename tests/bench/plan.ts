/** How long a run measures. Everything that makes a number more or less sure is here. */
export interface Plan {
  /** Rounds in which every subject has its turn over HTTP; a result is the median of the rounds. */
  readonly rounds: number;
  /** Milliseconds of one subject's turn over HTTP. */
  readonly turn_ms: number;
  /** The same inside the process: more of them, because a shared machine's speed drifts. */
  readonly inside_rounds: number;
  /** After as long again for waking up. */
  readonly inside_ms: number;
  /** Requests of one flood, and of a dead session's loop. */
  readonly flood: number;
  /** The same where each call to Auth takes 20 ms. */
  readonly slow_flood: number;
  /** Page loads of one turn. */
  readonly bursts: number;
  readonly zipf_users: number;
  /** Distinct tokens for a genuine user's first request. */
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
  inside_rounds: 20,
  inside_ms: 150,
  flood: 1000,
  slow_flood: 200,
  bursts: 25,
  zipf_users: 1000,
  first_requests: 15,
  memory_tokens: 100_000,
  starts: 15,
};

/** `--quick`: shows that everything runs, and the order of magnitude. */
export const QUICK: Plan = {
  rounds: 2,
  turn_ms: 40,
  inside_rounds: 4,
  inside_ms: 20,
  flood: 60,
  slow_flood: 16,
  bursts: 3,
  zipf_users: 50,
  first_requests: 9,
  memory_tokens: 500,
  starts: 2,
};
