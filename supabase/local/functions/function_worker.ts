/** One booted function, seen from the host. */

import type { FromWorker, ToWorker } from "./protocol.ts";

/** The function could not be started; the message says why. */
export class BootError extends Error {}

/** The function ended while it answered. */
export class WorkerError extends Error {}

const nullBody = [101, 204, 205, 304];

/** A request that was not answered to its last byte. */
interface Exchange {
  readonly head: PromiseWithResolvers<Response>;
  /** Breaks the body off, when the worker ends before it is through. */
  readonly broken: AbortController;
}

/** A worker that runs one function until it is retired or ends. */
export class FunctionWorker {
  readonly #worker: Worker;
  readonly #open = new Map<number, Exchange>();
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
    const id = this.#next++;
    const head = Promise.withResolvers<Response>();
    head.promise.catch(() => {}); // Awaited below, unless the boot fails first.
    // From the beginning: a worker that is retired while it boots still owes this answer.
    this.#open.set(id, { head, broken: new AbortController() });
    try {
      await this.#ready.promise;
      request.signal.addEventListener("abort", () => {
        if (!this.dead) this.#post({ type: "abort", id });
      }, { once: true });
      const { method, body } = request;
      const headers: [string, string][] = [...request.headers];
      this.#post({ type: "request", id, url, method, headers, body }, body ? [body] : []);
      return await head.promise;
    } catch (error) {
      this.#done(id);
      throw error;
    }
  }

  /** Takes no more requests, and ends when those under way are answered. */
  retire(): void {
    this.#retired = true;
    if (this.#open.size === 0) this.#end("the function was changed");
  }

  /** Ends now. */
  terminate(): void {
    this.#end("the stack was closed");
  }

  #done(id: number): void {
    this.#open.delete(id);
    if (this.#retired) this.retire();
  }

  #end(reason: string): void {
    if (this.dead) return;
    this.dead = true;
    this.#worker.terminate();
    this.#ready.reject(new BootError(reason));
    for (const { head, broken } of this.#open.values()) {
      head.reject(new WorkerError(reason));
      broken.abort(new WorkerError(reason));
    }
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.type === "ready") return this.#ready.resolve();
    if (message.type === "failed") return this.#end(message.reason);
    const exchange = this.#open.get(message.id);
    if (!exchange) return;
    if (message.type === "thrown") return exchange.head.reject(new WorkerError(message.reason));
    const { id, status, statusText, headers, body } = message;
    const content = body && !nullBody.includes(status) ? this.#follow(id, body, exchange) : null;
    exchange.head.resolve(new Response(content, { status, statusText, headers }));
    if (!content) this.#done(id);
  }

  /** Passes a body on; only when it is through is the request done. */
  #follow(
    id: number,
    body: ReadableStream<Uint8Array>,
    { broken }: Exchange,
  ): ReadableStream<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    body.pipeTo(writable, { signal: broken.signal })
      .catch(() => {}) // The reader sees it: broken off, or not wanted any more.
      .finally(() => this.#done(id));
    return readable;
  }
}
