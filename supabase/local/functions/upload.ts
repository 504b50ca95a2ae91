/** The body of a request whose answer may come before it is read. */
export interface Upload {
  /** The body, for whoever answers. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Whether whoever answers does not want the rest of it. */
  isCancelled(): boolean;
  /** Reads what is left of it, and drops it. */
  drain(): Promise<void>;
}

/** What is read of a body that nobody wants, in bytes; then the connection ends. */
const MAX_DRAINED_BYTES = 256 * 1024 * 1024;

/**
 * Prepares a body for an answer that may come early. A browser reads an answer only when its upload is
 * through, so a body that is left unread makes the page wait for ever.
 */
export function createUpload(body: ReadableStream<Uint8Array>): Upload {
  const reader = body.getReader();
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      isCancelled = true; // what is left is drained
    },
  });
  return {
    stream,
    isCancelled: () => isCancelled,
    async drain() {
      let bytes = 0;
      try {
        while (bytes < MAX_DRAINED_BYTES) {
          const { value, done } = await reader.read();
          if (done) return;
          bytes += value.byteLength;
        }
        await reader.cancel();
      } catch { /* the caller is gone */ }
    },
  };
}
