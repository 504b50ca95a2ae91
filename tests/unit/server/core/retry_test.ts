import { assert, assertEquals } from "@std/assert";
import type { AuthAnswer } from "../../../../shared/server/core/auth_answer.ts";
import { NETWORK_FAULT, TIMED_OUT } from "../../../../shared/server/core/bounded_fetch.ts";
import { retryOnce } from "../../../../shared/server/core/retry.ts";
import { type FakeTime, inFakeTime, settle } from "../../../support/server.ts";

const answer = (status: number, headers: Record<string, string> = {}): AuthAnswer => ({
  kind: "answer",
  status,
  headers: new Headers(headers),
  text: "",
  body: null,
});

/** Asks once, with an Auth that answers these in turn, each after `ms`. */
async function ask(time: FakeTime, answers: AuthAnswer[], timeoutMs = 3000, ms = 0) {
  const timeouts: number[] = [];
  const getUser = retryOnce((_token, left) => {
    const next = answers[timeouts.push(left) - 1]!;
    const result = { user: null, answer: next, calls: 1 };
    return ms === 0
      ? Promise.resolve(result)
      : new Promise((resolve) => setTimeout(() => resolve(result), ms));
  });
  const asked = getUser("t", timeoutMs);
  for (let passed = 0; passed < timeoutMs; passed += 10) {
    await settle(1);
    time.tick(10);
  }
  const result = await asked;
  return { timeouts, calls: result.calls, answer: result.answer };
}

Deno.test("retryOnce() tries again once after a broken connection or a 5xx", () =>
  inFakeTime(async (time) => {
    for (const first of [NETWORK_FAULT, answer(500), answer(502), answer(503)]) {
      const good = await ask(time, [first, answer(200)]);
      assertEquals([good.answer, good.calls], [answer(200), 2]);
      assert(good.timeouts[1]! <= 2980 && good.timeouts[1]! >= 2900, `${good.timeouts}`);
      assertEquals((await ask(time, [first, NETWORK_FAULT])).calls, 2);
    }
  }));

Deno.test("retryOnce() does not try again after any other answer, nor after a 429 or a Retry-After", () =>
  inFakeTime(async (time) => {
    const others = [
      answer(429),
      answer(503, { "Retry-After": "1" }),
      answer(200),
      answer(403),
      TIMED_OUT,
      { kind: "fault", reason: "too_large", status: 200 },
      { kind: "fault", reason: "breaker_open" },
    ] as const;
    for (const other of others) assertEquals((await ask(time, [other])).calls, 1);
  }));

Deno.test("retryOnce() tries again only within the caller's time", () =>
  inFakeTime(async (time) => {
    assertEquals((await ask(time, [NETWORK_FAULT, answer(200)], 1000, 950)).calls, 1);
    assertEquals((await ask(time, [NETWORK_FAULT, answer(200)], 100)).calls, 1);
    assertEquals((await ask(time, [NETWORK_FAULT, answer(200)], 1000, 400)).calls, 2);
  }));
