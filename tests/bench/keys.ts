// The numbers that have a target, made out of what was measured.
import type { Cold } from "./cold.ts";
import { median, quantile } from "./stats.ts";
import type { SubjectName, Warm } from "./warm.ts";

/** What was measured on one Deno. */
export interface Measured {
  readonly deno: string;
  readonly warm: readonly Warm[];
  readonly cold: readonly Cold[];
}

/** A number, and how sure it is. */
export interface Key {
  readonly measured: number;
  /** Half of the rounds lie between these two. */
  readonly quartiles: readonly [number, number];
  readonly target: string;
  readonly met: boolean;
}

const RATIOS = {
  warm_over_bare: ["freshness_10", "bare_hono"],
  edge_warm_over_stock: ["edge_function", "stock_hono"],
  server_over_warm: ["supabase_server", "freshness_10"],
  jwk_over_warm: ["hono_jwk", "freshness_10"],
  strict_over_get_user: ["strict", "get_user_shared"],
  naive_over_strict: ["get_user_per_request", "strict"],
} as const satisfies Record<string, readonly [SubjectName, SubjectName]>;

/** A name in the result of `deno task bench --json`. */
export type KeyName = keyof typeof TARGETS;

/** At most, or at least. */
export const TARGETS = {
  warm_over_bare: ["<=", 1.5],
  edge_warm_over_stock: ["<=", 1.0],
  server_over_warm: [">=", 40],
  jwk_over_warm: [">=", 25],
  strict_over_get_user: ["<=", 1.3],
  naive_over_strict: [">=", 1.2],
  cold_over_supabase_server: ["<=", 1.0],
  warm_over_bare_2_1_4: ["<=", 1.6],
  strict_over_get_user_2_1_4: ["<=", 1.3],
  cold_over_supabase_server_2_1_4: ["<=", 1.0],
} as const satisfies Record<string, readonly ["<=" | ">=", number]>;

/**
 * Makes the keys. Each is the median of the ratios of all rounds, the two times of a ratio being
 * neighbours in one round, so that both had the same machine.
 *
 * @param current Of the Deno that ran the benchmark.
 * @param edge Of the Deno that is deployed: its keys end in `_2_1_4`.
 */
export function keysOf(current: Measured, edge: Measured): Record<KeyName, Key> {
  const names = Object.keys(TARGETS) as KeyName[];
  return Object.fromEntries(names.map((name) => {
    const of = name.endsWith("_2_1_4") ? edge : current;
    const ratios = ratiosOf(of, name.replace(/_2_1_4$/, ""));
    const measured = median(ratios);
    const [sign, bound] = TARGETS[name];
    return [name, {
      measured,
      quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      target: `${sign} ${bound.toFixed(1)}`,
      met: sign === "<=" ? measured <= bound : measured >= bound, // neither, where it is NaN
    }];
  })) as unknown as Record<KeyName, Key>;
}

/** The ratios of all rounds; of cold starts, those with Auth where edge-auth does worse. */
export function ratiosOf(measured: Measured, name: string): number[] {
  if (name in RATIOS) {
    const [one, other] = RATIOS[name as keyof typeof RATIOS];
    const rounds = (subject: SubjectName) =>
      measured.warm.find((it) => it.subject === subject)?.rounds_us ?? [];
    return divide(rounds(one), rounds(other));
  }
  return measured.cold
    .map(({ edge_auth, supabase_server }) => divide(edge_auth, supabase_server))
    .sort((a, b) => median(b) - median(a))[0] ?? [];
}

const divide = (one: readonly number[], other: readonly number[]) =>
  one.map((value, round) => value / (other[round] ?? NaN));
