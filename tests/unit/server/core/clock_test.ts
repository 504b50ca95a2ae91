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

timed(
  "createClock() refuses nothing when no answer of Auth has confirmed the clock within a minute",
  (time) => {
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
  },
);

timed(
  "createClock() calls a Date outdated when it is older than the newest of the last minute by more than the skew",
  (time) => {
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
  },
);

timed("createClock() trusts its own clock when it differs from Auth's by the skew at most", () => {
  for (const off of [0, 30_000, -30_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000]);
  }
});

timed("createClock() takes Auth's time and refuses nothing when its own clock is wrong", (time) => {
  for (const off of [32_000, -32_000, 86_400_000]) {
    const clock = createClock();
    clock.observe(at(NOON + off));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, (NOON + off) / 1000]);
    assertEquals(clock.mayRefuseExpired(30), false); // until an answer confirms it
    time.setDate(NOON + off);
    clock.observe(at(NOON + off));
    assertEquals(clock.mayRefuseExpired(30), true);
    time.setDate(NOON);
  }
});

timed(
  "createClock() compares its clock with the newest Date, and keeps that when none is sent",
  (time) => {
    const clock = createClock();
    clock.observe(at(NOON));
    clock.observe(at(NOON + 60_000));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [false, NOON / 1000 + 60]);
    time.setDate(NOON + 60_000);
    clock.observe(at(NOON + 60_000));
    assertEquals([clock.mayRefuseExpired(30), clock.now(30)], [true, NOON / 1000 + 60]);
    clock.observe(null); // no Date: the last comparison stays
    assertEquals(clock.mayRefuseExpired(30), true);
  },
);

timed("createClock() applies the skew of each call", () => {
  const clock = createClock();
  clock.observe(at(NOON + 60_000));
  assertEquals([clock.mayRefuseExpired(30), clock.mayRefuseExpired(120)], [false, true]);
});

timed("createClock() takes its own time when Auth sends no readable Date", () => {
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
  "createClock() trusts its own clock without a skew when it differs by less than the second of a Date",
  (time) => {
    const clock = createClock();
    time.setDate(NOON + 999);
    clock.observe(at(NOON));
    assertEquals([clock.mayRefuseExpired(0), clock.now(0)], [true, (NOON + 999) / 1000]);
  },
);

timed(
  "createClock() returns the later of both clocks when they differ by less than the skew",
  () => {
    const clock = createClock();
    clock.observe(at(NOON + 25_000));
    assertEquals([clock.now(30), clock.latest()], [NOON / 1000, NOON / 1000 + 25]);
    clock.observe(at(NOON - 25_000));
    assertEquals(clock.latest(), NOON / 1000);
  },
);
