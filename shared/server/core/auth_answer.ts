import { CODE_PATTERN } from "../../problems/problem.ts";
import { parseJsonObject } from "./json.ts";

/** What came back from Supabase Auth: whole, and not judged yet. */
export type AuthAnswer =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly headers: Headers;
    readonly text: string;
    /** The JSON object in the text; `null` unless both the type and the text are JSON. */
    readonly body: Readonly<Record<string, unknown>> | null;
  }
  /** Nothing that can be read: no connection, no answer in time, or one that is too large. */
  | {
    readonly kind: "fault";
    readonly reason: "network" | "timeout" | "too_large" | "breaker_open";
    /** Of an answer that is too large. */
    readonly status?: number;
  };

/** The JSON object of an answer, if it has one. */
export function bodyOf(answer: AuthAnswer | undefined): Readonly<Record<string, unknown>> | null {
  return answer?.kind === "answer" ? answer.body : null;
}

/** An error body in Auth's own shape. */
export interface AuthErrorBody {
  readonly code: string;
  /** Why a password is weak: `length`, `characters`, `pwned`. */
  readonly reasons: readonly string[];
}

/**
 * Reads an error that Auth itself gives: in one of its wire shapes, and with its mark.
 *
 * `{ code: 403, error_code, msg }` is a mark in itself. `{ code, message }`, since API version
 * 2024-01-01, could be anybody's: it counts with `x-sb-error-code`, or with the version echoed.
 *
 * @param answer Status, headers and text of an answer.
 * @returns The code; `null` if this is not Auth speaking but a gateway, a proxy or a page.
 */
export function readAuthError(answer: AuthAnswer): AuthErrorBody | null {
  const body = bodyOf(answer);
  if (answer.kind === "fault" || body === null) return null;
  const inHeader = answer.headers.get(CODE_HEADER);
  let code: string;
  if (typeof body.error_code === "string" && typeof body.msg === "string") {
    code = body.error_code;
  } else if (typeof body.code === "string" && typeof body.message === "string") {
    if (inHeader === null && !answer.headers.has(VERSION_HEADER)) return null;
    code = body.code;
  } else return null;
  if (inHeader !== null && inHeader !== code) return null; // not Auth, which sends one code
  if (!CODE_PATTERN.test(code)) return null;
  const weak = body.weak_password as { reasons?: unknown } | undefined;
  const reasons = Array.isArray(weak?.reasons)
    ? weak.reasons.filter((reason): reason is string => typeof reason === "string")
    : [];
  return { code, reasons };
}

const CODE_HEADER = "x-sb-error-code";
const VERSION_HEADER = "x-supabase-api-version";

/**
 * Whether an answer came out of a cache, and so says nothing about now: "The presence of an Age
 * header field implies that the response was not generated or validated by the origin server for
 * this request" (RFC 9111, section 5.1).
 */
export function isFromCache(answer: AuthAnswer): boolean {
  return answer.kind === "answer" && answer.headers.has("age");
}

/** For the operator: what to do about an answer out of a cache. */
export const CACHED_ANSWER =
  "an answer of Supabase Auth came out of a cache: let nothing between this function and " +
  "SUPABASE_URL cache what is below /auth/v1";

/** The JSON object of a body; `null` unless both the type and the text are JSON. */
export function readJsonObject(headers: Headers, text: string): Record<string, unknown> | null {
  return isJsonType(headers.get("content-type")) ? parseJsonObject(text) : null;
}

/** Whether a Content-Type is JSON, or JSON with a suffix (RFC 6839, section 3.1). */
export function isJsonType(type: string | null | undefined): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type ?? "");
}

/** Whether a text speaks of an API key: a gateway has no code for that, only its sentence. */
export function namesApiKey(text: string): boolean {
  return /\bAPI key\b/i.test(text);
}

/**
 * Whether a gateway refuses *our* API key. There is no code for that, and every gateway has sentences
 * of its own ("Invalid API key", "Legacy API keys are disabled", "Invalid authentication
 * credentials", "Unauthorized"). But it is always a 401 without a mark of Auth's: as JSON with a
 * message and no code, or as plain text that Envoy says itself, since it marks what it only passes
 * on. A firewall's page is neither.
 */
export function isApiKeyRefusal(answer: AuthAnswer): boolean {
  if (answer.kind === "fault" || answer.status !== 401) return false;
  const { headers, body } = answer;
  if (headers.has(CODE_HEADER) || headers.has(VERSION_HEADER)) return false;
  if (body !== null) {
    return typeof body.message === "string" && !("code" in body) && !("error_code" in body);
  }
  return headers.get("server") === "envoy" && !headers.has("x-envoy-upstream-service-time") &&
    /^text\/plain\b/i.test(headers.get("content-type") ?? "");
}

/** For the operator: what to do about a key of ours that is refused. */
export const API_KEY_REFUSED =
  "the gateway refuses this function's API key: check SUPABASE_PUBLISHABLE_KEYS " +
  "(or SUPABASE_ANON_KEY) and that SUPABASE_URL names the same project";

const HTTP_DATE = /^[A-Z][a-z]{2}, .+ GMT$/;
const MAX_RETRY_AFTER_SECONDS = 3600;

/**
 * The Retry-After of an answer, in whole seconds (RFC 9110, section 10.2.3: seconds or a date).
 *
 * @returns Seconds, from one to an hour; `undefined` if there is none that can be read.
 */
export function retryAfterSeconds(answer: AuthAnswer): number | undefined {
  const value = answer.kind === "answer" ? answer.headers.get("retry-after") : null;
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    // Date.parse takes nearly anything for a date, "-5" too.
    : HTTP_DATE.test(value)
    ? Math.ceil((Date.parse(value) - Date.now()) / 1000)
    : NaN;
  return Number.isNaN(seconds)
    ? undefined
    : Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS);
}
