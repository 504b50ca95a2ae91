/** Waiting, but not for ever; and the outage that calls wait for. @module */

/**
 * Waits for a promise, at most so long. What it stands for goes on.
 *
 * @param ms Milliseconds.
 * @param promise What to wait for.
 * @param signal Ends the wait early, with its reason.
 * @returns What it gave; `undefined` when time was up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await within(1000, Promise.resolve("here")), "here");
 * assertEquals(await within(0, new Promise(() => {})), undefined);
 * ```
 */
export function within<T>(
  ms: number,
  promise: Promise<T>,
  signal?: AbortSignal | null,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => end(() => reject(signal?.reason));
    const timer = ms < Infinity ? setTimeout(() => end(() => resolve(undefined)), ms) : undefined;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      settle();
    };
    promise.then((value) => end(() => resolve(value)), (error) => end(() => reject(error)));
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}

/** What is to be called when the device is online again, or the page is looked at. */
const sleepers = /* @__PURE__ */ new Set<() => void>();

/**
 * Waits a while.
 *
 * @param ms Milliseconds.
 * @param signal Ends the wait early, with its reason.
 * @param wakes Whether {@linkcode wake} ends it early as well.
 * @returns Nothing, when the time is over.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => pause(60_000, AbortSignal.abort(new Error("enough"))));
 * ```
 */
export async function pause(
  ms: number,
  signal?: AbortSignal | null,
  wakes?: boolean,
): Promise<void> {
  let rise = () => {};
  const awake = new Promise<void>((resolve) => rise = resolve);
  if (wakes) sleepers.add(rise);
  try {
    await within(ms, awake, signal);
  } finally {
    sleepers.delete(rise);
  }
}

/** Ends every wait that may end early. */
export function wake(): void {
  for (const rise of sleepers) rise();
}

interface Page {
  readonly document: EventTarget & { readonly hidden: boolean };
}

/**
 * Calls back when the device is online again, when the page is looked at, and when another tab has
 * changed the storage. Where a platform has no such events, it never does.
 *
 * @param callback Gets the event.
 */
export function onAttention(callback: (event: Event) => void): void {
  const { document } = globalThis as unknown as Partial<Page>;
  for (const name of ["online", "focus", "storage"]) globalThis.addEventListener?.(name, callback);
  document?.addEventListener?.("visibilitychange", (event) => document.hidden || callback(event));
}

/**
 * What a text is as JSON.
 *
 * @param text Any text.
 * @returns The value; `undefined` for HTML and other texts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([parseJson("{}"), parseJson("<h1>")], [{}, undefined]);
 * ```
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Calls a hook of the application: what it throws is its own mistake, and is reported as one. */
export function guarded(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}

/** Auth does not answer, or cannot be reached. Whoever is signed in stays signed in. */
export interface Outage {
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** When the next try is due at the latest, in milliseconds since 1970. */
  readonly nextTry: number;
  /** Tries now: for a button beside the countdown. */
  readonly tryNow: () => void;
}

/** The outage of one client. */
export interface OutageState {
  /** It goes on, and the next try is due in so many milliseconds. */
  begin(cause: string, ms: number): void;
  /** What was cut off answers again. */
  end(cause: string): void;
  readonly listeners: Set<(outage: Outage | null) => void>;
}

/**
 * Makes the outage of a client. It lasts as long as one of its causes does.
 *
 * @param tryNow What to do when the user wants a try at once.
 * @returns The state.
 */
export function createOutage(tryNow: () => void): OutageState {
  const causes = new Set<string>();
  const listeners: OutageState["listeners"] = new Set();
  let since = 0;
  const tell = (outage: Outage | null) => {
    for (const listener of listeners) guarded(() => listener(outage));
  };
  return {
    listeners,
    begin(cause, ms) {
      if (causes.size === 0) since = Date.now();
      causes.add(cause);
      tell({ since, nextTry: Date.now() + ms, tryNow });
    },
    end(cause) {
      if (causes.delete(cause) && causes.size === 0) tell(null);
    },
  };
}
