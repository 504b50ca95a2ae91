/** A request that can be sent more than once. @module */
import { parseJson } from "./outage.ts";

/** A request that was taken apart, so that it can be sent several times. */
export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
  readonly signal: AbortSignal | null;
  /** The other options of fetch: cache, credentials, mode, redirect and so on. */
  readonly rest: RequestInit;
  /** The method is safe, or there is an Idempotency-Key. */
  readonly repeatable: boolean;
  /** The body can be sent again: it is not a stream. */
  readonly bodyReusable: boolean;
}

/**
 * Parses the arguments of fetch.
 *
 * @param input A URL or a Request.
 * @param init As for fetch.
 * @param base The base URL of a relative path.
 * @returns The request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { url, repeatable } = await parseRequest("/rest/v1/todos", {}, "https://project.example");
 * assertEquals([url.href, repeatable], ["https://project.example/rest/v1/todos", true]);
 * ```
 */
export async function parseRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  base: string,
): Promise<OutgoingRequest> {
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
    bodyReusable: !isStream(body),
  };
}

/**
 * Fetches a request once.
 *
 * @param fetch The fetch to do it with.
 * @param request What to send.
 * @param token The bearer token to send instead of the request's own; `null` keeps that.
 * @returns The answer.
 */
export function fetchOnce(
  fetch: typeof globalThis.fetch,
  { url, method, headers, body, signal, rest }: OutgoingRequest,
  token: string | null,
): Promise<Response> {
  // A plain object: React Native's fetch loses some headers of a Headers object.
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
 * Adds members to the JSON body of a request.
 *
 * @param request The request.
 * @param members What to add. It replaces a body that is not a JSON object.
 * @returns The changed request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const init = { method: "PUT", body: '{"password":"new"}' };
 * const request = await parseRequest("/functions/v1/account", init, "https://project.example");
 * const { body } = withMembers(request, { nonce: "123456" });
 * assertEquals(body, '{"password":"new","nonce":"123456"}');
 * ```
 */
export function withMembers(request: OutgoingRequest, members: object): OutgoingRequest {
  const { body } = request;
  const parsed = typeof body === "string" ? parseJson(body) : undefined;
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  return { ...request, headers, body: JSON.stringify({ ...Object(parsed), ...members }) };
}
