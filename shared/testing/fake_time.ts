/** Where the clock begins, so that no test depends on the day it runs. */
const START = "2026-11-23T12:00:00Z";

interface Timer {
  readonly id: number;
  /** On the scale of `performance.now()`, milliseconds. */
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly run: () => void;
}

/**
 * The clocks and timers of a test: `Date`, `performance.now()` (which begins at 0), `setTimeout()`
 * and `setInterval()` stand still until the test moves them. So no test waits, and none depends on
 * how fast the machine is. `AbortSignal.timeout()` stays real. The names are those of Deno's standard library.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * using time = new FakeTime("2026-01-01T00:00:00Z");
 * let called = false;
 * setTimeout(() => called = true, 1000);
 * time.tick(999);
 * assertEquals([called, performance.now()], [false, 999]);
 * time.tick(1);
 * assertEquals([called, new Date().toISOString()], [true, "2026-01-01T00:00:01.000Z"]);
 * ```
 */
export class FakeTime implements Disposable {
  readonly #real = {
    Date: globalThis.Date,
    performanceNow: performance.now,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  };
  readonly #queueMacrotask = macrotaskQueueOf(globalThis);
  readonly #timers = new Map<number, Timer>();
  #lastId = 0;
  /** What `Date.now()` is when `performance.now()` is 0. */
  #originMs: number;
  #elapsedMs = 0;

  /** @param start The time it begins at, in milliseconds or as a date. */
  constructor(start: number | string | Date = START) {
    this.#originMs = new Date(start).getTime();
    const now = () => this.now;
    globalThis.Date = new Proxy(this.#real.Date, {
      construct: (target, args, newTarget) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
      apply: (target) => new target(now()).toString(),
      get: (target, name) => name === "now" ? now : Reflect.get(target, name) as unknown,
    });
    performance.now = () => this.#elapsedMs;
    type Callback = (...args: unknown[]) => void;
    const startTimeout = (run: Callback, ms = 0, ...args: unknown[]) =>
      this.#start(() => run(...args), ms, undefined);
    const startInterval = (run: Callback, ms = 0, ...args: unknown[]) =>
      this.#start(() => run(...args), ms, Math.max(1, ms));
    globalThis.setTimeout = startTimeout as unknown as typeof globalThis.setTimeout;
    globalThis.setInterval = startInterval as unknown as typeof globalThis.setInterval;
    const clear = (id?: unknown) => void this.#timers.delete(id as number);
    globalThis.clearTimeout = clear;
    globalThis.clearInterval = clear;
  }

  /** The time of `Date`, in milliseconds. */
  get now(): number {
    return this.#originMs + this.#elapsedMs;
  }

  /** Sets `Date` alone, as a user or a time server does: `performance.now()` and timers stay. */
  setDate(milliseconds: number): void {
    this.#originMs = milliseconds - this.#elapsedMs;
  }

  /** Moves both clocks, and runs the timers that are due, in their order. */
  tick(milliseconds = 0): void {
    const endMs = this.#elapsedMs + milliseconds;
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#run(timer);
    }
    this.#elapsedMs = endMs;
  }

  /** As {@linkcode tick}, and lets run before and after each timer what is possible by then. */
  async tickAsync(milliseconds = 0): Promise<void> {
    const endMs = this.#elapsedMs + milliseconds;
    await this.#settle();
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#run(timer);
      await this.#settle();
    }
    this.#elapsedMs = endMs;
    await this.#settle();
  }

  /** Puts the real clocks and timers back. */
  [Symbol.dispose](): void {
    this.#timers.clear();
    const { performanceNow, ...globals } = this.#real;
    Object.assign(globalThis, globals);
    performance.now = performanceNow;
  }

  /** Puts the real clocks and timers back: for a language without `using`. */
  restore(): void {
    this[Symbol.dispose]();
  }

  #start(run: () => void, ms: number, intervalMs: number | undefined): number {
    const id = ++this.#lastId;
    // At least a millisecond, as elsewhere: a timer that starts another one lets the clock move on.
    const dueMs = this.#elapsedMs + Math.max(1, Number(ms) || 0);
    this.#timers.set(id, { id, dueMs, intervalMs, run });
    return id;
  }

  #next(endMs: number): Timer | undefined {
    const due = [...this.#timers.values()].filter((timer) => timer.dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)[0];
  }

  #run(timer: Timer): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    if (timer.intervalMs === undefined) this.#timers.delete(timer.id);
    else timer.dueMs += timer.intervalMs;
    timer.run();
  }

  /** Turns of the real event loop, which run no timer. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise<void>((resolve) => void this.#queueMacrotask(resolve));
    }
  }
}

/** Not a part of every runtime; where it is missing, a timer of 0 ms comes close. */
function macrotaskQueueOf(runtime: typeof globalThis & { setImmediate?: unknown }) {
  const { setImmediate, setTimeout } = runtime;
  return typeof setImmediate === "function"
    ? setImmediate as unknown as (run: () => void) => unknown
    : (run: () => void) => setTimeout(run, 0);
}
