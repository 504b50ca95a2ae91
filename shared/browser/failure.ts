/**
 * What a response that is not a success means. The body says what happened. The action comes from
 * this version's table, because the body may be of another version or of another sender:
 * `verify_jwt`, the gateway, a worker that did not start, PostgREST, Storage, or a proxy with HTML.
 *
 * @module
 */
import { classifyProblem, clientProblem } from "../problems/client.ts";
import type { Problem } from "../problems/problem.ts";
import type { Source } from "../problems/table.ts";
import { parseObject, withTimeout } from "./outage.ts";
import { isProblem } from "./problem_of.ts";
import type { OutgoingRequest } from "./request.ts";

/**
 * Where a call failed: a source of the table, the platform around the function, or the network.
 * Only `credential` can lead to a sign-out.
 */
export type FailureSource = Source | "platform" | "network";

/** A call that did not succeed. */
export interface Failure {
  /** What happened; its action is the table's. */
  readonly problem: Problem;
  readonly source: FailureSource;
}

/** The longest body that is read: a user record of Auth may be long. */
const MAX_BODY_BYTES = 2_097_152;

/**
 * Reads a body of limited size within a time limit.
 *
 * @param response Its body is read, or cancelled when a limit is exceeded.
 * @param timeoutMs The time limit.
 * @returns The text, or `undefined` if it could not be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await readBounded(new Response("short"), 1000), "short");
 * assertEquals(await readBounded(new Response("x".repeat(3_000_000)), 1000), undefined);
 * ```
 */
export async function readBounded(
  response: Response,
  timeoutMs: number,
): Promise<string | undefined> {
  // React Native has no response streams.
  const reader = response.body?.getReader?.();
  const read = async () => {
    if (!reader) return await response.text();
    const decoder = new TextDecoder();
    let text = "";
    for (let bytes = 0; bytes <= MAX_BODY_BYTES;) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.length;
      text += decoder.decode(value, { stream: true });
    }
    return undefined;
  };
  const text = await withTimeout(timeoutMs, read()).catch(() => undefined);
  if (text === undefined) reader?.cancel().catch(() => {});
  return text;
}

/** Codes after which the same tokens never work again. */
export const FINAL_CODES: RegExp =
  /^(refresh_token_(not_found|already_used)|session_(not_found|expired)|user_not_found)$/;

/** What came back from Auth. */
export interface FetchedAnswer {
  /** Missing if there was none in time. */
  readonly response?: Response;
  readonly text: string;
  /** The code, if it is a refusal that is certainly Auth's; else empty. */
  readonly code: string;
}

/**
 * Sends a request to Auth, and reads the answer within limits. The connection is closed afterwards.
 *
 * @param send The fetch to do it with.
 * @param timeoutMs The time limit.
 * @param input The URL.
 * @param init As for fetch, without a signal.
 * @returns The answer. It does not throw.
 */
export async function fetchAuth(
  send: typeof fetch,
  timeoutMs: number,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): Promise<FetchedAnswer> {
  const stop = new AbortController();
  const request = async () => {
    const response = await send(input, { ...init, signal: stop.signal });
    const text = await readBounded(response, timeoutMs) ?? "";
    return { response, text, code: authCode(response, text) };
  };
  const answer = await withTimeout(timeoutMs, request()).catch(() => undefined);
  stop.abort();
  return answer ?? { text: "", code: "" };
}

/**
 * Reads a response that is not a success. A problem body is trusted if its status equals the
 * response's status; anything else is treated as a response of the platform.
 *
 * @param response The response; its body can still be read afterwards.
 * @param request What was sent.
 * @param timeoutMs The time limit for reading the body.
 * @returns The failure, and the response unless its body is too long or does not end.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const request = { method: "GET", url: new URL("https://project.example/functions/v1/me") };
 * const html = new Response("<h1>Bad Gateway</h1>", { status: 502 });
 * const { problem, source } = await readFailure(html, request, 1000);
 * assertEquals([problem.action, source], ["retry", "platform"]);
 * ```
 */
export async function readFailure(
  response: Response,
  request: Pick<OutgoingRequest, "method" | "url">,
  timeoutMs: number,
): Promise<Failure & { readonly response: Response | undefined }> {
  const { status, headers } = response;
  const text = await readBounded(response.clone(), timeoutMs);
  if (text === undefined) response.body?.cancel?.().catch(() => {});
  const body = parseObject(text);
  const failure: Failure = isProblem(body) && body.status === status
    ? classifyProblem(body)
    : { problem: platformProblem(status, headers, body, request), source: "platform" };
  return { ...failure, response: text === undefined ? undefined : response };
}

