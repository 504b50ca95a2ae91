import { assert, assertEquals } from "@std/assert";
import { type BatchedResult, batchGetUser } from "../../../../shared/server/core/batch.ts";
import type { AuthAnswer } from "../../../../shared/server/core/auth_answer.ts";
import { inFakeTime, SANITIZED, settle } from "../../../support/server.ts";

/** A check that the test answers by hand; it keeps the timeout that it was given. */
function manual() {
  const asked: { timeout: number; answer: (answer: AuthAnswer) => void }[] = [];
  const batched = batchGetUser((_token, timeout) =>
    new Promise((resolve) =>
      void asked.push({ timeout, answer: (answer) => resolve({ user: null, answer, calls: 1 }) })
    )
  );
  const check = (token: string, deadlineMs: number, patienceMs: number) =>
    batched(token, deadlineMs, patienceMs, "verified", "");
  return { asked, check };
}
const FAULT: AuthAnswer = { kind: "fault", reason: "network" };
const LATE: AuthAnswer = { kind: "fault", reason: "timeout" };

/** What each has been answered by now; `null` for one that waits. */
function watch(...waiting: Promise<BatchedResult>[]): (AuthAnswer | null)[] {
  const answers: (AuthAnswer | null)[] = waiting.map(() => null);
  waiting.forEach((one, n) => void one.then(({ answer }) => answers[n] = answer));
  return answers;
}

Deno.test("batchGetUser() ends each wait of a batch at its own deadline, and the check at the last", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    const answers = watch(check("t", 100, 250), check("t", 900, 250), check("t", 300, 250));
    await settle();
    assertEquals(asked.map(({ timeout }) => timeout), [900]);
    time.tick(100);
    await settle();
    assertEquals(answers, [LATE, null, null]);
    time.tick(200);
    await settle();
    assertEquals(answers, [LATE, null, LATE]);
    asked[0]!.answer(FAULT);
    await settle();
    assertEquals(answers, [LATE, FAULT, LATE]);
  }));

Deno.test("batchGetUser() begins no check when the deadline passes before the turn ends", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    const answers = watch(check("t", 50, 250));
    time.tick(60);
    await settle();
    assertEquals([asked.length, answers], [0, [LATE]]);
  }));

Deno.test("batchGetUser() begins no check when every deadline of a batch has passed", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    const first = watch(check("t", 10_000, 5000));
    await settle();
    const second = watch(check("t", 20, 5000));
    time.tick(20);
    await settle();
    assertEquals([first, second], [[null], [LATE]]);
    asked[0]!.answer(FAULT);
    await settle();
    assertEquals([first, asked.length], [[FAULT], 1]);
  }));

Deno.test("batchGetUser() returns who led the check, and when it began", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    const waiting = [check("t", 1000, 250), check("t", 1000, 250)];
    await settle();
    time.tick(40);
    asked[0]!.answer(FAULT);
    const shared = await Promise.all(waiting);
    assertEquals(shared.map(({ isLeader, beganAt }) => [isLeader, beganAt.monotonicMs]), [
      [true, 0],
      [false, 0],
    ]);
  }));

Deno.test("batchGetUser() makes one call when two requests arrive together", async () => {
  const { asked, check } = manual();
  const deadline = performance.now() + 1000;
  const first = check("t", deadline, 250);
  const second = check("t", deadline, 250);
  await settle();
  assertEquals(asked.length, 1);
  asked[0]!.answer(FAULT);
  assertEquals((await Promise.all([first, second])).map(({ isLeader }) => isLeader), [true, false]);
});

Deno.test("batchGetUser() makes a call of its own when it is called from inside a check", async () => {
  const deadline = performance.now() + 1000;
  let inner: Promise<BatchedResult> | undefined;
  let calls = 0;
  const check = batchGetUser(() => {
    if (++calls === 1) inner = check("t", deadline, 0, "verified", "");
    return Promise.resolve({ user: null, answer: FAULT, calls: 1 });
  });
  await check("t", deadline, 0, "verified", "");
  await inner;
  assertEquals(calls, 2);
});

Deno.test("batchGetUser() waits for half of the timeout of the check under way, counted from its beginning", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    void check("t", 400, 5000);
    await settle();
    time.tick(150);
    void check("t", 1150, 5000);
    time.tick(49);
    await settle();
    assertEquals(asked.length, 1);
    time.tick(1);
    await settle();
    assertEquals(asked.length, 2);
  }));

Deno.test("batchGetUser() begins the next check at the shortest patience of a batch", () =>
  inFakeTime(async (time) => {
    for (const [first, second] of [[5000, 100], [100, 5000]] as const) {
      const { asked, check } = manual();
      const now = performance.now();
      void check("t", now + 60_000, 5000);
      await settle();
      void check("t", now + 60_000, first);
      void check("t", now + 60_000, second);
      time.tick(99);
      await settle();
      assertEquals(asked.length, 1);
      time.tick(1);
      await settle();
      assertEquals(asked.length, 2);
    }
  }));

Deno.test("batchGetUser() counts patience from the oldest check that is still under way", () =>
  inFakeTime(async (time) => {
    const { asked, check } = manual();
    void check("t", 5000, 100);
    await settle();
    time.tick(100);
    void check("t", 5000, 100);
    time.tick(1);
    await settle();
    time.tick(50);
    asked[1]!.answer(FAULT);
    await settle();
    void check("t", 5000, 100);
    time.tick(1);
    await settle();
    assertEquals(asked.length, 3);
  }));

Deno.test("batchGetUser() leaves no timer when all have been answered", SANITIZED, async () => {
  const { asked, check } = manual();
  const now = performance.now();
  const batch = [check("t", now + 50_000, 250), check("t", now + 60_000, 250)];
  await settle();
  const later = check("t", now + 60_000, 250);
  await settle();
  asked[0]!.answer(FAULT);
  await settle();
  asked[1]!.answer(FAULT);
  await Promise.all([...batch, later]);
});

Deno.test("batchGetUser() keeps nothing of a token whose checks have ended", async () => {
  // Twenty thousand tokens of 4 kB: kept, they would be 80 MB.
  const module = import.meta.resolve("../../../../shared/server/core/batch.ts");
  const script = `
    const { batchGetUser } = await import("${module}");
    const check = batchGetUser(() => Promise.resolve({ user: null, answer: { kind: "fault", reason: "network" } }));
    const held = () => (gc(), Deno.memoryUsage().heapUsed);
    const bytes = new Uint8Array(4000).fill(120); // V8 would share the parts of a sum of strings
    const token = (n) => {
      new TextEncoder().encodeInto(String(n).padStart(8, "0"), bytes);
      return new TextDecoder().decode(bytes);
    };
    const before = held();
    for (let n = 0; n < 20_000; n++) await check(token(n), Infinity, 250);
    console.log(held() - before);
    await check("t", Infinity, 250); // it is still there, with all it may hold`;
  const args = ["eval", "--quiet", "--no-lock", "--v8-flags=--expose-gc", script];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const bytes = Number(new TextDecoder().decode(stdout).trim() || NaN);
  assert(bytes < 10_000_000, `${bytes} bytes`);
});
