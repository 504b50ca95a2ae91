/** How long after a check that failed its siblings may still reject. */
const SIBLINGS_MS = 60_000;

let running = 0;
let untilMs = -Infinity;
let isListening = false;
let log: (reason: unknown) => void = () => {};

/**
 * Runs a schema whose checks may reject after their result is no longer awaited. zod begins all
 * asynchronous checks of a value at once and awaits them in turn, so if two of them reject, the second
 * rejection is unhandled; and an unhandled rejection ends the process, with every request in it.
 * While such a schema runs, and for a minute after one has failed, these are logged instead.
 *
 * @param run Runs the schema.
 * @param logRejection Takes the reason of a rejection that nobody awaits.
 */
export async function keepAbandonedRejections<T>(
  run: () => Promise<T>,
  logRejection: (reason: unknown) => void,
): Promise<T> {
  log = logRejection;
  if (!isListening) {
    globalThis.addEventListener("unhandledrejection", listener);
    isListening = true;
  }
  running++;
  try {
    return await run();
  } catch (error) {
    untilMs = performance.now() + SIBLINGS_MS;
    throw error;
  } finally {
    running--;
    stopUnlessNeeded();
  }
}

function listener(event: PromiseRejectionEvent): void {
  stopUnlessNeeded();
  if (!isListening) return;
  event.preventDefault();
  log(event.reason);
}

function stopUnlessNeeded(): void {
  if (running > 0 || performance.now() < untilMs) return;
  globalThis.removeEventListener("unhandledrejection", listener);
  isListening = false;
}
