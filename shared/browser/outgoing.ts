/** A request that can be sent more than once. @module */

/** What to send, kept apart from the sending. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
  readonly signal: AbortSignal | null;
  /** What else fetch was given: cache, credentials, mode and so on. */
  readonly rest: RequestInit;
  /** The method is safe, or there is an Idempotency-Key. */
  readonly repeatable: boolean;
  /** The body is no stream, which can be read only once. */
  readonly bodyKept: boolean;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Takes apart what fetch was given. Redirects are not followed: the token would go along.
 *
 * @param input A URL or a Request; a path is relative to `base`.
 * @param init As for fetch.
 * @param base The project's address.
 * @returns The request.
 * @throws {TypeError} The URL is of another origin than the project's.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const base = new URL("https://project.example/");
 * const { url, repeatable } = await outgoing("/rest/v1/todos", undefined, base);
 * assertEquals([url.href, repeatable], ["https://project.example/rest/v1/todos", true]);
 * await assertRejects(() => outgoing("https://project.example.evil/", undefined, base), TypeError);
 * ```
 */
export async function outgoing(
  input: string | URL | Request,
  init: RequestInit | undefined,
  base: URL,
): Promise<Outgoing> {
  const from = input instanceof Request ? input : undefined;
  const url = new URL(input instanceof Request ? input.url : input, base);
  if (url.origin !== base.origin) {
    throw new TypeError("This fetch sends a user's token: it takes URLs of the project only.");
  }
  const { method, headers, body, signal, ...given } = init ?? {};
  const verb = (method ?? from?.method ?? "GET").toUpperCase();
  const named = new Headers(headers ?? from?.headers);
  const kept = body ?? (from?.body ? await from.clone().blob() : null);
  const redirect = (given.redirect ?? from?.redirect) === "error" ? "error" : "manual";
  const inherited: RequestInit = from === undefined ? {} : {
    cache: from.cache,
    credentials: from.credentials,
    keepalive: from.keepalive,
    mode: from.mode,
  };
  return {
    url,
    method: verb,
    headers: named,
    body: kept,
    signal: signal ?? from?.signal ?? null,
    rest: { ...inherited, ...given, redirect },
    repeatable: SAFE.has(verb) || named.has("idempotency-key"),
    bodyKept: !(kept instanceof ReadableStream),
  };
}

/**
 * The same request with another body, as JSON where it is not text or binary already.
 *
 * @param request The request.
 * @param body Its new body.
 * @returns The other request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const base = new URL("https://project.example/");
 * const request = await outgoing("/functions/v1/account", { method: "PUT", body: "{}" }, base);
 * assertEquals(withBody(request, { nonce: "123456" }).body, '{"nonce":"123456"}');
 * ```
 */
export function withBody(request: Outgoing, body: unknown): Outgoing {
  const headers = new Headers(request.headers);
  if (isBody(body)) return { ...request, body, headers, bodyKept: true };
  headers.set("content-type", "application/json");
  return { ...request, body: JSON.stringify(body), headers, bodyKept: true };
}

function isBody(body: unknown): body is string | Blob | FormData | ArrayBuffer | URLSearchParams {
  return typeof body === "string" || body instanceof Blob || body instanceof FormData ||
    body instanceof ArrayBuffer || body instanceof URLSearchParams;
}
