/**
 * Reads a stream as text.
 *
 * @param stream The body of a request or of an answer.
 * @param maxBytes The most bytes that are read.
 * @returns `null` if it is larger. Rejects if the connection breaks.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null; // leaving the loop cancels the stream
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
