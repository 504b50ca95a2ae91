import { type AuthAnswer, readJsonObject } from "./auth_answer.ts";
import { isTooComplex, MAX_JSON_VALUES } from "./json.ts";
import { readStream } from "./read_stream.ts";

/** No answer in time. */
export const TIMED_OUT: AuthAnswer = Object.freeze({ kind: "fault", reason: "timeout" });

/** No connection, or one that broke. */
export const NETWORK_FAULT: AuthAnswer = Object.freeze({ kind: "fault", reason: "network" });

/** The largest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/**
 * One request, bounded in time and in bytes. Redirects are not followed: Deno would drop the bearer
 * but carry the API key to the new place. The body is read once.
 *
 * @param fetch The fetch to use.
 * @param url The full URL.
 * @param init Method, headers and body.
 * @param timeoutMs Milliseconds until the end of the body.
 * @returns The answer, whatever its status. Never rejects.
 */
export function boundedFetch(
  fetch: typeof globalThis.fetch,
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<AuthAnswer> {
  return deadline(
    timeoutMs,
    TIMED_OUT,
    (signal) => fetchAnswer(fetch, url, { ...init, signal }),
  );
}

/** One request, bounded in bytes, without following a redirect. Never rejects. */
export async function fetchAnswer(
  fetch: typeof globalThis.fetch,
  input: RequestInfo | URL,
  init: RequestInit,
): Promise<AuthAnswer> {
  try {
    return await readAnswer(await fetch(input, { ...init, redirect: "manual" }));
  } catch {
    return NETWORK_FAULT;
  }
}

/**
 * Runs a task that may take so long. When its time is over, its signal is aborted, and `late` is
 * returned even if the task ignores that.
 *
 * @param task Must not reject.
 */
export function deadline<T>(
  timeoutMs: number,
  late: T,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(late);
      abort.abort();
    }, timeoutMs);
    void task(abort.signal).then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

/** Reads a whole answer, up to {@linkcode MAX_ANSWER_BYTES}. Rejects if the connection breaks. */
async function readAnswer(response: Response): Promise<AuthAnswer> {
  const { status, headers } = response;
  const text = hasReliableLength(headers)
    ? await response.text()
    : await readStream(response.body, MAX_ANSWER_BYTES);
  if (text === null || text.length > MAX_ANSWER_BYTES || hasTooManyValues(text)) {
    return { kind: "fault", reason: "too_large", status };
  }
  return { kind: "answer", status, headers, text, body: readJsonObject(headers, text) };
}

/** Freezing 600,000 small lists, which 1.9 MB of metadata can hold, takes almost a second. */
function hasTooManyValues(text: string): boolean {
  return text.length > MAX_JSON_VALUES && isTooComplex(text);
}

/**
 * Whether the transport itself ends the body within the bound. Counting chunks instead makes a check
 * a third slower (Deno 2.9.6, Auth on loopback). Not for a compressed body, and not for a chunked
 * one, whose Content-Length means nothing (RFC 9112, section 6.3).
 */
function hasReliableLength(headers: Headers): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= MAX_ANSWER_BYTES &&
    !headers.has("transfer-encoding") && !headers.has("content-encoding");
}
