import { CODE_PATTERN } from "../../problems/problem.ts";

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
  | { readonly kind: "fault"; readonly reason: "network" | "timeout" | "too_large" };

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
 * Reads an error in either of Auth's wire shapes: from the body, else from `x-sb-error-code`.
 *
 * @param answer Status, headers and text of an answer.
 * @returns The code; `null` if this is not Auth speaking but a gateway, a proxy or a page.
 */
export function readAuthError(answer: AuthAnswer): AuthErrorBody | null {
  const body = bodyOf(answer);
  if (answer.kind === "fault" || body === null) return null;
  const code = typeof body.error_code === "string" && typeof body.msg === "string"
    ? body.error_code // { code: 403, error_code, msg }
    : typeof body.code === "string" && typeof body.message === "string"
    ? body.code // { code, message }, since X-Supabase-Api-Version 2024-01-01
    : answer.headers.get("x-sb-error-code");
  if (code === null || !CODE_PATTERN.test(code)) return null;
  const weak = body.weak_password as { reasons?: unknown } | undefined;
  const reasons = Array.isArray(weak?.reasons)
    ? weak.reasons.filter((reason): reason is string => typeof reason === "string")
    : [];
  return { code, reasons };
}

/** The JSON object of a body; `null` unless both the type and the text are JSON. */
export function readJsonObject(headers: Headers, text: string): Record<string, unknown> | null {
  if (!isJsonType(headers.get("content-type"))) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

/** Whether a Content-Type is JSON, or JSON with a suffix (RFC 6839, section 3.1). */
export function isJsonType(type: string | null | undefined): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type ?? "");
}

/** Whether a text speaks of an API key: a gateway has no code for that, only its sentence. */
export function namesApiKey(text: string): boolean {
  return /\bAPI key\b/i.test(text);
}

/** Whether a gateway refuses *our* API key: its body has no code, only a sentence. */
export function isApiKeyRefusal(answer: AuthAnswer): boolean {
  if (answer.kind === "fault" || (answer.status !== 401 && answer.status !== 403)) return false;
  if (readAuthError(answer) !== null) return false; // Auth itself, whatever its English says
  const message = bodyOf(answer)?.message;
  return typeof message === "string" && namesApiKey(message);
}

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
