/** Deadlines, delays, and the outage of Auth that calls wait for. @module */

/**
 * Waits for a promise for a limited time. The work behind the promise is not cancelled.
 *
 * @param timeoutMs `Infinity` for no limit.
 * @param promise What to wait for.
 * @param signal Ends the wait early, with its reason.
 * @returns The promise's value, or `undefined` when the time is up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await withTimeout(1000, Promise.resolve("here")), "here");
 * assertEquals(await withTimeout(0, new Promise(() => {})), undefined);
 * ```
 */
export async function withTimeout<T>(
  timeoutMs: number,
  promise: Promise<T>,
  signal?: AbortSignal | null,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = () => {};
  const stopped = new Promise<undefined>((resolve, reject) => {
    if (timeoutMs < Infinity) timer = setTimeout(resolve, timeoutMs, undefined);
    abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Ends each delay that may end early. */
const endableDelays = /* @__PURE__ */ new Set<() => void>();

/**
 * Waits.
 *
 * @param delayMs How long.
 * @param signal Ends the wait early, with its reason.
 * @param mayEndEarly Whether {@linkcode endDelaysEarly} ends it early as well.
 * @returns Resolves when the time is over or the delay was ended early.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => delay(60_000, AbortSignal.abort(new Error("enough"))));
 * ```
 */
export async function delay(
  delayMs: number,
  signal?: AbortSignal | null,
  mayEndEarly?: boolean,
): Promise<undefined> {
  let endDelay = () => {};
  const endedEarly = new Promise<undefined>((resolve) => endDelay = () => resolve(undefined));
  if (mayEndEarly) endableDelays.add(endDelay);
  try {
    return await withTimeout(delayMs, endedEarly, signal);
  } finally {
    endableDelays.delete(endDelay);
  }
}

/**
 * Ends every delay that may end early: the device is online again, or the page has the focus.
 *
 * @returns Whether there was one.
 */
export function endDelaysEarly(): boolean {
  for (const endDelay of endableDelays) endDelay();
  return endableDelays.size > 0;
}

interface Page {
  readonly document?: { readonly hidden: boolean };
}

/**
 * Calls back when the device comes online, and when the page gets the focus or is shown; not while it
 * is hidden. On a platform without these events it never calls back.
 */
export function onAttention(callback: () => void): void {
  // `visibilitychange` bubbles from the document.
  for (const name of ["online", "focus", "visibilitychange"]) {
    globalThis.addEventListener?.(name, () => (globalThis as Page).document?.hidden || callback());
  }
}

/**
 * Parses a JSON object without throwing.
 *
 * @param text Any text.
 * @returns The object; an empty one for any other text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([parseObject('{"a":1}'), parseObject("<h1>")], [{ a: 1 }, {}]);
 * ```
 */
export function parseObject(text: string | null | undefined): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text as string));
  } catch {
    return {};
  }
}

/** A response with a JSON body. */
export function jsonResponse(body: unknown, status = 200): Response {
  const headers = { "content-type": "application/json" };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Calls hooks of the application. What one throws is reported and affects nothing else. */
export function callHooks<T>(hooks: Iterable<((value: T) => void) | undefined>, value: T): void {
  for (const hook of hooks) {
    try {
      hook?.(value);
    } catch (error) {
      (globalThis.reportError ?? console.error)(error);
    }
  }
}

/** Auth does not answer, or cannot be reached. The user stays signed in. */
export interface Outage {
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** The latest time of the next try, in milliseconds since 1970. */
  readonly nextTry: number;
  /** Tries now, for example from a button beside the countdown. */
  readonly tryNow: () => void;
}

/** The outage of one client. */
export interface OutageState {
  /** A try has failed; `nextTryMs` is the time until the next one, in milliseconds. */
  begin(cause: string, nextTryMs: number): void;
  /** The cause is over. */
  end(cause: string): void;
  /** Auth has answered, or the session is another one: whoever waits tries now. */
  endAll(): void;
  readonly listeners: Set<(outage: Outage | null) => void>;
}

/**
 * Creates the outage state of a client. The outage lasts until every cause is over.
 *
 * @param tryNow Called when the user asks for a try at once.
 * @returns The state.
 */
export function createOutage(tryNow: () => void): OutageState {
  const causes = new Set<string>();
  const listeners: OutageState["listeners"] = new Set();
  let since = 0;
  const end = (cause: string) => {
    if (causes.delete(cause) && causes.size === 0) callHooks(listeners, null);
  };
  return {
    listeners,
    end,
    endAll() {
      causes.forEach(end);
      endDelaysEarly();
    },
    begin(cause, nextTryMs) {
      if (causes.size === 0) since = Date.now();
      causes.add(cause);
      callHooks(listeners, { since, nextTry: Date.now() + nextTryMs, tryNow });
    },
  };
}
