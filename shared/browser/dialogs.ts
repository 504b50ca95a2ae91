/** Calls that need the same input of the user at the same time share one dialog. @module */
import { withTimeout } from "./outage.ts";

/** What a hook gets to end its dialog with. */
export interface Dialog<Answer> {
  /** The user has answered: the calls that wait for it are sent again. */
  readonly complete: (answer: Answer) => void;
  /** The user has closed it: the calls that wait for it return their problem. */
  readonly cancel: () => void;
  /** Aborted when the page should close the dialog: it has ended, or no call waits for it. */
  readonly signal: AbortSignal;
}

/** A dialog is open for ten minutes at most. */
const MAX_OPEN_MS = 600_000;

/** One kind of dialog of one client. */
export interface SharedDialog {
  /**
   * Opens the dialog, or joins the one that is open.
   *
   * A hook that returns a promise ends the dialog when that settles, and a hook that returns any
   * other value ends it at once; a hook that returns nothing ends it with `complete` or `cancel`.
   * `false`, `null`, an empty string and a rejection cancel. A dialog that is open for ten minutes
   * ends without an answer.
   *
   * @param sentAtMs When the call was sent, by `performance.now()`. An answer given after that is
   * used for this call too.
   * @param hook Opens it.
   * @param signal The caller's. It rejects this call's wait with its reason.
   * @returns What it was completed with, `true` for nothing; `undefined` if it was cancelled.
   */
  open(
    sentAtMs: number,
    hook: (dialog: Dialog<unknown>) => unknown,
    signal: AbortSignal | null,
  ): Promise<unknown>;
  /** Ends the dialog without an answer. */
  close(): void;
}

interface ActiveDialog {
  readonly answer: Promise<unknown>;
  /** Ends it; `undefined` for no answer. */
  readonly end: (value?: unknown) => void;
  callers: number;
}

/** Creates one kind of dialog. */
export function createDialog(): SharedDialog {
  let active: ActiveDialog | undefined;
  /** What the user last answered or cancelled. */
  let last = { atMs: -Infinity, value: undefined as unknown };

  function start(hook: Parameters<SharedDialog["open"]>[1]): ActiveDialog {
    const stop = new AbortController();
    let resolve = (_: unknown) => {};
    const answer = new Promise<unknown>((done) => resolve = done);
    const end = (value?: unknown) => {
      if (active === current) active = undefined;
      stop.abort();
      resolve(value);
    };
    const current = active = { answer, end, callers: 0 };
    withTimeout(MAX_OPEN_MS, answer).then(end);
    const finish = (value?: unknown) => {
      if (active === current) last = { atMs: performance.now(), value };
      end(value);
    };
    const complete = (value: unknown = true) => finish(value || undefined);
    const cancel = () => finish();
    try {
      const given = hook({ complete, cancel, signal: stop.signal });
      // A promise may be of any library.
      if (given !== undefined) Promise.resolve(given).then(complete, cancel);
    } catch {
      cancel();
    }
    return current;
  }

  return {
    async open(sentAtMs, hook, signal) {
      if (!active && last.atMs > sentAtMs) return last.value;
      const current = active ?? start(hook);
      current.callers++;
      try {
        return await withTimeout(Infinity, current.answer, signal);
      } finally {
        if (--current.callers === 0) current.end();
      }
    },
    close: () => active?.end(),
  };
}
