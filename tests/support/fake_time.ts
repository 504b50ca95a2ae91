import { mock } from "node:test";
import { settle } from "./async.ts";

/** Some noon: tests that run at night read the same. */
const START = "2026-11-23T12:00:00Z";

/**
 * The clocks and timers of a test: `Date`, `performance.now()` (which begins at 0), `setTimeout()`
 * and `setInterval()` stand still until the test moves them. So no test depends on how fast the
 * machine is. `now` and `tick()` are those of std's class of the same name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * using time = new FakeTime();
 * let called = false;
 * setTimeout(() => called = true, 1000);
 * time.tick(999);
 * assertEquals([called, performance.now()], [false, 999]);
 * time.tick(1);
 * assertEquals([called, performance.now()], [true, 1000]);
 * time.setDate(0);
 * assertEquals([Date.now(), performance.now()], [0, 1000]);
 * ```
 */
export class FakeTime implements Disposable {
  readonly #performanceNow = performance.now;
  /** What `Date.now()` is when `performance.now()` is 0. */
  #origin: number;

  /** @param start The time it begins at, in milliseconds or as a date. */
  constructor(start: number | string | Date = START) {
    this.#origin = new Date(start).getTime();
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: this.#origin });
    performance.now = () => Date.now() - this.#origin;
  }

  /** The time of `Date`, in milliseconds. */
  get now(): number {
    return Date.now();
  }

  /** Sets `Date` alone, as a user or a time server does: `performance.now()` and timers stay. */
  setDate(milliseconds: number): void {
    this.#origin += milliseconds - Date.now();
    mock.timers.setTime(milliseconds);
  }

  /** Moves both clocks, and runs the timers that are due. */
  tick(milliseconds = 0): void {
    mock.timers.tick(milliseconds);
  }

  /**
   * Moves both clocks in steps, and lets everything run that has become possible after each one.
   *
   * @param milliseconds How far in all.
   * @param step How far at once, in milliseconds.
   */
  async tickInSteps(milliseconds: number, step = 10): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.tick(step);
      await settle(1);
    }
  }

  /** Puts the real clocks and timers back. */
  [Symbol.dispose](): void {
    performance.now = this.#performanceNow;
    mock.timers.reset();
  }
}

/** Runs a test in {@linkcode FakeTime}. */
export async function inFakeTime(run: (time: FakeTime) => unknown): Promise<void> {
  using time = new FakeTime();
  await run(time);
}
