import { assert, assertEquals } from "@std/assert";
import type { Timestamp } from "../../../../shared/server/core/timestamp.ts";
import {
  type CacheEntry,
  createTokenCache,
  freshVerdict,
  isCacheable,
  NEGATIVE_TTL_SECONDS,
} from "../../../../shared/server/core/token_cache.ts";
import type { Verdict } from "../../../../shared/server/core/verdict.ts";
import { FakeTime, USER_ID } from "../../../support/server.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const ALIVE = { ok: true, user: { id: USER_ID } } as unknown as Verdict;
const dead = (code = "session_not_found"): Verdict => ({ ok: false, code });
const entry = (
  verdict: Verdict | null,
  beganAt: Timestamp,
  exp?: number,
  sub = USER_ID,
): CacheEntry => ({
  header: {},
  isVerified: verdict?.ok ?? true,
  claims: exp === undefined ? { sub } : { sub, exp },
  session: null,
  verdict,
  beganAt,
});
const isFresh = (...args: Parameters<typeof freshVerdict>) => freshVerdict(...args) !== null;
const at = (mono: number, wall = mono): Timestamp => ({ monotonicMs: mono, wallMs: NOW + wall });

/** Registers a test that sets both clocks, in milliseconds since `NOW`. */
function timed(name: string, run: (go: (mono: number, wall?: number) => void) => void) {
  Deno.test(name, () => {
    let time = new FakeTime(NOW);
    try {
      run((mono, wall = mono) => {
        time[Symbol.dispose]();
        time = new FakeTime(NOW);
        time.tick(mono);
        time.setDate(NOW + wall);
      });
    } finally {
      time[Symbol.dispose]();
    }
  });
}

timed(
  "freshVerdict() admits for the freshness asked for, counted from the beginning of the check",
  (go) => {
    const living = entry(ALIVE, at(0));
    go(10_000);
    assertEquals([isFresh(living, 10, 0), isFresh(living, 9, 0), isFresh(living, 0, 0)], [
      true,
      false,
      false,
    ]);
    go(10_001);
    assertEquals(isFresh(living, 10, 0), false);
    assertEquals(isFresh(living, 10, 0, at(10_000)), true); // the request arrived before
  },
);

timed(
  "freshVerdict() takes the larger age of both clocks, and a negative age as zero",
  (go) => {
    const living = entry(ALIVE, at(0));
    go(11_000, 0);
    assertEquals(isFresh(living, 10, 0), false);
    go(0, 11_000);
    assertEquals(isFresh(living, 10, 0), false);
    go(5_000, -3_600_000);
    assertEquals(isFresh(living, 10, 0), true);
  },
);

timed("freshVerdict() admits no token at or past its exp", () => {
  const living = entry(ALIVE, at(0), 100);
  assertEquals([isFresh(living, 10, 99), isFresh(living, 10, 100), isFresh(living, 10, 101)], [
    true,
    false,
    false,
  ]);
});

timed("freshVerdict() refuses a dead token for seconds only, whatever the freshness", (go) => {
  const gone = entry(dead(), at(0));
  assertEquals(NEGATIVE_TTL_SECONDS <= 10, true);
  for (const freshness of [0, 60]) {
    go(NEGATIVE_TTL_SECONDS * 1000 - 1);
    assertEquals(isFresh(gone, freshness, 0), true);
    go(NEGATIVE_TTL_SECONDS * 1000);
    assertEquals(isFresh(gone, freshness, 0), false);
  }
});

timed(
  "createTokenCache() keeps the answer whose check began later, in whatever order they are set",
  () => {
    for (const [first, second] of [[ALIVE, dead()], [dead(), ALIVE]] as const) {
      const cache = createTokenCache();
      cache.set("t", entry(second, at(2)));
      cache.set("t", entry(first, at(1)));
      assertEquals(cache.get("t")?.verdict, second);
      cache.set("t", entry(first, at(3)));
      assertEquals(cache.get("t")?.verdict, first);
    }
  },
);

