/** Runs one function in its worker, with the environment of the platform. */

import type { FromWorker, ToWorker } from "./protocol.ts";
import { takeUpgrade, upgradeWebSocket } from "./web_socket.ts";

type Handler = (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>;

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

const scope = self as unknown as WorkerScope;
const running = new Map<number, AbortController>();
let handler: Handler | undefined;

const info = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 0 },
  completed: Promise.resolve(),
} as Deno.ServeHandlerInfo;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Replaces `Deno.env` by the variables of the platform. */
function replaceEnv(env: Record<string, string>): void {
  const values = new Map(Object.entries(env));
  const value: Deno.Env = {
    get: (name) => values.get(name),
    set: (name, text) => void values.set(name, text),
    delete: (name) => void values.delete(name),
    has: (name) => values.has(name),
    toObject: () => Object.fromEntries(values),
  };
  Object.defineProperty(Deno, "env", { value, configurable: true });
}

/** Replaces `Deno.serve` by the platform's: it takes the handler and opens no port. */
function replaceServe(): void {
  const serve = (first: Handler | { handler?: Handler }, second?: Handler) => {
    handler = second ?? (typeof first === "function" ? first : first.handler);
    return {
      addr: { transport: "tcp", hostname: "0.0.0.0", port: 0 },
      finished: new Promise<void>(() => {}),
      shutdown: () => Promise.resolve(),
      ref: () => {},
      unref: () => {},
    };
  };
  Object.defineProperty(Deno, "serve", { value: serve, configurable: true });
}

/** Replaces `Deno.upgradeWebSocket`, which takes only requests of a server of this worker. */
function replaceUpgrade(): void {
  Object.defineProperty(Deno, "upgradeWebSocket", { value: upgradeWebSocket, configurable: true });
}

/** Adds the part of the platform's `EdgeRuntime` that functions use. */
function addEdgeRuntime(): void {
  const waitUntil = <T>(promise: Promise<T>): Promise<T> => promise;
  Object.defineProperty(globalThis, "EdgeRuntime", { value: { waitUntil }, configurable: true });
}

async function boot(entry: string, env: Record<string, string>): Promise<void> {
  try {
    replaceEnv(env);
    replaceServe();
    replaceUpgrade();
    addEdgeRuntime();
    const module = await import(entry);
    handler ??= module.default?.fetch?.bind(module.default);
    if (!handler) throw new Error("It neither exports `default { fetch }` nor calls Deno.serve().");
    scope.postMessage({ type: "ready" });
  } catch (error) {
    scope.postMessage({ type: "failed", reason: reasonOf(error) });
  }
}

/** The same stream, which says when its reader does not want the rest. */
function onCancel(
  stream: ReadableStream<Uint8Array>,
  cancelled: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel(reason) {
      cancelled();
      return reader.cancel(reason);
    },
  });
}

async function answer(message: ToWorker & { type: "request" }): Promise<void> {
  const { id, url, method, headers, body } = message;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    let isCancelled = false;
    const upload = body && onCancel(body, () => isCancelled = true);
    const request = new Request(url, { method, headers, body: upload, signal: controller.signal });
    const response = await handler!(request, info);
    const upgrade = takeUpgrade(response);
    if (upgrade) return scope.postMessage({ type: "upgrade", id, ...upgrade }, [upgrade.port]);
    const isStreamed = request.bodyUsed || request.body?.locked || response.body === request.body;
    const leavesUpload = isCancelled || !isStreamed;
    const { status, statusText, body: stream } = response;
    scope.postMessage(
      {
        type: "response",
        id,
        status,
        statusText,
        headers: [...response.headers],
        body: stream,
        leavesUpload,
      },
      stream ? [stream] : [],
    );
  } catch (error) {
    scope.postMessage({ type: "thrown", id, reason: reasonOf(error) });
  } finally {
    running.delete(id);
  }
}

scope.onmessage = ({ data }) => {
  if (data.type === "boot") void boot(data.entry, data.env);
  else if (data.type === "request") void answer(data);
  else running.get(data.id)?.abort();
};
