/** A request that can be sent more than once. @module */

/** What to send, kept apart from the sending. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
  readonly signal: AbortSignal | null;
  /** What else fetch was given: cache, credentials, mode, redirect and so on. */
  readonly rest: RequestInit;
  /** The method is safe, or there is an Idempotency-Key. */
  readonly repeatable: boolean;
  /** The body is no stream, which can be read only once. */
  readonly bodyKept: boolean;
}

/**
 * Takes apart what fetch was given.
 *
 * @param input A URL or a Request.
 * @param init As for fetch.
 * @param base What a path is relative to.
 * @returns The request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { url, repeatable } = await outgoing("/rest/v1/todos", {}, "https://project.example");
 * assertEquals([url.href, repeatable], ["https://project.example/rest/v1/todos", true]);
 * ```
 */
export async function outgoing(
  input: string | URL | Request,
  init: RequestInit | undefined,
  base: string,
): Promise<Outgoing> {
  let url = String(input);
  if (typeof input === "object" && "url" in input) {
    const { cache, credentials, headers, keepalive, method, mode, redirect, signal } = input;
    const body = input.body && await input.clone().blob();
    const from = { body, cache, credentials, headers, keepalive, method, mode, redirect, signal };
    [url, init] = [input.url, { ...from, ...init }];
  }
  const { method = "GET", headers, body = null, signal = null, ...rest } = init ?? {};
  const verb = method.toUpperCase();
  const named = new Headers(headers);
  return {
    url: new URL(url, base),
    method: verb,
    headers: named,
    body,
    signal,
    rest,
    repeatable: /^(GET|HEAD|OPTIONS)$/.test(verb) || named.has("idempotency-key"),
    bodyKept: !isStream(body),
  };
}

/**
 * Fetches a request once.
 *
 * @param fetch The fetch to do it with.
 * @param request What to send.
 * @param token The bearer to send it with, if it is not the request's own.
 * @returns The answer.
 */
export function fetchOnce(
  fetch: typeof globalThis.fetch,
  { url, method, headers, body, signal, rest }: Outgoing,
  token: string | null,
): Promise<Response> {
  // A plain object, because React Native's fetch loses some headers of another.
  const sent: Record<string, string> = {};
  headers.forEach((value, name) => sent[name] = value);
  if (token !== null) sent.authorization = `Bearer ${token}`;
  const stream = isStream(body) ? { duplex: "half" } : {};
  const init: RequestInit = { ...rest, ...stream, method, headers: sent, body, signal };
  return fetch(url.href, init);
}

function isStream(body: BodyInit | null): boolean {
  return typeof ReadableStream === "function" && body instanceof ReadableStream;
}

/**
 * The same request with more members in its JSON body.
 *
 * @param request The request.
 * @param members What to add; or the whole new body, if it is text or binary.
 * @returns The other request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const init = { method: "PUT", body: '{"password":"new"}' };
 * const request = await outgoing("/functions/v1/account", init, "https://project.example");
 * const { body } = withMembers(request, { nonce: "123456" });
 * assertEquals(body, '{"password":"new","nonce":"123456"}');
 * ```
 */
export function withMembers(request: Outgoing, members: object): Outgoing {
  const { body } = request;
  let was: unknown;
  try {
    was = typeof body === "string" ? JSON.parse(body) : undefined;
  } catch {
    // Not JSON, and replaced by what is.
  }
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  return { ...request, headers, body: JSON.stringify({ ...Object(was), ...members }) };
}
