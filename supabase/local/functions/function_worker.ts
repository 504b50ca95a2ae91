/** A function in a worker, from the side of the host. */

import type { FromWorker, ToWorker } from "./protocol.ts";
import { BootError, type FunctionRunner, WorkerError } from "./runner.ts";
import { createUpload, type Upload } from "./upload.ts";
import { createUpgradeResponse } from "./web_socket.ts";

const NULL_BODY_STATUSES = [101, 204, 205, 304];

/** A request whose answer has not ended. */
interface Exchange {
  readonly head: PromiseWithResolvers<Response>;
  /** Aborts the body when the worker ends before it. */
  readonly aborted: AbortController;
  /** The body of the request. */
  upload?: Upload;
}

/** A worker that runs one function until it is retired or ends. */
export class FunctionWorker implements FunctionRunner {
  readonly ready: Promise<unknown>;
  readonly #worker: Worker;
  readonly #open = new Map<number, Exchange>();
  readonly #ready = Promise.withResolvers<void>();
  #next = 0;
  #retired = false;
  ended = false;

  /**
   * Starts a function.
   *
   * @param entry The URL of its entry file.
   * @param env Its `Deno.env`.
   */
  constructor(name: string, entry: string, env: Record<string, string>) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Otherwise the error of one function would end the stack.
      event.preventDefault();
      this.#end(event.message);
    };
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Every request that waits for it rejects.
    this.#post({ type: "boot", entry, env });
  }

  async fetch(request: Request, url: string): Promise<Response> {
    const id = this.#next++;
    const head = Promise.withResolvers<Response>();
    head.promise.catch(() => {}); // Awaited below, unless the start fails first.
    // Before the start has ended: a worker that is retired meanwhile still answers this request.
    const exchange: Exchange = { head, aborted: new AbortController() };
    this.#open.set(id, exchange);
    try {
      await this.#ready.promise;
      request.signal.addEventListener("abort", () => {
        if (!this.ended) this.#post({ type: "abort", id });
      }, { once: true });
      const { method } = request;
      if (request.body) exchange.upload = createUpload(request.body);
      const body = exchange.upload?.stream ?? null;
      const headers: [string, string][] = [...request.headers];
      this.#post({ type: "request", id, url, method, headers, body }, body ? [body] : []);
      return await head.promise;
    } catch (error) {
      this.#done(id);
      throw error;
    }
  }

  retire(): void {
    this.#retired = true;
    if (this.#open.size === 0) this.#end("the function was changed");
  }

  terminate(): Promise<void> {
    this.#end("the stack was closed");
    return Promise.resolve();
  }

  #done(id: number): void {
    this.#open.delete(id);
    if (this.#retired) this.retire();
  }

  #end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.#worker.terminate();
    this.#ready.reject(new BootError(reason));
    for (const { head, aborted } of this.#open.values()) {
      head.reject(new WorkerError(reason));
      aborted.abort(new WorkerError(reason));
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
    if (message.type === "upgrade") {
      const { id, protocol, port } = message;
      const upgrade = { protocol, port, ended: exchange.aborted.signal };
      const response = createUpgradeResponse({ ...upgrade, onClose: () => this.#done(id) });
      return exchange.head.resolve(response);
    }
    const { id, status, statusText, headers, body } = message;
    const content = body && !NULL_BODY_STATUSES.includes(status)
      ? this.#follow(id, body, exchange)
      : null;
    const resolve = () => {
      exchange.head.resolve(new Response(content, { status, statusText, headers }));
      if (!content) this.#done(id);
    };
    if (message.leavesUpload && exchange.upload) void exchange.upload.drain().then(resolve);
    else resolve();
  }

  /** Passes a body on; the request is done when the body has ended. */
  #follow(
    id: number,
    body: ReadableStream<Uint8Array>,
    { aborted }: Exchange,
  ): ReadableStream<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    body.pipeTo(writable, { signal: aborted.signal })
      .catch(() => {}) // The reader sees it: the body was aborted or cancelled.
      .finally(() => this.#done(id));
    return readable;
  }
}
