/** A running function, from the side of the host. */

/** The function could not start; the message says why. */
export class BootError extends Error {}

/** The function ended while it answered. */
export class WorkerError extends Error {}

/** Runs one function until it is retired or ends. */
export interface FunctionRunner {
  /** Whether it can take no more requests. */
  readonly ended: boolean;
  /** Resolves when the function can answer; rejects with a {@linkcode BootError}. */
  readonly ready: Promise<unknown>;
  /**
   * Answers a request by the function.
   *
   * @param request The request as it came.
   * @param url Its URL as the function sees it: `…/<name>/…`.
   * @throws {BootError} The function did not start.
   * @throws {WorkerError} It threw, or ended.
   */
  fetch(request: Request, url: string): Promise<Response>;
  /** Takes no more requests, and ends when the current ones are answered. */
  retire(): void;
  /** Ends now; resolves when nothing of it runs any more. */
  terminate(): Promise<void>;
}
