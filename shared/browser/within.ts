/** Waiting, but not for ever. @module */

/** What {@linkcode within} gives when time was up. */
export const LATE = Symbol("late");

/**
 * Waits for a promise, at most so long. What it stands for goes on.
 *
 * @param ms Milliseconds.
 * @param promise What to wait for.
 * @param signal Ends the wait early, with its reason.
 * @returns What it gave, or {@linkcode LATE}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await within(1000, Promise.resolve("here")), "here");
 * assertEquals(await within(0, new Promise(() => {})), LATE);
 * ```
 */
export async function within<T>(
  ms: number,
  promise: Promise<T>,
  signal?: AbortSignal | null,
): Promise<T | typeof LATE> {
  const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => resolve(LATE), ms);
  try {
    return await unlessAborted(Promise.race([promise, late]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits a while.
 *
 * @param ms Milliseconds.
 * @param signal Ends the wait early, with its reason.
 * @returns Nothing, when the time is over.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => pause(60_000, AbortSignal.abort(new Error("enough"))));
 * ```
 */
export async function pause(ms: number, signal?: AbortSignal | null): Promise<void> {
  await within(ms, new Promise<never>(() => {}), signal);
}

/**
 * Waits for a promise as long as it takes: a person may be typing.
 *
 * @param promise What to wait for.
 * @param signal Ends the wait, with its reason.
 * @returns What it gave.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await unlessAborted(Promise.resolve(1), new AbortController().signal), 1);
 * ```
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal?: AbortSignal | null,
): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    return await Promise.race([promise, end]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
