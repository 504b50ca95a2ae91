// The result of a run: what was measured, and the few keys that targets are set for.
import type { ColdStart } from "./cold_start/measure.ts";
import type { InProcess } from "./in_process.ts";
import type { MemoryUse } from "./memory.ts";
import type { Row } from "./over_http.ts";
import type { Plan } from "./plan.ts";
import { median } from "./stats.ts";
import type { SubjectName } from "./subjects.ts";
import type { TrafficName } from "./traffic.ts";

/** Everything a run measured. */
export interface Measurements {
  readonly in_process: readonly InProcess[];
  readonly over_http: readonly Row[];
  readonly memory: readonly MemoryUse[];
  readonly cold_start: readonly ColdStart[];
  /** The same with Auth 20 ms away: ours asks it for its first answer, the peer does not. */
  readonly cold_start_far: readonly ColdStart[];
}

/** What a run of the benchmark prints with `--json`. */
export type Result = Readonly<Record<KeyName, number>> & Measurements & {
  readonly measured_at: string;
  /** The commit that was measured, with a `+` if files had changed since. */
  readonly commit: string;
  readonly plan: Plan;
  readonly quick: boolean;
  readonly machine: {
    readonly cores: number;
    readonly deno: string;
    /** Whether the CPUs were kept from sleeping (keep_awake.ts). */
    readonly awake: boolean;
  };
};

/** The one-number results. */
export type KeyName = keyof ReturnType<typeof keysOf>;

/** What a key is held against. */
export interface Target {
  /** The key in words. */
  readonly what: string;
  readonly most?: number;
  readonly least?: number;
}

/** The keys that have a target. */
export const TARGETS: Partial<Record<KeyName, Target>> = {
  warm_over_bare: { what: "`freshness: 10` / bare Hono", most: 1.5 },
  edge_warm_over_stock: {
    what: "`edgeFunction`, `freshness: 10` / Hono with stock cors() and requestId()",
    most: 1.3,
  },
  server_over_warm: { what: "@supabase/server / `freshness: 10`", least: 40 },
  jwk_over_warm: { what: "hono/jwk / `freshness: 10`", least: 25 },
  strict_over_raw_fetch: { what: "strict / a raw fetch of /user", most: 1.3 },
  naive_over_strict: { what: "createClient + getUser per request / strict", least: 1.3 },
  burst8_calls: { what: "calls to Auth, a page load of 8 requests, on average", most: 2 },
  forged_calls_per_1000: {
    what: "calls to Auth, 1,000 forged tokens (known kid, random kid, no JWT: the worst)",
    most: 1,
  },
  expired_calls_per_1000: { what: "calls to Auth, 1,000 expired tokens", most: 1 },
  dead_calls_per_1000: {
    what: "calls to Auth, 1,000 requests of a dead session in a loop",
    most: 1,
  },
  // DESIGN, the way of a request: 16 MiB
  mb_per_100k_tokens: { what: "MB on the heap after 100,000 living tokens", most: 16 * 1.048576 },
  cold_over_supabase_server: {
    what: "`functions/me`, start to first answer / the same on @supabase/server",
    most: 1.0,
  },
};

/** The target of a key in a word, and whether a run missed it; nothing where there is none. */
export function heldAgainst(name: KeyName, measured: number): [target: string, missed: boolean] {
  const { most, least } = TARGETS[name] ?? {};
  // "Not met" rather than "missed": a NaN is neither above nor below.
  if (most !== undefined) return [`<= ${most.toFixed(1)}`, !(measured <= most)];
  return least === undefined ? ["", false] : [`>= ${least.toFixed(1)}`, !(measured >= least)];
}

/** Ours, in the worst of its three forms. */
const OURS: readonly SubjectName[] = ["strict", "fresh_10", "edge_function"];

/**
 * Makes the keys out of the measurements. Ratios are of whole times of handling one request inside
 * the process (in_process.ts says what that is), Auth at 0 ms, requests one after another, and the
 * median of the ratios of all rounds; counts
 * are of calls that really arrived at Auth, keys (JWKS) included, and of the worst of our subjects.
 */
