// How many calls a fleet of isolates makes to Auth. Isolates share nothing: each one remembers its
// own answers.
import { zipfWeights } from "../stats.ts";

/** A fleet and what arrives at it. */
export interface Fleet {
  readonly isolates: number;
  readonly users: number;
  /** Of all users together, at random moments, at any isolate; the k-th user sends 1/k of them. */
  readonly requests_per_second: number;
  /** Seconds; 0 is strict. */
  readonly freshness: number;
  /** Seconds that one call to Auth takes. */
  readonly call: number;
  /** Users that one isolate can remember; the oldest answers go first. */
  readonly remembered: number;
}

/**
 * Calls to Auth a second, as long as everybody is remembered: see {@linkcode effectiveFreshness}.
 *
 * One user sends `r` requests a second to one isolate. After a call the isolate answers on its own
 * for `freshness` seconds, and then waits `1/r` for the user to come again: one call in
 * `freshness + 1/r` seconds. In all, with `R = r * isolates` for a user's requests a second,
 *
 *     sum over users of  R / (1 + R * freshness / isolates)
 *
 * which is never more than the requests, nor than `isolates * users / freshness`.
 *
 * Strict: a request never joins a call under way, but those that arrive during one share the next.
 * A call of `d` seconds is followed by a pause of `1/r` if nobody came meanwhile, which is so in
 * `exp(-r * d)` of all cases: one call in `d + exp(-r * d) / r` seconds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const one = { isolates: 1, users: 1, requests_per_second: 10, call: 0, remembered: 9 };
 * assertEquals(callsPerSecond({ ...one, freshness: 1 }), 10 / 11);
 * assertEquals(callsPerSecond({ ...one, freshness: 0 }), 10);
 * ```
 */
export function callsPerSecond(fleet: Fleet): number {
  return callsAt(fleet, effectiveFreshness(fleet));
}

/**
 * How old an answer gets before it goes: `freshness`, unless so many new ones come meanwhile that
 * there is no room. Each call brings one, so `calls a second of one isolate * age` fit in.
 */
export function effectiveFreshness(fleet: Fleet): number {
  const { isolates, freshness, remembered } = fleet;
  const fits = (age: number) => callsAt(fleet, age) / isolates * age <= remembered;
  if (freshness === 0 || fits(freshness)) return freshness;
  let [low, high] = [0, freshness];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return high;
}

function callsAt(fleet: Fleet, freshness: number): number {
  const { isolates, users, requests_per_second, call } = fleet;
  const ofOne = (rate: number) =>
    freshness > 0 ? rate / (1 + rate * freshness) : rate / (rate * call + Math.exp(-rate * call));
  return zipfWeights(users)
    .map((weight) => isolates * ofOne(weight * requests_per_second / isolates))
    .reduce((sum, calls) => sum + calls, 0);
}
