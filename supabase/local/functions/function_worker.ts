/** One booted function, seen from the host. */

import type { FromWorker, ToWorker } from "./protocol.ts";

/** The function could not be started; the message says why. */
export class BootError extends Error {}

/** The function ended while it answered. */
export class WorkerError extends Error {}

const nullBody = [101, 204, 205, 304];

/** A worker that runs one function until it is retired or ends. */
export class FunctionWorker {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<Response>>();
  readonly #ready = Promise.withResolvers<void>();
  #next = 0;
  #retired = false;
  /** Whether the worker can take no more requests. */
  dead = false;

  /**
   * Starts a function.
   *
   * @param entry The URL of its entry file.
   * @param env What it finds in `Deno.env`.
   */
  constructor(name: string, entry: string, env: Record<string, string>) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Else the error of one function would end the whole stack.
      event.preventDefault();
      this.#end(event.message);
    };
    this.#ready.promise.catch(() => {}); // Told to whoever asks for an answer.
    this.#post({ type: "boot", entry, env });
  }

  /** Lets the function answer a request. */
  async fetch(request: Request, url: string): Promise<Response> {
    await this.#ready.promise;
    const id = this.#next++;
    const waiting = Promise.withResolvers<Response>();
    this.#pending.set(id, waiting);
    request.signal.addEventListener("abort", () => {
      if (!this.dead) this.#post({ type: "abort", id });
    }, { once: true });
    const { method, body } = request;
    const headers: [string, string][] = [...request.headers];
    this.#post({ type: "request", id, url, method, headers, body }, body ? [body] : []);
    try {
      return await waiting.promise;
    } finally {
      this.#pending.delete(id);
      this.#terminateIfDone();
    }
  }

  /** Takes no more requests, and ends when those under way are answered. */
  retire(): void {
    this.#retired = true;
    this.#terminateIfDone();
  }

  /** Ends now. */
  terminate(): void {
    this.#end("the stack was closed");
  }

  #terminateIfDone(): void {
    if (this.#retired && this.#pending.size === 0) this.#end("the function was changed");
  }

  #end(reason: string): void {
    if (this.dead) return;
    this.dead = true;
    this.#worker.terminate();
    this.#ready.reject(new BootError(reason));
    for (const waiting of this.#pending.values()) waiting.reject(new WorkerError(reason));
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.type === "ready") return this.#ready.resolve();
    if (message.type === "failed") return this.#end(message.reason);
    const waiting = this.#pending.get(message.id);
    if (message.type === "thrown") return waiting?.reject(new WorkerError(message.reason));
    const { status, statusText, headers, body } = message;
    const content = nullBody.includes(status) ? null : body;
    waiting?.resolve(new Response(content, { status, statusText, headers }));
  }
}
