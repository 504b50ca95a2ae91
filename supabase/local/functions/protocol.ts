/** The messages between the host of the functions and a worker. */

/** From the host to a worker. */
export type ToWorker =
  | { type: "boot"; entry: string; env: Record<string, string> }
  | {
    type: "request";
    id: number;
    url: string;
    method: string;
    headers: [string, string][];
    body: ReadableStream<Uint8Array> | null;
  }
  | { type: "abort"; id: number };

/** From a worker to the host. */
export type FromWorker =
  | { type: "ready" }
  | { type: "failed"; reason: string }
  | {
    type: "response";
    id: number;
    status: number;
    statusText: string;
    headers: [string, string][];
    body: ReadableStream<Uint8Array> | null;
    /** The function does not read the rest of the request's body. */
    leavesUpload: boolean;
  }
  /** The function has accepted a WebSocket: its other end. */
  | { type: "upgrade"; id: number; protocol: string; port: MessagePort }
  | { type: "thrown"; id: number; reason: string };
