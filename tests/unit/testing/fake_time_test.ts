import { assertEquals } from "@std/assert";
import { FakeTime } from "../../../shared/testing/mod.ts";

Deno.test("FakeTime runs timers in the order in which they are due", () => {
  using time = new FakeTime(0);
  const ran: string[] = [];
  setTimeout(() => ran.push("20"), 20);
  setTimeout(() => {
    ran.push("10");
    setTimeout(() => ran.push("15"), 5);
  }, 10);
  setTimeout((text: string) => ran.push(text), 10, "10 too");
  const cleared = setTimeout(() => ran.push("cleared"), 5);
  clearTimeout(cleared);
  clearTimeout(undefined);
  time.tick(19);
  assertEquals([ran, Date.now()], [["10", "10 too", "15"], 19]);
  time.tick(1);
  assertEquals(ran.at(-1), "20");
});

Deno.test("FakeTime repeats intervals until they are cleared", () => {
  using time = new FakeTime();
  let count = 0;
  const interval = setInterval(() => count++, 100);
  time.tick(350);
  assertEquals(count, 3);
  clearInterval(interval);
  time.tick(350);
  assertEquals(count, 3);
});

Deno.test("FakeTime is what Date says, however it is asked", () => {
  const time = new FakeTime("2026-01-01T00:00:00Z");
  assertEquals(new Date().toISOString(), "2026-01-01T00:00:00.000Z");
  assertEquals(new Date(5).getTime(), 5);
  assertEquals(Date.parse("1970-01-01T00:00:01Z"), 1000);
  assertEquals(new Date() instanceof Date, true);
  time.setDate(7);
  assertEquals([Date.now(), performance.now()], [7, 0]);
  time.restore();
  assertEquals(Date.now() > Date.parse("2026-01-02"), true);
});

Deno.test("tickAsync() lets promises go on between timers", async () => {
  using time = new FakeTime();
  const steps: number[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  const run = (async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(100);
      steps.push(performance.now());
    }
  })();
  await time.tickAsync(300);
  await run;
  assertEquals(steps, [100, 200, 300]);
});
