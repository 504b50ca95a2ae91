// A keep-alive connection that is as thin as possible: what it costs is in every number.
import { headersOf } from "./worker.ts";

/** The bytes of one GET /me. */
export function requestBytes(token: string): Uint8Array {
  const lines = Object.entries(headersOf(token)).map(([name, value]) => `${name}: ${value}`);
  return new TextEncoder().encode(
    ["GET /me HTTP/1.1", "host: 127.0.0.1", ...lines, "", ""].join("\r\n"),
  );
}

/** One connection; one request at a time. */
export interface Connection {
  /** Sends a request and reads its answer to the end. @returns The status. */
  send(request: Uint8Array): Promise<number>;
  close(): void;
}

/** Opens a connection to a port of this machine. */
export async function connect(port: number): Promise<Connection> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  socket.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  const latin1 = new TextDecoder("latin1");
  return {
    async send(request) {
      for (let rest = request; rest.length > 0;) rest = rest.subarray(await socket.write(rest));
      let size = 0;
      let whole = Infinity;
      let status = 0;
      while (size < whole) {
        const read = await socket.read(buffer.subarray(size));
        if (read === null) throw new Error("the subject closed the connection");
        size += read;
        if (whole !== Infinity) continue;
        const text = latin1.decode(buffer.subarray(0, size));
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) continue;
        const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1];
        if (length === undefined) throw new Error("an answer without a content-length");
        whole = end + 4 + Number(length);
        status = Number(text.slice(9, 12));
      }
      return status;
    },
    close: () => socket.close(),
  };
}
