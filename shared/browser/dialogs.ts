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

/** A dialog without an answer is cancelled after ten minutes. */
const MAX_DIALOG_MS = 600_000;

/**
 * Opens a dialog, or joins the one that is open.
 *
 * A hook that returns a promise ends the dialog when that settles; a hook that returns nothing ends
 * it with `complete` or `cancel`. `false`, `null`, an empty string and a rejection cancel.
 *
 * @param key Identifies the dialog.
 * @param sentAtMs When the call was sent, by `performance.now()`. An answer given after that is
 * used for this call too.
 * @param hook Opens it.
 * @param signal The caller's. It rejects this call's wait with its reason.
 * @returns What it was completed with; `undefined` if it was cancelled.
 */
export type OpenDialog = (
  key: string,
  sentAtMs: number,
  hook: (dialog: Dialog<unknown>) => unknown,
  signal: AbortSignal | null,
) => Promise<unknown>;

interface ActiveDialog {
  readonly answer: Promise<unknown>;
  readonly cancel: () => void;
  callers: number;
}

/** Creates the dialogs of one client. */
export function createDialogs(): {
  readonly open: OpenDialog;
  readonly cancelAll: () => void;
} {
  const openDialogs = new Map<string, ActiveDialog>();
  const answered = new Map<string, { readonly atMs: number; readonly value: unknown }>();

  function start(key: string, hook: Parameters<OpenDialog>[2]): ActiveDialog {
    const stop = new AbortController();
    let resolve = (_: unknown) => {};
    const answer = new Promise<unknown>((done) => resolve = done);
    const end = (isAnswer: boolean, value?: unknown) => {
      if (stop.signal.aborted) return;
      clearTimeout(timer);
      openDialogs.delete(key);
      stop.abort();
      if (isAnswer) answered.set(key, { atMs: performance.now(), value: value || undefined });
      resolve(value || undefined);
    };
    const complete = (value?: unknown) => end(true, value);
    const cancel = () => end(true);
    const timer = setTimeout(() => end(false), MAX_DIALOG_MS);
    const dialog = {
      complete: (value: unknown = true) => complete(value),
      cancel,
      signal: stop.signal,
    };
    const current = { answer, cancel: () => end(false), callers: 0 };
    openDialogs.set(key, current);
    let given: unknown;
    try {
      given = hook(dialog);
    } catch {
      cancel();
    }
    if (given instanceof Promise) given.then(complete, cancel);
    else if (given !== undefined) complete(given);
    return current;
  }

  return {
    async open(key, sentAtMs, hook, signal) {
      const last = answered.get(key);
      if (last && last.atMs > sentAtMs && !openDialogs.has(key)) return last.value;
      const current = openDialogs.get(key) ?? start(key, hook);
      current.callers++;
      try {
        return await withTimeout(Infinity, current.answer, signal);
      } finally {
        if (--current.callers === 0) current.cancel();
      }
    },
    cancelAll() {
      for (const { cancel } of openDialogs.values()) cancel();
    },
  };
}
