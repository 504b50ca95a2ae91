/** One dialog for all calls that need the same thing of the user at the same time. @module */
import { within } from "./outage.ts";

/** A dialog that is open: what its hook gets to end it with. */
export interface Dialog<Answer> {
  /** It is done: the calls that wait for it are sent again. */
  readonly complete: (answer: Answer) => void;
  /** It was closed: the calls that wait for it end with their problem. */
  readonly cancel: () => void;
  /** Aborted when the dialog is to be closed: it has ended, or nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** A dialog that nobody answers ends after ten minutes. */
const MAX_DIALOG_MS = 600_000;

/**
 * Opens a dialog, or joins the one that is open.
 *
 * A hook that gives a promise ends the dialog with it; one that gives nothing ends it with `complete`
 * or `cancel`. `false`, `null`, an empty text and a rejection cancel.
 *
 * @param key Which one.
 * @param since When the call was sent, by `performance.now()`: a dialog that was answered after that
 * counts for it as well.
 * @param hook Opens it.
 * @param signal The caller's: ends its wait, with its reason.
 * @returns What it was completed with; `undefined` if it was cancelled.
 */
export type Ask = (
  key: string,
  since: number,
  hook: (dialog: Dialog<unknown>) => unknown,
  signal: AbortSignal | null,
) => Promise<unknown>;

interface Open {
  readonly answer: Promise<unknown>;
  readonly cancel: () => void;
  callers: number;
}

/** Makes what opens the dialogs of one client. */
export function createDialogs(): { readonly ask: Ask; readonly cancelAll: () => void } {
  const all = new Map<string, Open>();
  const answered = new Map<string, { readonly at: number; readonly value: unknown }>();

  function open(key: string, hook: Parameters<Ask>[2]): Open {
    const stop = new AbortController();
    let resolve = (_: unknown) => {};
    const answer = new Promise<unknown>((done) => resolve = done);
    const end = (value?: unknown) => {
      if (stop.signal.aborted) return;
      clearTimeout(timer);
      all.delete(key);
      stop.abort();
      resolve(value || undefined);
    };
    const say = (value?: unknown) => {
      if (!stop.signal.aborted) {
        answered.set(key, { at: performance.now(), value: value || undefined });
      }
      end(value);
    };
    const cancel = () => say();
    const timer = setTimeout(end, MAX_DIALOG_MS);
    const dialog: Dialog<unknown> = {
      complete: (value = true) => say(value),
      cancel,
      signal: stop.signal,
    };
    const one = { answer, cancel: () => end(), callers: 0 };
    all.set(key, one);
    let given: unknown;
    try {
      given = hook(dialog);
    } catch {
      cancel();
    }
    if (given instanceof Promise) given.then(say, cancel);
    else if (given !== undefined) say(given);
    return one;
  }

  return {
    async ask(key, since, hook, signal) {
      const last = answered.get(key);
      if (last && last.at > since && !all.has(key)) return last.value;
      const one = all.get(key) ?? open(key, hook);
      one.callers++;
      try {
        return await within(Infinity, one.answer, signal);
      } finally {
        if (--one.callers === 0) one.cancel();
      }
    },
    cancelAll() {
      for (const { cancel } of all.values()) cancel();
    },
  };
}