timed(
  "createTokenCache() keeps the answer that refuses when both checks began at the same time",
  () => {
    for (const [first, second] of [[ALIVE, dead()], [dead(), ALIVE]] as const) {
      const cache = createTokenCache();
      cache.set("t", entry(first, at(1)));
      cache.set("t", entry(second, at(1)));
      assertEquals(cache.get("t")?.verdict, dead());
    }
  },
);

Deno.test("isCacheable() is true for Auth's verdicts on the token, and false for faults of the call", () => {
  const codes = [
    "auth_unavailable",
    "over_request_rate_limit",
    "auth_misconfigured",
    "brand_new_code",
  ];
  for (const code of codes) assertEquals([code, isCacheable(dead(code))], [code, false]);
  for (
    const code of ["session_not_found", "user_not_found", "user_banned", "bad_jwt", "token_expired"]
  ) {
    assertEquals([code, isCacheable(dead(code))], [code, true]);
  }
  assert(isCacheable(ALIVE));
});

timed(
  "createTokenCache() evicts no other users when one account, or forged tokens, fill it",
  () => {
    const cache = createTokenCache();
    const large = (n: number, sub: string, isVerified: boolean) => {
      const claims = { sub, text: "x".repeat(16_000) };
      cache.set(`${sub}${n}`, { ...entry(null, at(0)), claims, isVerified });
    };
    for (let n = 0; n < 200; n++) cache.set(`known${n}`, entry(null, at(0), undefined, `user${n}`));
    for (let n = 0; n < 5000; n++) large(n, "eve", true);
    for (let n = 0; n < 5000; n++) large(n, `made-up${n}`, false);
    const kept = Array.from({ length: 200 }, (_, n) => cache.get(`known${n}`)).filter(Boolean);
    assertEquals([kept.length, cache.get("eve0"), cache.get("eve4999") === undefined], [
      200,
      undefined,
      false,
    ]);
  },
);

timed("createTokenCache() finds a token only when all of it is equal", () => {
  const cache = createTokenCache();
  cache.set("header.payload.signature", entry(ALIVE, at(0)));
  for (const other of ["header.payload.signaturf", "header.payload.", "", "__proto__"]) {
    assertEquals(cache.get(other), undefined);
  }
});
timed(
  "createTokenCache() counts the bytes of metadata: many members, long texts, long names, any script",
  () => {
    const metadata: Record<string, unknown>[] = [
      { text: "x".repeat(150_000) },
      { text: "☃".repeat(75_000) },
      { ["k".repeat(150_000)]: 1 },
      Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`member${n}`, n])),
      { list: Array.from({ length: 2000 }, () => []) },
    ];
    for (const user_metadata of metadata) {
      const cache = createTokenCache();
      const verdict = { ok: true, user: { id: USER_ID, user_metadata } } as unknown as Verdict;
      for (let n = 0; n < 200; n++) cache.set(`t${n}`, entry(verdict, at(0), 0, `u${n}`));
      const kept = Array.from({ length: 200 }, (_, n) => cache.get(`t${n}`)).filter(Boolean);
      assert(
        kept.length > 0 && kept.length < 100,
        `${kept.length} of ${Object.keys(user_metadata)[0]?.slice(0, 9)}`,
      );
    }
  },
);

timed(
  "createTokenCache() keeps no entry that is so large that a few would evict all others",
  () => {
    const cache = createTokenCache();
    const small = { ok: true, user: { id: USER_ID } } as unknown as Verdict;
    const large = {
      ok: true,
      user: { id: USER_ID, user_metadata: { n: Array(40_000).fill(1) } },
    } as unknown as Verdict;
    for (let n = 0; n < 1000; n++) cache.set(`small${n}`, entry(small, at(0), 0, `s${n}`));
    for (let n = 0; n < 100; n++) cache.set(`large${n}`, entry(large, at(0), 0, `l${n}`));
    const kept = Array.from({ length: 1000 }, (_, n) => cache.get(`small${n}`)).filter(Boolean);
    assertEquals([kept.length, cache.get("large0")], [1000, undefined]);
  },
);
