/** How an Auth that is in trouble answers. */
export const FAULTS = [
  "unavailable",
  "timeout",
  "rate_limited",
  "page",
  "truncated",
  "empty",
  "network",
  "hang",
] as const;

/**
 * A fault of Auth, or of what is between it and the function.
 *
 * | fault | what comes |
 * | --- | --- |
 * | `unavailable` | 500 `unexpected_failure`: its database is down |
 * | `timeout` | 504 `request_timeout`: its database is slow |
 * | `rate_limited` | 429 `over_request_rate_limit`, without Retry-After |
 * | `page` | 502 with an HTML page, as a proxy answers |
 * | `truncated` | 200 whose body breaks off |
 * | `empty` | `200 {}` |
 * | `network` | the request fails, as without a network |
 * | `hang` | no answer until the caller gives up |
 */
export type AuthFault = typeof FAULTS[number];

/** The API version in which Auth answers with `code` and `message`. */
const API_VERSION = "2024-01-01";
const VERSION_HEADER = "X-Supabase-Api-Version";

/** By code, the status and the text that Supabase Auth 2.196 answers with. */
const REFUSALS = {
  bad_jwt: [403, "invalid JWT: unable to parse or verify signature"],
  no_authorization: [401, "This endpoint requires a valid Bearer token"],
  over_request_rate_limit: [429, "Request rate limit reached"],
  request_timeout: [504, "Processing this request timed out, please retry after a moment."],
  session_not_found: [403, "Session from session_id claim in JWT does not exist"],
  unexpected_failure: [
    500,
    "Unexpected failure, please check server logs for more information",
  ],
  user_banned: [403, "User is banned"],
  user_not_found: [403, "User from sub claim in JWT does not exist"],
} as const;

/** A code that {@linkcode refuse} knows by itself. */
export type RefusalCode = keyof typeof REFUSALS;

/** A JSON answer of Auth. */
export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", Vary: "Origin", ...headers },
  });
}

/**
 * A refusal of Auth, in the shape that the request asked for: `code` and `message` since API version
 * 2024-01-01, before that `code`, `error_code` and `msg`.
 *
 * @param request The request that is refused.
 * @param code Auth's code.
 * @param status HTTP status. @default what Auth answers with this code
 * @param text Auth's text. @default what Auth writes
 */
export function refuse(
  request: Request,
  code: string,
  status: number = REFUSALS[code as RefusalCode]?.[0] ?? 400,
  text: string = REFUSALS[code as RefusalCode]?.[1] ?? code,
): Response {
  const isNewShape = request.headers.get(VERSION_HEADER) === API_VERSION;
  return answer(
    status,
    isNewShape ? { code, message: text } : { code: status, error_code: code, msg: text },
    {
      // Auth leaves the header out of a failure that it did not expect.
      ...(code !== "unexpected_failure" && { "x-sb-error-code": code }),
      ...(isNewShape && { [VERSION_HEADER]: API_VERSION }),
    },
  );
}

/**
 * Answers as an Auth in trouble does.
 *
 * @param fault The trouble.
 * @param request The request.
 * @returns The answer.
 * @throws {TypeError} `network`: the request fails.
 * @throws {unknown} `hang`: what the request's signal is aborted with, once it is.
 */
export function answerWithFault(fault: AuthFault, request: Request): Promise<Response> | Response {
  switch (fault) {
    case "unavailable":
      return refuse(request, "unexpected_failure");
    case "timeout":
      return refuse(request, "request_timeout");
    case "rate_limited":
      return refuse(request, "over_request_rate_limit");
    case "page":
      return new Response("<html><body><h1>502 Bad Gateway</h1></body></html>\n", {
        status: 502,
        headers: { "Content-Type": "text/html" },
      });
    case "truncated":
      return new Response(brokenBody('{"id":"'), {
        headers: { "Content-Type": "application/json" },
      });
    case "empty":
      return answer(200, {});
    case "network":
      throw new TypeError("fetch failed");
    case "hang":
      return new Promise<never>((_, reject) => {
        const { signal } = request;
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
  }
}

/** A body that ends in an error, as that of a connection that breaks off. */
function brokenBody(beginning: string): ReadableStream<Uint8Array> {
  let isFirst = true;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode(beginning));
      else controller.error(new TypeError("error reading a body from connection"));
      isFirst = false;
    },
  });
}
