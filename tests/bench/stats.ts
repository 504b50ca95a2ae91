// The few numbers a measurement boils down to, and the traffic's dice.

/** The value that half of the others do not exceed. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The nearest-rank percentile.
 *
 * @param values At least one, in any order.
 * @param p Between 0 and 1.
 */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("a percentile of nothing");
  return value;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What part of the traffic each user makes: the k-th one's part goes with 1/k. */
export function zipfWeights(users: number): number[] {
  const parts = Array.from({ length: users }, (_, rank) => 1 / (rank + 1));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** Draws users as {@linkcode zipfWeights} says. */
export function zipf(users: number, random: () => number): () => number {
  let sum = 0;
  const upTo = zipfWeights(users).map((weight) => sum += weight);
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? Infinity) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
