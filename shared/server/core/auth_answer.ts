import { CODE_PATTERN } from "../../problems/problem.ts";

/** What came back from Supabase Auth, whole and unjudged. */
export type Answer =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly headers: Headers;
    readonly text: string;
  }
  /** Nothing that can be read: no connection, too slow, or more than {@linkcode MAX_BODY}. */
  | { readonly kind: "fault"; readonly reason: "network" | "timeout" | "too_large" };

/** No answer in time. */
export const LATE: Answer = Object.freeze({ kind: "fault", reason: "timeout" });

/** Most of an answer that is read, in bytes. */
export const MAX_BODY = 256 * 1024;

/**
 * One request to Auth: bounded in time and in size, redirects not followed (Deno would drop the
 * bearer but carry the API key to the new place), the body read once.
 *
 * @param fetch The fetch to use.
 * @param url The full URL.
 * @param init Method, headers and body.
 * @param timeout Milliseconds until the end of the body.
 * @returns The answer, whatever its status. Never rejects.
 */
export function ask(
  fetch: typeof globalThis.fetch,
  url: string,
  init: RequestInit | undefined,
  timeout: number,
): Promise<Answer> {
  const abort = new AbortController();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(LATE); // not only signalled: a fetch that ignores its signal must not hold the request
      abort.abort();
    }, timeout);
    void read(fetch, url, { ...init, redirect: "manual", signal: abort.signal }).then((answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

async function read(
  fetch: typeof globalThis.fetch,
  url: string,
  init: RequestInit,
): Promise<Answer> {
  try {
    const response = await fetch(url, init);
    const text = await readText(response);
    if (text === null) return { kind: "fault", reason: "too_large" };
    return { kind: "answer", status: response.status, headers: response.headers, text };
  } catch {
    return { kind: "fault", reason: "network" };
  }
}

async function readText(response: Response): Promise<string | null> {
  const { headers } = response;
  // A length that is told is kept to by the transport, unless the body was compressed.
  const length = headers.get("content-length");
  if (length !== null && Number(length) <= MAX_BODY && !headers.has("content-encoding")) {
    const text = await response.text();
    return text.length <= MAX_BODY ? text : null;
  }
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY) return null; // leaving the loop cancels the body
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** An error body in Auth's own shape. */
export interface AuthErrorBody {
  readonly code: string;
  /** Why a password is too weak: `length`, `characters`, `pwned`. */
  readonly reasons: readonly string[];
}

/**
 * Reads an error in either of Auth's wire shapes, body first, `x-sb-error-code` second.
 *
 * @param answer Status, headers and text of an answer.
 * @returns The code, or `null` if this is not Auth speaking (a gateway, a proxy, a page).
 */
export function readAuthError(answer: Answer): AuthErrorBody | null {
  const body = readObject(answer);
  if (answer.kind === "fault" || body === null) return null;
  const written = typeof body.error_code === "string" && typeof body.msg === "string"
    ? body.error_code // { code: 403, error_code, msg }
    : typeof body.code === "string" && typeof body.message === "string"
    ? body.code // { code, message }, since X-Supabase-Api-Version 2024-01-01
    : answer.headers.get("x-sb-error-code");
  if (written === null || !CODE_PATTERN.test(written)) return null;
  const weak = body.weak_password as { reasons?: unknown } | undefined;
  const reasons = Array.isArray(weak?.reasons)
    ? weak.reasons.filter((reason): reason is string => typeof reason === "string")
    : [];
  return { code: written, reasons };
}

/** Whether this is Auth itself: a user, or an error in its own shape. Not what stands on the way. */
export function isOfAuth(answer: Answer): answer is Answer & { kind: "answer" } {
  if (answer.kind === "fault") return false;
  if (answer.status === 200) return typeof readObject(answer)?.id === "string";
  return readAuthError(answer) !== null;
}

/** The JSON object of an answer, or `null`: both the type and the text have to be JSON. */
export function readObject(answer: Answer): Record<string, unknown> | null {
  if (answer.kind === "fault") return null;
  const known = objects.get(answer);
  if (known !== undefined) return known;
  const object = isJsonType(answer.headers.get("content-type")) ? parseObject(answer.text) : null;
  objects.set(answer, object);
  return object;
}

/** More than one question is asked of an answer; it is parsed for the first. */
const objects = new WeakMap<Answer, Record<string, unknown> | null>();

function parseObject(text: string): Record<string, unknown> | null {
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
  // Auth's own spelling first: a text is compared faster than a pattern.
  return type === "application/json" || /^application\/(?:[\w.-]+\+)?json\b/i.test(type ?? "");
}

/** Whether a text speaks of an API key: a gateway has no code for that, only its sentence. */
export function namesApiKey(text: string): boolean {
  return /\bAPI key\b/i.test(text);
}

/** Whether a gateway refuses *our* API key: its body has no code, only this sentence. */
export function isApiKeyRefusal(answer: Answer): boolean {
  if (answer.kind === "fault" || (answer.status !== 401 && answer.status !== 403)) return false;
  const { message } = readObject(answer) ?? {};
  if (readAuthError(answer) !== null) return false; // Auth itself, whatever its English says
  return typeof message === "string" && namesApiKey(message);
}

const HTTP_DATE = /^[A-Z][a-z]{2}, .+ GMT$/;

/**
 * The Retry-After of an answer, in whole seconds (RFC 9110, section 10.2.3: seconds or a date).
 *
 * @returns Seconds, from one to an hour; `undefined` if there is none that can be read.
 */
export function retryAfter(answer: Answer): number | undefined {
  const value = answer.kind === "answer" ? answer.headers.get("retry-after") : null;
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    // Date.parse takes nearly anything for a date, "-5" too.
    : HTTP_DATE.test(value)
    ? Math.ceil((Date.parse(value) - Date.now()) / 1000)
    : NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 1), 3600);
}
