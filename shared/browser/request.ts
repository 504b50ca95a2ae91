/** A request that can be sent more than once. @module */
import { parseObject } from "./outage.ts";

/** The arguments of fetch, and what the rules of recovery need to know of them. */
export interface OutgoingRequest {
  /** A Request is cloned each time that it is sent. */
  readonly input: string | Request;
  /** The other arguments, which replace those of a Request. */
  readonly init: RequestInit;
  readonly url: URL;
  /** Its failures are recovered from. Those of Auth are handled by supabase-js. */
  readonly isRecovered: boolean;
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | null;
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
 * @param base The URL of the project, without a slash at the end.
 * @returns The request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { url, repeatable } = parseRequest("/rest/v1/todos", {}, "https://project.example");
 * assertEquals([url.href, repeatable], ["https://project.example/rest/v1/todos", true]);
 * ```
 */
export function parseRequest(
  input: string | URL | Request,
  init: RequestInit = {},
  base: string,
): OutgoingRequest {
  const given = typeof input === "object" && "url" in input ? input : undefined;
  const url = new URL(given?.url ?? String(input), base);
  const method = (init.method ?? given?.method ?? "GET").toUpperCase();
  const headers = new Headers(init.headers ?? given?.headers);
  return {
    input: given ?? url.href,
    init,
    url,
    isRecovered: /^\/(functions|rest|storage|graphql)\/v1\//.test(url.href.replace(base, "")),
    method,
    headers,
    signal: init.signal ?? given?.signal ?? null,
    repeatable: /^(GET|HEAD|OPTIONS)$/.test(method) || headers.has("idempotency-key"),
    // Streams of Node need `duplex`.
    bodyReusable: !(init.body as Partial<ReadableStream> | null | undefined)?.getReader &&
      !(init as { readonly duplex?: unknown }).duplex,
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
  { input, init, headers }: OutgoingRequest,
  token: string | null,
): Promise<Response> {
  // A plain object: React Native's fetch loses some headers of a Headers object.
  const sent: Record<string, string> = {};
  headers.forEach((value, name) => sent[name] = value);
  if (token !== null) sent.authorization = `Bearer ${token}`;
  return fetch(typeof input === "string" ? input : input.clone(), { ...init, headers: sent });
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
 * const request = parseRequest("/functions/v1/account", init, "https://project.example");
 * const { init: { body } } = await withMembers(request, { nonce: "123456" });
 * assertEquals(body, '{"password":"new","nonce":"123456"}');
 * ```
 */
export async function withMembers(
  request: OutgoingRequest,
  members: object,
): Promise<OutgoingRequest> {
  const { input, init } = request;
  const given = init.body ?? (typeof input === "string" ? "" : await input.clone().text());
  const body = { ...parseObject(String(given)), ...members };
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  return { ...request, init: { ...init, body: JSON.stringify(body) }, headers };
}
