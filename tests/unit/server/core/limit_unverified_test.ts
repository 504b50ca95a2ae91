import { assert, assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { createLimit, limitUnverified } from "../../../../shared/server/core/limit_unverified.ts";
import type { GetUserResult } from "../../../../shared/server/core/get_user.ts";
import { deferred, inFakeTime, settle } from "../../../support/server.ts";

Deno.test("createLimit() runs so many at once, and next who came last", async () => {
  const limit = createLimit(2);
  const gates = [1, 2, 3, 4].map(() => deferred<void>());
  const begun: number[] = [];
  const results = gates.map((gate, n) =>
    limit(async () => {
      begun.push(n);
      await gate.promise;
      return n;
    }, 1000)
  );
  await settle();
  assertEquals(begun, [0, 1]);
  gates[1]!.resolve();
  await settle();
  assertEquals(begun, [0, 1, 3]);
  for (const gate of gates) gate.resolve();
  assertEquals(await Promise.all(results), [0, 1, 2, 3]);
});

Deno.test("createLimit() frees the place of a task that fails", async () => {
  const limit = createLimit(1);
  await assertRejects(() => limit(() => Promise.reject(new Error("x")), 1000));
  assertEquals(await limit(() => Promise.resolve("next"), 1000), "next");
});

Deno.test("createLimit() lets nobody wait longer than the patience, and forgets who left", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const limit = createLimit(1);
    const gate = deferred<void>();
    const first = limit(() => gate.promise, 1000);
    let ran = 0;
    const second = limit(() => Promise.resolve(++ran), 50);
    const third = limit(() => Promise.resolve(++ran), 5000);
    mock.timers.tick(50);
    assertEquals([await second, ran], [null, 0]);
    gate.resolve();
    await first;
    assertEquals([await third, ran], [1, 1]);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("limitUnverified() lets those pass at once who are none", async () => {
  const gate = deferred<GetUserResult>();
  const asked: string[] = [];
  const check = limitUnverified((token) => {
    asked.push(token);
    return token.startsWith("known") ? Promise.resolve(FAULT) : gate.promise;
  }, (token) => !token.startsWith("known"));
  const strangers = Array.from({ length: 50 }, (_, n) => check(`stranger${n}`, 60_000));
  await settle();
  const under = asked.length;
  assertEquals(under <= 8, true);
  await check("known", 1000);
  assertEquals(asked.at(-1), "known");
  gate.resolve(FAULT);
  await Promise.all(strangers);
  assertEquals(asked.length, 51);
});

const FAULT: GetUserResult = { user: null, answer: { kind: "fault", reason: "network" } };

Deno.test("limitUnverified() takes the time spent in line off the time of the check", () =>
  inFakeTime(async () => {
    const gate = deferred<GetUserResult>();
    const timeouts: number[] = [];
    const check = limitUnverified((_token, timeout) => {
      timeouts.push(timeout);
      return gate.promise;
    }, () => true);
    for (let n = 0; n < 9; n++) void check(`${n}`, 1000);
    await settle();
    assertEquals(timeouts.length, 8);
    mock.timers.tick(400);
    gate.resolve(FAULT);
    await settle();
    assertEquals([timeouts.length, timeouts.at(-1)], [9, 600]);
  }));

Deno.test("limitUnverified() makes each call with half of its time left, and answers some of an endless flood", () =>
  inFakeTime(async () => {
    const timeouts: number[] = [];
    const check = limitUnverified((_token, timeout) => {
      timeouts.push(timeout);
      return new Promise((resolve) => setTimeout(() => resolve(FAULT), 100));
    }, () => true);
    let answered = 0, late = 0;
    // 8 places and 100 ms a call are 80 calls a second; 400 come.
    for (let n = 0; n < 1200; n++) {
      if (n % 4 === 0) {
        mock.timers.tick(10);
        await settle(2);
      }
      void check(`${n}`, 1000).then((answer) => answer === FAULT ? answered++ : late++);
    }
    await settle();
    assert(timeouts.every((left) => left >= 500), `${Math.min(...timeouts)}`);
    assert(answered > 200 && late > 600, `${answered} answered, ${late} not`);
  }));
