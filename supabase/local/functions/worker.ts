/** Runs one function in its worker, with the environment of the platform. */

import type { FromWorker, ToWorker } from "./protocol.ts";
import { type Handler, info, loadFunction, reasonOf } from "./runtime.ts";
import { takeUpgrade, upgradeWebSocket } from "./web_socket.ts";

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

const scope = self as unknown as WorkerScope;
const running = new Map<number, AbortController>();
let handler: Handler | undefined;

/** Replaces `Deno.upgradeWebSocket`, which takes only requests of a server of this worker. */
function replaceUpgrade(): void {
  Object.defineProperty(Deno, "upgradeWebSocket", { value: upgradeWebSocket, configurable: true });
}

async function boot(entry: string, env: Record<string, string>): Promise<void> {
  try {
    replaceUpgrade();
    handler = await loadFunction(entry, env);
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
