/**
 * What the platform around a function answers in its own shapes: `verify_jwt`, the gateway, a worker
 * that did not start or was ended, PostgREST's check of the token, HTML of a proxy.
 *
 * @module
 */
import { type Problem, problem } from "../problems/problem.ts";
import type { ProblemCode, Source } from "../problems/table.ts";

/** A code of ours, from whom, and whether the function surely never ran. */
type Meaning = readonly [code: ProblemCode, source: Source, replay: boolean];

const INVALID_TOKEN: Meaning = ["bad_jwt", "credential", true];
const BROKEN: Meaning = ["internal_error", "handler", false];
const AWAY: Meaning = ["unexpected_failure", "handler", false];

const CODES: Readonly<Record<string, Meaning>> = {
  // verify_jwt; the function has not run.
  UNAUTHORIZED_NO_AUTH_HEADER: ["no_authorization", "credential", true],
  UNAUTHORIZED_INVALID_JWT_FORMAT: INVALID_TOKEN,
  UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM: INVALID_TOKEN,
  UNAUTHORIZED_LEGACY_JWT: INVALID_TOKEN,
  UNAUTHORIZED_ASYMMETRIC_JWT: INVALID_TOKEN,
  // The worker. One that did not start has done nothing; one that was ended may have.
  NOT_FOUND: ["not_found", "handler", true],
  BOOT_ERROR: ["unexpected_failure", "handler", true],
  WORKER_ERROR: BROKEN,
  WORKER_LIMIT: AWAY,
  WORKER_RESOURCE_LIMIT: AWAY,
  EDGE_FUNCTION_ERROR: BROKEN,
  INVALID_RESPONSE_STATUS_CODE: BROKEN,
  IDLE_TIMEOUT: ["request_timeout", "handler", false],
  // PostgREST, before it opens a transaction for the request.
  PGRST000: ["unexpected_failure", "handler", true],
  PGRST001: ["unexpected_failure", "handler", true],
  PGRST002: ["unexpected_failure", "handler", true],
  PGRST003: ["unexpected_failure", "handler", true],
  PGRST301: INVALID_TOKEN,
  PGRST302: ["no_authorization", "credential", true],
  PGRST303: ["token_expired", "credential", true],
};

/** Texts of gateways and of an older `verify_jwt`, which have no code that says it. */
const TEXTS: Readonly<Record<string, Meaning>> = {
  "Invalid JWT": INVALID_TOKEN,
  "Missing authorization header": ["no_authorization", "credential", true],
  "Invalid API key": ["auth_misconfigured", "credential", true],
  "No API key found in request": ["auth_misconfigured", "credential", true],
};

const STATUSES: Readonly<Record<number, Meaning>> = {
  401: ["insufficient_scope", "handler", false],
  403: ["insufficient_scope", "handler", false],
  404: ["not_found", "handler", false],
  405: ["method_not_allowed", "handler", false],
  413: ["request_entity_too_large", "handler", false],
  429: ["over_request_rate_limit", "handler", false],
  504: ["request_timeout", "handler", false],
};

function member(body: unknown, name: string): string {
  const value = typeof body === "object" && body !== null
    ? Object.entries(body).find(([key]) => key === name)?.[1]
    : undefined;
  return typeof value === "string" ? value : "";
}

function meaningOf(status: number, headers: Headers, body: unknown): Meaning {
  const code = member(body, "code") || headers.get("sb-error-code") || "";
  const known = own(CODES, code) ?? (code.startsWith("UNAUTHORIZED_") ? INVALID_TOKEN : undefined);
  if (known !== undefined) return known;
  return (status === 401 ? own(TEXTS, member(body, "message")) : undefined) ??
    own(STATUSES, status) ??
    // 501 to 599: gateways and proxies. A 500, or a redirect that is not followed, is a defect.
    (status > 500
      ? AWAY
      : status >= 400 && status < 500
      ? ["validation_failed", "handler", false]
      : BROKEN);
}

function own<T>(table: Readonly<Record<string | number, T>>, key: string | number): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/**
 * Names an answer that is not of our shape, as a problem.
 *
 * @param status Its status; 0 for a redirect that a browser did not follow.
 * @param headers Its headers, as far as a page may read them.
 * @param body Its body as JSON, if it is any.
 * @returns The problem. Nothing of the body's text is in it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const body = { code: "WORKER_LIMIT", message: "Worker failed to respond" };
 * const { code, action, replay } = platformProblem(546, new Headers(), body);
 * assertEquals([code, action, replay], ["unexpected_failure", "retry", false]);
 * ```
 */
export function platformProblem(status: number, headers: Headers, body: unknown): Problem {
  const [code, source, replay] = meaningOf(status, headers, body);
  const wait = /^\d{1,6}$/.exec(headers.get("retry-after") ?? "")?.[0];
  const request_id = headers.get("x-request-id") ?? headers.get("sb-request-id") ?? "";
  const retry_after = wait === undefined ? undefined : Number(wait);
  return { ...problem(code, source, { request_id, retry_after }), replay };
}

/**
 * The problem of a request that got no answer: offline, DNS, a refused connection, an answer without
 * CORS headers. It may have arrived.
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
  return { ...problem("unexpected_failure", "handler", { request_id: "" }), message };
}
