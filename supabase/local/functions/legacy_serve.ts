/**
 * `Deno.listen()` and `Deno.serveHttp()` as the edge runtime has them: what `serve()` of the old
 * std/http/server.ts calls, with which Supabase's examples began for years. No port is opened.
 */

import type { Handler } from "./runtime.ts";

interface RequestEvent {
  readonly request: Request;
  respondWith(response: Response | Promise<Response>): Promise<void>;
}

const ADDRESS = { transport: "tcp", hostname: "127.0.0.1", port: 0 } as const;

/** Everything that a connection of `Deno.listen()` has and that servers look at. */
const connection = { localAddr: ADDRESS, remoteAddr: ADDRESS, rid: 0, close() {} };

/** Requests that wait for the function, or the function that waits for a request. */
class RequestQueue {
  readonly #events: RequestEvent[] = [];
  #waiting: ((event: RequestEvent) => void)[] = [];

  push(event: RequestEvent): void {
    const take = this.#waiting.shift();
    if (take) take(event);
    else this.#events.push(event);
  }

  next(): Promise<RequestEvent> {
    const event = this.#events.shift();
    if (event) return Promise.resolve(event);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Replaces both functions; `take` gets the handler once the function listens. */
export function replaceListen(take: (handler: Handler) => void): void {
  const queue = new RequestQueue();
  const handler: Handler = (request) =>
    new Promise<Response>((resolve, reject) => {
      queue.push({
        request,
        async respondWith(response) {
          await Promise.resolve(response).then(resolve, reject);
        },
      });
    });
  const listen = () => {
    let isAccepted = false;
    // One connection brings all requests; a second one never comes.
    const accept = () => {
      if (isAccepted) return new Promise<never>(() => {});
      isAccepted = true;
      return Promise.resolve(connection);
    };
    take(handler);
    return { addr: ADDRESS, rid: 0, accept, close() {}, ...iterate(accept) };
  };
  const serveHttp = () => {
    const nextRequest = () => queue.next();
    return { nextRequest, close() {}, ...iterate(nextRequest) };
  };
  Object.defineProperty(Deno, "listen", { value: listen, configurable: true });
  Object.defineProperty(Deno, "serveHttp", { value: serveHttp, configurable: true });
}

/** An endless iterator of what a function returns. */
function iterate<T>(next: () => Promise<T>): AsyncIterable<T> {
  return {
    async *[Symbol.asyncIterator]() {
      while (true) yield await next();
    },
  };
}
