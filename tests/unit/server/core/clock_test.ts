import { assertEquals } from "@std/assert";
import { createClock } from "../../../../shared/server/core/clock.ts";
import { FakeTime } from "../../../support/server.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");
const at = (ms: number) => new Date(ms).toUTCString();

function timed(name: string, run: (time: FakeTime) => void) {
  Deno.test(name, () => {
    using time = new FakeTime(NOON);
    run(time);
  });
}

timed("createClock() refuses nothing by a clock that no answer of Auth has proven", (time) => {
  const clock = createClock();
  assertEquals(clock.now(30), NOON / 1000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, false]);
  clock.observe(at(NOON));
  time.setDate(NOON + 59_999);
  assertEquals(clock.mayRefuseExpired(30), true);
  time.setDate(NOON + 60_000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, false]);
  time.setDate(NOON - 60_000); // back past the answer
  assertEquals(clock.mayRefuseExpired(30), false);
});

timed("createClock() knows a Date of a cache by the newest one of the last minute", (time) => {
  const clock = createClock();
  assertEquals(clock.isOutdated(at(0), 30), false);
  clock.observe(at(NOON));
  clock.observe(at(NOON - 20_000)); // two servers of Auth may differ
  for (const [ms, outdated] of [[0, false], [-31_000, false], [-32_000, true]] as const) {
    assertEquals([ms, clock.isOutdated(at(NOON + ms), 30)], [ms, outdated]);
  }
  for (const date of [null, "", "soon"]) assertEquals(clock.isOutdated(date, 30), false);
  time.setDate(NOON + 60_000);
  assertEquals(clock.isOutdated(at(0), 30), false);
  clock.observe(at(0)); // Auth's clock was set back
  assertEquals(clock.isOutdated(at(0), 30), false);
});

timed("createClock() trusts a clock that differs by the skew at most", () => {
  for (const off of [0, 30_000, -30_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000]);
  }
});

timed("createClock() takes Auth's clock and refuses nothing when ours is wrong", (time) => {
  for (const off of [32_000, -32_000, 86_400_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, (NOON + off) / 1000]);
    assertEquals(clock.mayRefuseExpired(30), false); // and stays so, until an answer proves it right
    time.setDate(NOON + off);
    clock.observe(at(NOON + off));
    assertEquals(clock.mayRefuseExpired(30), true);
    time.setDate(NOON);
  }
});

timed(
  "createClock() goes by the newest Date, and holds an unchanged one against the time it has become",
  (time) => {
    const clock = createClock();
    clock.observe(at(NOON));
    clock.observe(at(NOON + 60_000));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, NOON / 1000 + 60]);
    time.setDate(NOON + 60_000);
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

timed("createClock() goes by its own time where Auth does not tell it", () => {
  for (const date of [null, "", "soon", "Mon, 99 Nov 2026"]) {
    const clock = createClock();
    clock.observe(date);
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000]);
  }
});

timed("createClock() forgets a comparison after a minute", (time) => {
  const clock = createClock();
  clock.observe(at(NOON));
  time.setDate(NOON + 3_600_000);
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(30)], [false, false]);
});

timed(
  "createClock() takes two clocks that agree for right without any skew: Date has whole seconds",
  (time) => {
    const clock = createClock();
    time.setDate(NOON + 999);
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