export function keysOf(
  { in_process, over_http, memory, cold_start, cold_start_far }: Measurements,
) {
  const timed = (name: SubjectName) => find(in_process, ({ subject }) => subject === name);
  const us = (name: SubjectName) => timed(name).us;
  const ratio = (one: SubjectName, other: SubjectName) => {
    const others = timed(other).rounds_us;
    return median(timed(one).rounds_us.map((us, round) => us / (others[round] ?? NaN)));
  };
  const row = (traffic: TrafficName, name: SubjectName, delay = 0) =>
    find(
      over_http,
      (row) => row.traffic === traffic && row.subject === name && row.delay_ms === delay,
    );
  const calls = (traffic: TrafficName) =>
    Math.max(...OURS.map((name) => row(traffic, name).calls_per_1000));
  const cold = (name: ColdStart["function"], starts = cold_start) =>
    find(starts, (one) => one.function === name);
  const held = find(memory, ({ subject }) => subject === "fresh_10");
  const handling = (name: SubjectName) => timed(name).handling_us;
  const added = (name: SubjectName) => us(name) - us("bare_hono");
  const http = (name: SubjectName) => row("one_user", name);
  return {
    warm_over_bare: ratio("fresh_10", "bare_hono"),
    edge_warm_over_stock: ratio("edge_function", "stock_hono"),
    server_over_warm: ratio("supabase_server", "fresh_10"),
    jwk_over_warm: ratio("hono_jwk", "fresh_10"),
    strict_over_raw_fetch: ratio("strict", "raw_fetch"),
    naive_over_strict: ratio("get_user", "strict"),
    /** Calls a burst of strict, on average of all bursts. */
    burst8_calls: row("burst8", "strict").calls_per_1000 * 8 / 1000,
    forged_calls_per_1000: Math.max(
      calls("bad_signature"),
      calls("unknown_kid"),
      calls("no_jwt"),
    ),
    hs256_calls_per_1000: calls("hs256"),
    expired_calls_per_1000: calls("expired"),
    dead_calls_per_1000: calls("dead"),
    /** Heap after a garbage collection: what is held, not what was not yet given back. */
    mb_per_100k_tokens: held.heap_mb,
    cold_over_supabase_server: cold("edge_auth").first_answer_ms /
      cold("supabase_server").first_answer_ms,

    // Further ones: the same things looked at from another side.
    tuned_over_strict: ratio("get_user_tuned", "strict"),
    burst8_most_calls: row("burst8", "strict").most_calls,
    burst8_calls_at_20_ms: row("burst8", "strict", 20).calls_per_1000 * 8 / 1000,
    burst8_p50_over_raw: row("burst8", "strict").p50_ms / row("burst8", "raw_fetch").p50_ms,
    burst8_p99_over_raw: row("burst8", "strict").p99_ms / row("burst8", "raw_fetch").p99_ms,
    /** Without the building of the Request. */
    warm_over_bare_handling: handling("fresh_10") / handling("bare_hono"),
    edge_warm_over_stock_handling: handling("edge_function") / handling("stock_hono"),
    server_over_warm_handling: handling("supabase_server") / handling("fresh_10"),
    jwk_over_warm_handling: handling("hono_jwk") / handling("fresh_10"),
    /** What the check adds to bare Hono, theirs over ours. */
    server_added_over_warm_added: added("supabase_server") / added("fresh_10"),
    jwk_added_over_warm_added: added("hono_jwk") / added("fresh_10"),
    /** With the connection in it: p50 over loopback HTTP. */
    warm_over_bare_http: http("fresh_10").p50_ms / http("bare_hono").p50_ms,
    edge_warm_over_stock_http: http("edge_function").p50_ms / http("stock_hono").p50_ms,
    server_over_warm_http: http("supabase_server").p50_ms / http("fresh_10").p50_ms,
    jwk_over_warm_http: http("hono_jwk").p50_ms / http("fresh_10").p50_ms,
    strict_over_raw_fetch_http: http("strict").p50_ms / http("raw_fetch").p50_ms,
    naive_over_strict_http: http("get_user").p50_ms / http("strict").p50_ms,
    /** A genuine token's first request over its later ones, strict: decoding, signature. */
    first_request_adds_us: timed("strict").first_us - us("strict"),
    memory_tokens: held.tokens,
    memory_rss_mb: held.rss_mb,
    memory_remembered: held.remembered,
    cold_over_supabase_server_at_20_ms: cold("edge_auth", cold_start_far).first_answer_ms /
      cold("supabase_server", cold_start_far).first_answer_ms,
    cold_over_bare: cold("edge_auth").first_answer_ms / cold("bare_hono").first_answer_ms,
    bundle_over_supabase_server: cold("edge_auth").bundle_kb / cold("supabase_server").bundle_kb,
  };
}

function find<T>(items: readonly T[], is: (item: T) => boolean): T {
  const found = items.find(is);
  if (found === undefined) throw new Error("a measurement is missing");
  return found;
}
