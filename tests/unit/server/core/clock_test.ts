import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { createClock } from "../../../../shared/server/core/clock.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");
const at = (ms: number) => new Date(ms).toUTCString();

function timed(name: string, run: () => void) {
  Deno.test(name, () => {
    mock.timers.enable({ apis: ["Date"], now: NOON });
    try {
      run();
    } finally {
      mock.timers.reset();
    }
  });
}

timed("createClock() asks once a minute before it refuses by an unproven clock", () => {
  const clock = createClock();
  assertEquals(clock.now(30), NOON / 1000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, true]);
  mock.timers.setTime(NOON + 59_999);
  assertEquals(clock.mayRefuseExpired(30), true);
  mock.timers.setTime(NOON + 60_000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, true]);
  mock.timers.setTime(NOON - 60_000); // back past the question
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, true]);
});

timed("createClock() trusts a clock that differs by the skew at most", () => {
  for (const off of [0, 30_000, -30_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000]);
  }
});

timed("createClock() takes Auth's clock and refuses nothing when ours is wrong", () => {
  for (const off of [32_000, -32_000, 86_400_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, (NOON + off) / 1000]);
    assertEquals(clock.mayRefuseExpired(30), false); // and stays so, until an answer proves it right
    mock.timers.setTime(NOON + off);
    clock.observe(at(NOON + off));
    assertEquals(clock.mayRefuseExpired(30), true);
    mock.timers.setTime(NOON);
  }
});

timed(
  "createClock() goes by the newest Date, and holds an unchanged one against the time it has become",
  () => {
    const clock = createClock();
    clock.observe(at(NOON));
    clock.observe(at(NOON + 60_000));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, NOON / 1000 + 60]);
    mock.timers.setTime(NOON + 60_000);
    clock.observe(at(NOON + 60_000));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000 + 60]);
    clock.observe(null); // says nothing, and forgets nothing
    assertEquals(clock.mayRefuseExpired(30), true);
  },
);

timed("createClock() judges by the skew of who asks", () => {
  const clock = createClock();
  clock.observe(at(NOON + 60_000));
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(120)], [false, true]);
});

timed("createClock() learns nothing from a Date that is missing or cannot be read", () => {
  const clock = createClock();
  for (const date of [null, "", "soon", "Mon, 99 Nov 2026"]) clock.observe(date);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, true]);
  assertEquals(clock.now(30), NOON / 1000);
});

timed("createClock() forgets a comparison after a minute", () => {
  const clock = createClock();
  clock.observe(at(NOON));
  mock.timers.setTime(NOON + 3_600_000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, true]);
});

timed(
  "createClock() takes two clocks that agree for right without any skew: Date has whole seconds",
  () => {
    const clock = createClock();
    mock.timers.setTime(NOON + 999);
    clock.observe(at(NOON));
    assertEquals([clock.mayRefuseExpired(0), clock.now(0)], [true, (NOON + 999) / 1000]);
  },
);

timed(
  "createClock() tells the later of the two clocks, also where they differ by less than the skew",
  () => {
    const clock = createClock();
    clock.observe(at(NOON + 25_000));
    assertEquals([clock.now(30), clock.latest()], [NOON / 1000, NOON / 1000 + 25]);
    clock.observe(at(NOON - 25_000));
    assertEquals(clock.latest(), NOON / 1000);
  },
);
