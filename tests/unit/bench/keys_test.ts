import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Result } from "../../bench/bench.ts";
import { keysOf, type Measured } from "../../bench/keys.ts";
import { chart, replaceTable, textTable } from "../../bench/page.ts";
import { type SubjectName, SUBJECTS } from "../../bench/warm.ts";

/** What a Deno measured: rounds of some subjects, the others took 1 us. */
function measured(
  rounds: Partial<Record<SubjectName, number[]>>,
  cold: Measured["cold"] = [],
): Measured {
  const names = Object.keys(SUBJECTS) as SubjectName[];
  const warm = names.map((subject) => {
    const rounds_us = rounds[subject] ?? [1, 1, 1];
    return { subject, us: 1, rounds_us, new_token_us: 2, ended_session_status: 401 };
  });
  return { deno: "0.0.0", warm, cold };
}

Deno.test("keysOf() is the median of the ratios within rounds, not the ratio of the medians", () => {
  // The machine was 10 times slower in the second round, and noise hit one subject in the third.
  const current = measured({ strict: [12, 120, 90], get_user_shared: [10, 100, 10] });
  const { strict_over_get_user } = keysOf(current, measured({}));
  assertEquals(strict_over_get_user, {
    measured: 1.2,
    quartiles: [1.2, 9],
    target: "<= 1.3",
    met: true,
  });
});

Deno.test("keysOf() divides the subject that each key names first by the second", () => {
  const current = measured({
    bare_hono: [10],
    freshness_10: [20],
    stock_hono: [30],
    edge_function: [60],
    supabase_server: [1000],
    hono_jwk: [400],
    strict: [200],
    get_user_per_request: [500],
  });
  const edge = measured({ freshness_10: [3], strict: [5] });
  const keys = keysOf(current, edge);
  const numbers = Object.entries(keys).map(([name, key]) => [name, key.measured]);
  assertEquals(Object.fromEntries(numbers), {
    warm_over_bare: 2,
    edge_warm_over_stock: 2,
    server_over_warm: 50,
    jwk_over_warm: 20,
    strict_over_get_user: 200,
    naive_over_strict: 2.5,
    cold_over_supabase_server: NaN,
    warm_over_bare_2_1_4: 3,
    strict_over_get_user_2_1_4: 5,
    cold_over_supabase_server_2_1_4: NaN,
  });
  const met = Object.entries(keys).flatMap(([name, key]) => key.met ? [name] : []);
  assertEquals(met, ["server_over_warm", "naive_over_strict"]);
});

Deno.test("keysOf() takes the cold starts of the delay at which edge-auth does worse", () => {
  const near = { auth_delay_ms: 0, edge_auth: [80], supabase_server: [100], bare_hono: [9] };
  const far = { auth_delay_ms: 20, edge_auth: [105], supabase_server: [100], bare_hono: [9] };
  for (const cold of [[near, far], [far, near]]) {
    const key = keysOf(measured({}, cold), measured({}, [near]));
    assertEquals(key.cold_over_supabase_server.measured, 1.05);
    assertEquals(key.cold_over_supabase_server.met, false);
    assertEquals(key.cold_over_supabase_server_2_1_4.met, true);
  }
});

Deno.test("replaceTable() says what was missed and keeps the page outside its markers", () => {
  const cold = [{ auth_delay_ms: 0, edge_auth: [90], supabase_server: [100], bare_hono: [9] }];
  const current = measured({ strict: [2, 2, 2], get_user_per_request: [4, 4, 4] }, cold);
  const targets = keysOf(current, current);
  const result = {
    ...Object.fromEntries(Object.entries(targets).map(([name, key]) => [name, key.measured])),
    targets,
    measured_at: "2026-11-25",
    commit: "abc",
    deno: ["2.9.6", "2.1.4"],
    machine: { cpu: "some CPU", cores: 2, os: "linux" },
    seconds: 1,
    measurements: [current, current],
  } as unknown as Result;

  const page = "a\n<!-- bench:start -->\nprevious\n<!-- bench:end -->\nb\n";
  const once = replaceTable(page, result);
  assert(/^a\n[^]*\nb\n$/.test(once) && !once.includes("previous"), once);
  assert(once.includes("| **2.00, missed** (<= 1.3) | **2.00, missed** (<= 1.3) |"), once);
  assert(once.includes("| 0.90 (<= 1.0) | 0.90 (<= 1.0) |"), once);
  assertEquals(replaceTable(once, result), once);
  assertThrows(() => replaceTable("no markers", result), Error, "markers");
  for (const name of Object.keys(targets)) assert(textTable(result).includes(`${name} `), name);
  for (const title of Object.values(SUBJECTS)) assert(chart(result).includes(title), title);
});
