import { setImmediate } from "node:timers";

/** A promise and its ends. */
export const deferred = <T = void>() => Promise.withResolvers<T>();

/**
 * Lets everything run that is already possible: turns of the event loop, and no timer.
 *
 * @param turns How many.
 */
export async function settle(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Runs with `console.error` caught; returns the lines it was given. */
export async function logged(run: () => unknown): Promise<string> {
  const lines: unknown[] = [];
  const before = console.error;
  console.error = (...args: unknown[]) => void lines.push(...args);
  try {
    await run();
  } finally {
    console.error = before;
  }
  return lines.map(String).join("\n");
}

/** Options of a Deno.test that reports what is left open, which it does only where it is asked. */
export const SANITIZED = { sanitizeOps: true, sanitizeResources: true };
