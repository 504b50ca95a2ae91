// A benchmark is run rarely and by hand; so that it still works then, it runs here over very little.
// No time is asserted: this machine may be busy.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { QUICK } from "./plan.ts";
import { type KeyName, TARGETS } from "./result.ts";
import { callsPerSecond, effectiveFreshness } from "./fleet/formula.ts";
import { chart } from "./readme/chart.ts";
import { END, replaceBetween, START } from "./readme/markers.ts";
import { readmeSection } from "./readme/section.ts";
import { run } from "./run.ts";
import { NAMES } from "./subjects.ts";
import { textReport } from "./text_report.ts";

const TINY = {
  ...QUICK,
  rounds: 1,
  turn_ms: 5,
  inside_starts: 1,
  warm_up_ms: 5,
  inside_rounds: 2,
  inside_ms: 5,
  flood: 20,
  slow_flood: 8,
  bursts: 1,
  zipf_users: 5,
  first_requests: 3,
  memory_tokens: 20,
  starts: 1,
};

/** What issue 4 promises of `deno task bench --json`. */
const PROMISED: readonly KeyName[] = [
  "warm_over_bare",
  "edge_warm_over_stock",
  "server_over_warm",
  "jwk_over_warm",
  "strict_over_raw_fetch",
  "naive_over_strict",
  "burst8_calls",
  "forged_calls_per_1000",
  "hs256_calls_per_1000",
  "expired_calls_per_1000",
  "dead_calls_per_1000",
  "mb_per_100k_tokens",
  "cold_over_supabase_server",
];

Deno.test("run() measures every subject and makes every promised key a number", async () => {
  const result = await run(TINY, () => {});
  for (const key of [...PROMISED, ...Object.keys(TARGETS) as KeyName[]]) {
    assertEquals([key, typeof result[key], Number.isFinite(result[key])], [key, "number", true]);
  }
  assertEquals(result.in_process.map(({ subject }) => subject).sort(), NAMES.toSorted());
  assertEquals(result.quick, true);

  const at = (traffic: string) => result.over_http.filter((row) => row.traffic === traffic);
  for (const traffic of ["one_user", "zipf", "burst8"]) {
    assertEquals(at(traffic).length, 2 * NAMES.length, traffic);
    for (const row of at(traffic)) assertEquals(row.admitted, 1, `${traffic} ${row.subject}`);
  }
  // Nobody lets a forged token in; who never asks lets a dead session in.
  for (const traffic of ["bad_signature", "unknown_kid", "hs256", "no_jwt", "expired"]) {
    for (const row of at(traffic)) assertEquals(row.admitted, 0, `${traffic} ${row.subject}`);
  }
  const letIn = at("dead").filter((row) => row.admitted > 0).map(({ subject }) => subject);
  assertEquals([...new Set(letIn)].sort(), ["hono_jwk", "supabase_server"]);

  assertEquals(JSON.parse(JSON.stringify(result)), result);
  assert(textReport(result).includes("edge-auth, strict"));
  assert(readmeSection(result).includes("edge-auth, strict"));
  assertMatch(chart(result), /^<svg [^]*<\/svg>\n$/);
});

Deno.test("replaceBetween() keeps everything outside the markers, and wants both once", () => {
  const page = `a\n${START}\nold\n${END}\nb\n`;
  const once = replaceBetween(page, "new");
  assertEquals(once, `a\n${START}\n\nnew\n\n${END}\nb\n`);
  assertEquals(replaceBetween(once, "new"), once);
  for (const wrong of ["", START, END, `${END} ${START}`, page + page]) {
    assertThrows(() => replaceBetween(wrong, ""), Error, "README.md needs");
  }
});

Deno.test("callsPerSecond() stays below the requests and below isolates * users / freshness", () => {
  for (const isolates of [1, 10]) {
    for (const freshness of [0, 0.5, 10, 300]) {
      const fleet = {
        isolates,
        users: 100,
        requests_per_second: 1000,
        freshness,
        call: 0.01,
        remembered: 1000,
      };
      const calls = callsPerSecond(fleet);
      assert(calls > 0 && calls < 1000 + 1e-9, `${calls}`);
      assertEquals(effectiveFreshness(fleet), freshness);
      assertEquals(callsPerSecond({ ...fleet, remembered: 10 }) >= calls, true);
      if (freshness > 0) assert(calls <= isolates * 100 / freshness, `${calls}`);
    }
  }
});
