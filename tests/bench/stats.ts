/** The value below which a part `p` (0 to 1) of the values lies (nearest rank); NaN of nothing. */
export function quantile(values: readonly number[], p: number): number {
  const rank = Math.ceil(p * values.length) - 1;
  return values.toSorted((a, b) => a - b)[Math.max(0, rank)] ?? NaN;
}

/** The middle value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The same items, beginning with another one: nobody always follows the same neighbour. */
export const rotate = <T>(items: readonly T[], by: number): T[] =>
  items.map((_, i) => items[(i + by) % items.length] as T);
