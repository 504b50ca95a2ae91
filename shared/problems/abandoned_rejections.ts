/**
 * Rejections of a schema's checks that nobody awaits. zod begins all asynchronous checks of a value at
 * once and awaits them in turn, so that if two of them reject, the second rejection is unhandled; and
 * where a check turns out to be asynchronous in a synchronous run, zod drops its promise. An unhandled
 * rejection ends the process, with every request in it.
 *
 * @module
 */

/** How long after a check that failed its siblings may still reject. */
const SIBLINGS_MS = 60_000;

let running = 0;
let untilMs = -Infinity;
let isListening = false;
let log: (reason: unknown) => void = () => {};

/**
 * Runs a schema whose checks may reject after their result is no longer awaited. While it runs, and
 * for a minute after one has failed, unhandled rejections are logged and do not end the process.
 *
 * @param run Runs the schema.
 * @param logRejection Takes the reason of a rejection that nobody awaits.
 */
export async function keepAbandonedRejections<T>(
  run: () => Promise<T>,
  logRejection: (reason: unknown) => void,
): Promise<T> {
  listen(logRejection);
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

/**
 * The same for a schema that has just turned out to be asynchronous, and whose result is not used: for
 * a minute from now.
 *
 * @param logRejection Takes the reason of a rejection that nobody awaits.
 */
export function logLaterRejections(logRejection: (reason: unknown) => void): void {
  listen(logRejection);
  untilMs = performance.now() + SIBLINGS_MS;
}

/** Node has no events on its global object. */
interface Runtime {
  readonly addEventListener?: unknown;
  readonly process?: {
    on(event: "unhandledRejection", listener: (reason: unknown) => void): void;
    off(event: "unhandledRejection", listener: (reason: unknown) => void): void;
  };
}

function listen(logRejection: (reason: unknown) => void): void {
  log = logRejection;
  if (isListening) return;
  isListening = true;
  const { addEventListener, process } = globalThis as unknown as Runtime;
  if (addEventListener === undefined) process?.on("unhandledRejection", onRejection);
  else globalThis.addEventListener("unhandledrejection", onEvent);
}

function onEvent(event: PromiseRejectionEvent): void {
  stopUnlessNeeded();
  if (!isListening) return;
  event.preventDefault();
  log(event.reason);
}

function onRejection(reason: unknown): void {
  stopUnlessNeeded();
  if (!isListening) throw reason; // as it would have been without a listener
  log(reason);
}

function stopUnlessNeeded(): void {
  if (running > 0 || performance.now() < untilMs) return;
  isListening = false;
  const { addEventListener, process } = globalThis as unknown as Runtime;
  if (addEventListener === undefined) process?.off("unhandledRejection", onRejection);
  else globalThis.removeEventListener("unhandledrejection", onEvent);
}
