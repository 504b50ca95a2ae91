/**
 * A request or an answer as it goes from the host to the process of a function, and back: as the
 * body of a message of HTTP. So HTTP between the two adds, changes, decodes and limits no header.
 * First the length of the envelope (4 bytes, big-endian), then the envelope as JSON, then the body.
 */

/** A request for the function. */
export interface RequestEnvelope {
  /** The process answers only to who knows it. */
  readonly key: string;
  readonly url: string;
  readonly method: string;
  readonly headers: readonly [string, string][];
  readonly hasBody: boolean;
}

/** The answer of the function, or what it threw. */
export type ResponseEnvelope =
  | {
    readonly status: number;
    readonly statusText: string;
    readonly headers: readonly [string, string][];
    readonly hasBody: boolean;
  }
  | { readonly thrown: string };

/** More than any header that a server accepts. */
const MAX_ENVELOPE_BYTES = 1024 * 1024;

const LENGTH_BYTES = 4;

/** Puts an envelope in front of a body. */
export function frame(
  envelope: RequestEnvelope | ResponseEnvelope,
  body: ReadableStream<Uint8Array> | null,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(envelope));
  const head = new Uint8Array(LENGTH_BYTES + json.length);
  new DataView(head.buffer).setUint32(0, json.length);
  head.set(json, LENGTH_BYTES);
  return body === null ? head : behind(head, body.getReader());
}

/** Reads what {@linkcode frame} has written; `undefined` for anything else. */
export async function unframe<Envelope>(
  stream: ReadableStream<Uint8Array>,
): Promise<{ envelope: Envelope; body: ReadableStream<Uint8Array> } | undefined> {
  const reader = stream.getReader();
  let bytes = new Uint8Array(0);
  const readTo = async (length: number) => {
    while (bytes.length < length) {
      const { value, done } = await reader.read();
      if (done) return false;
      const longer = new Uint8Array(bytes.length + value.length);
      longer.set(bytes);
      longer.set(value, bytes.length);
      bytes = longer;
    }
    return true;
  };
  if (!await readTo(LENGTH_BYTES)) return undefined;
  const end = LENGTH_BYTES + new DataView(bytes.buffer).getUint32(0);
  if (end > MAX_ENVELOPE_BYTES || !await readTo(end)) {
    await reader.cancel();
    return undefined;
  }
  const json = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end));
  return { envelope: JSON.parse(json), body: behind(bytes.subarray(end), reader) };
}

/** Some bytes, and then the rest of a stream. */
function behind(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (first.length > 0) controller.enqueue(first);
    },
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