/**
 * The code of a refusal that is certainly Auth's: JSON in one of its two formats, with a status that
 * it refuses tokens with, and not out of a cache. Auth's own header may be missing, as some proxies
 * remove it, but must not say anything else.
 *
 * @param response Its status and headers.
 * @param text Its body.
 * @returns The code; empty for any other response.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const body = { code: "session_not_found", message: "…" };
 * assertEquals(authCode(Response.json(body, { status: 403 }), JSON.stringify(body)), body.code);
 * assertEquals(authCode(Response.json(body, { status: 404 }), JSON.stringify(body)), "");
 * ```
 */
export function authCode({ status, headers }: Response, text: string): string {
  const isJson = headers.get("content-type")?.startsWith("application/json");
  if ((status !== 400 && status !== 403) || !isJson || headers.has("age")) return "";
  const { code, error_code, msg, message } = parseObject(text);
  const found = typeof msg === "string" ? error_code : typeof message === "string" ? code : "";
  const isAgreed = (headers.get("x-sb-error-code") ?? found) === found;
  return typeof found === "string" && isAgreed ? found : "";
}

type Code = Parameters<typeof clientProblem>[0];

/**
 * What a response says, as `code: text`, if the function certainly did not run; the first match
 * counts. It comes from `verify_jwt`, the gateways, a worker that did not start, PostgREST, or
 * Storage.
 */
const MEANINGS: readonly (readonly [said: RegExp, code: Code])[] = [
  [
    /^(UNAUTHORIZED_NO_AUTH_HEADER|PGRST302):|: (error: )?missing authorization/i,
    "no_authorization",
  ],
  // The server's clock is behind Auth's: the same token is valid in a moment.
  [/: jwt (issued at future|not yet valid)/i, "auth_unavailable"],
  [
    /^(UNAUTHORIZED_\w+|PGRST301):|: (invalid (jwt|compact jws|signature)|signature verification)/i,
    "bad_jwt",
  ],
  [/^PGRST303:|: (jwt expired|"exp" claim timestamp)/i, "token_expired"],
  [
    /: (invalid api key|no api key found|legacy api keys are|invalid authentication credentials)/i,
    "auth_misconfigured",
  ],
  [/^(BOOT_ERROR|PGRST00[023]):/, "unexpected_failure"],
];

/** What the status means otherwise; an unfollowed redirect is a defect. */
function codeOfStatus(status: number): Code {
  if (status === 401 || status === 403) return "insufficient_scope";
  if (status === 404) return "not_found";
  if (status === 413) return "request_entity_too_large";
  if (status === 429) return "over_request_rate_limit";
  if (status > 500) return "unexpected_failure";
  return status >= 400 && status < 500 ? "validation_failed" : "internal_error";
}

/**
 * Turns a response without a problem body into a problem.
 *
 * @param status The status; 0 for a redirect that a browser did not follow.
 * @param headers The headers that a page may read.
 * @param body The parsed JSON body, if any.
 * @param request What was sent: a function may pass on what PostgREST said to it.
 * @returns The problem. It contains no text of the body.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const request = { method: "POST", url: new URL("https://project.example/functions/v1/me") };
 * const body = { code: "WORKER_LIMIT", message: "Worker failed to respond" };
 * const { code, action, replay } = platformProblem(546, new Headers(), body, request);
 * assertEquals([code, action, replay], ["unexpected_failure", "retry", false]);
 * ```
 */
export function platformProblem(
  status: number,
  headers: Headers,
  body: unknown,
  { method, url }: Pick<OutgoingRequest, "method" | "url">,
): Problem {
  const { code, message, msg, statusCode }: Record<string, unknown> = Object(body);
  // Storage refuses tokens with 400 and a `statusCode`.
  const isTokenStatus = status === 401 || status === 403 ||
    (status === 400 && statusCode !== undefined);
  const text = isTokenStatus ? message ?? msg : "";
  const said = `${code || headers.get("sb-error-code")}: ${text}`;
  const meaning = MEANINGS.find(([pattern]) => pattern.test(said))?.[1];
  const seconds = headers.get("retry-after") ?? "";
  // Without a body, nothing says more of a refused HEAD: the token may have expired.
  const unknown = method === "HEAD" && status === 401 ? "bad_jwt" : codeOfStatus(status);
  return clientProblem(meaning ?? unknown, {
    request_id: headers.get("sb-request-id") ?? "",
    retry_after: /^\d{1,6}$/.test(seconds) ? Number(seconds) : undefined,
    // A function may have passed on what PostgREST said to it.
    replay: meaning !== undefined &&
      !(said.startsWith("PGRST") && url.pathname.includes("/functions/")),
  });
}

/**
 * The problem of a request without a response: offline, DNS, a refused connection, a response
 * without CORS headers. The request may have arrived.
 *
 * @returns The problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(networkProblem().action, "retry");
 * ```
 */
export function networkProblem(): Problem {
  const message = "The server cannot be reached. Check your connection, then try again.";
  return { ...clientProblem("unexpected_failure"), message };
}
