import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import type { Moment } from "../../../../shared/server/core/timestamp.ts";
import {
  createMemory,
  DEAD_FOR,
  type Memo,
  serves,
} from "../../../../shared/server/core/verdict_cache.ts";
import type { Verdict } from "../../../../shared/server/core/verdict.ts";
import { USER_ID } from "../../../support/server.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const ALIVE = { ok: true, user: { id: USER_ID } } as unknown as Verdict;
const dead = (code = "session_not_found"): Verdict => ({ ok: false, code });
const memo = (verdict: Verdict, began: Moment, exp?: number): Memo => ({
  claims: exp === undefined ? { sub: USER_ID } : { sub: USER_ID, exp },
  session: null,
  verdict,
  began,
});
const at = (mono: number, wall = mono): Moment => ({ mono, wall: NOW + wall });

/** Runs at a moment of both clocks. */
function timed(name: string, run: (go: (mono: number, wall?: number) => void) => void) {
  Deno.test(name, () => {
    let mono = 0;
    const clock = mock.method(performance, "now", () => mono);
    mock.timers.enable({ apis: ["Date"], now: NOW });
    try {
      run((toMono, toWall = toMono) => {
        mono = toMono;
        mock.timers.setTime(NOW + toWall);
      });
    } finally {
      clock.mock.restore();
      mock.timers.reset();
    }
  });
}

timed(
  "serves() admits as long as the freshness asked for, from the beginning of the check",
  (go) => {
    const living = memo(ALIVE, at(0));
    go(10_000);
    assertEquals([serves(living, 10, 0), serves(living, 9, 0), serves(living, 0, 0)], [
      true,
      false,
      false,
    ]);
    go(10_001);
    assertEquals(serves(living, 10, 0), false);
  },
);

timed(
  "serves() takes the clock that says more, and never a negative age for younger than now",
  (go) => {
    const living = memo(ALIVE, at(0));
    go(11_000, 0);
    assertEquals(serves(living, 10, 0), false);
    go(0, 11_000);
    assertEquals(serves(living, 10, 0), false);
    go(5_000, -3_600_000);
    assertEquals(serves(living, 10, 0), true);
  },
);

timed("serves() admits no token at or past its exp", () => {
  const living = memo(ALIVE, at(0), 100);
  assertEquals([serves(living, 10, 99), serves(living, 10, 100), serves(living, 10, 101)], [
    true,
    false,
    false,
  ]);
});

timed("serves() refuses a dead token for seconds only, also where all is strict", (go) => {
  const gone = memo(dead(), at(0));
  assertEquals(DEAD_FOR <= 10, true);
  for (const freshness of [0, 60]) {
    go(DEAD_FOR * 1000 - 1);
    assertEquals(serves(gone, freshness, 0), true);
    go(DEAD_FOR * 1000);
    assertEquals(serves(gone, freshness, 0), false);
  }
});

timed("createMemory() keeps the newer of two answers, whichever comes last", () => {
  for (const [first, second] of [[ALIVE, dead()], [dead(), ALIVE]] as const) {
    const memory = createMemory();
    memory.note("t", memo(second, at(2)));
    memory.note("t", memo(first, at(1)));
    assertEquals(memory.recall("t")?.verdict, second);
    memory.note("t", memo(first, at(3)));
    assertEquals(memory.recall("t")?.verdict, first);
  }
});

timed("createMemory() remembers only Auth's verdict on the token itself", () => {
  for (
    const code of [
      "auth_unavailable",
      "over_request_rate_limit",
      "auth_misconfigured",
      "internal_error",
      "brand_new_code",
    ]
  ) {
    const memory = createMemory();
    memory.note("t", memo(dead(code), at(0)));
    assertEquals(memory.recall("t"), undefined);
    // Nor does such an answer make it forget what it knows.
    memory.note("t", memo(ALIVE, at(1)));
    memory.note("t", memo(dead(code), at(2)));
    assert(memory.recall("t")?.verdict.ok);
  }
});

timed("createMemory() knows a token only by the whole of it", () => {
  const memory = createMemory();
  memory.note("header.payload.signature", memo(ALIVE, at(0)));
  for (const other of ["header.payload.signaturf", "header.payload.", "", "__proto__"]) {
    assertEquals(memory.recall(other), undefined);
  }
});
timed(
  "createMemory() weighs what a user chose: many members, long texts, long names, any script",
  () => {
    const metadata: Record<string, unknown>[] = [
      { text: "x".repeat(150_000) },
      { text: "☃".repeat(75_000) },
      { ["k".repeat(150_000)]: 1 },
      Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`member${n}`, n])),
      { list: Array.from({ length: 3000 }, () => []) },
    ];
    for (const user_metadata of metadata) {
      const memory = createMemory();
      const verdict = { ok: true, user: { id: USER_ID, user_metadata } } as unknown as Verdict;
      for (let n = 0; n < 200; n++) memory.note(`t${n}`, memo(verdict, at(0)));
      const kept = Array.from({ length: 200 }, (_, n) => memory.recall(`t${n}`)).filter(Boolean);
      assert(
        kept.length > 0 && kept.length < 100,
        `${kept.length} of ${Object.keys(user_metadata)[0]?.slice(0, 9)}`,
      );
    }
  },
);

timed("createMemory() keeps no entry so large that a few would push everybody out", () => {
  const memory = createMemory();
  const small = { ok: true, user: { id: USER_ID } } as unknown as Verdict;
  const large = {
    ok: true,
    user: { id: USER_ID, user_metadata: { n: Array(20_000).fill(1) } },
  } as unknown as Verdict;
  for (let n = 0; n < 1000; n++) memory.note(`small${n}`, memo(small, at(0)));
  for (let n = 0; n < 100; n++) memory.note(`large${n}`, memo(large, at(0)));
  const kept = Array.from({ length: 1000 }, (_, n) => memory.recall(`small${n}`)).filter(Boolean);
  assertEquals([kept.length, memory.recall("large0")], [1000, undefined]);
});
