import type { Context } from "hono";
import { addToList, EXPOSED_HEADERS } from "./headers.ts";
import { integer, listOf } from "./options.ts";

/** Which pages may call a function from a browser. Credentials (cookies) are never allowed. */
export interface CorsOptions {
  /** Exact origins, such as `https://app.example`; or `"*"`, as Supabase does. @default {"*"} */
  readonly origins?: "*" | readonly string[] | undefined;
  /** More response headers that a page may read. */
  readonly exposeHeaders?: readonly string[] | undefined;
  /** Seconds a browser may remember a preflight. @default {600} */
  readonly maxAge?: number | undefined;
}

/** Cross-origin rules, ready to apply (Fetch standard, section 3.2). */
export interface Cors {
  /** Whether the request is a preflight: answered here, before any handler or check. */
  isPreflight(c: Context): boolean;
  /** The answer to a preflight. */
  preflight(c: Context): Response;
  /** Puts the rules on a response, whatever its handler had set. */
  apply(c: Context, headers: Headers): void;
}

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";

const DEFAULT_MAX_AGE_SECONDS = 600;
const LONGEST_MAX_AGE_SECONDS = 86_400;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, section 5.6.2

/** Every option of {@linkcode CorsOptions}, and what it may be. */
export const CORS_RULES = {
  origins: (value: unknown) => value === "*" ? undefined : EXACT_ORIGINS(value),
  exposeHeaders: listOf((name) => HEADER_NAME.test(name), "must be a list of header names"),
  maxAge: integer(0, LONGEST_MAX_AGE_SECONDS),
};

const EXACT_ORIGINS = listOf(
  isOrigin,
  'must be "*" or a list of exact origins, such as https://app.example',
);

/**
 * Whether a text is exactly an origin: scheme, host and port, nothing after them, no wildcard. The
 * URL standard defines no origin for the schemes of apps (`capacitor:`, `tauri:`, `ionic:`, browser
 * extensions), but their web views send scheme and host as the origin.
 */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text) || text.includes("*")) return false;
  return new URL(text).origin === text || APP_ORIGIN.test(text);
}

const APP_ORIGIN =
  /^(?!(?:https?|wss?|ftp|file|data|blob|javascript|about):)[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/;

/**
 * Prepares the cross-origin rules. Hono's own `cors()` answers every OPTIONS request as if it were
 * a preflight, replaces what a handler exposes and leaves `Vary` out where all origins may read.
 *
 * @param options Which pages may call.
 * @returns The rules.
 */
export function createCors(options: CorsOptions): Cors {
  const origins = options.origins === undefined || options.origins === "*"
    ? null
    : new Set(options.origins);
  const maxAge = options.maxAge ?? DEFAULT_MAX_AGE_SECONDS;
  const exposed = [...EXPOSED_HEADERS, ...(options.exposeHeaders ?? [])];
  const allowedOrigin = (c: Context): string | null => {
    if (origins === null) return "*";
    const origin = c.req.header("Origin");
    return origin !== undefined && origins.has(origin) ? origin : null;
  };
  return {
    isPreflight: (c) =>
      c.req.method === "OPTIONS" && c.req.header("Origin") !== undefined &&
      c.req.header("Access-Control-Request-Method") !== undefined,
    preflight(c) {
      const headers = new Headers({ Vary: "Origin, Access-Control-Request-Headers" });
      const origin = allowedOrigin(c);
      if (origin !== null) {
        headers.set("Access-Control-Allow-Origin", origin);
        headers.set("Access-Control-Allow-Methods", METHODS);
        headers.set("Access-Control-Max-Age", String(maxAge));
        // supabase-js sends new headers now and then; the origin is what decides.
        const requested = c.req.header("Access-Control-Request-Headers");
        if (requested !== undefined) headers.set("Access-Control-Allow-Headers", requested);
      }
      return new Response(null, { status: 204, headers });
    },
    apply(c, headers) {
      const origin = allowedOrigin(c);
      if (origin === null) headers.delete("Access-Control-Allow-Origin");
      else headers.set("Access-Control-Allow-Origin", origin);
      headers.delete("Access-Control-Allow-Credentials");
      addToList(headers, "Vary", ["Origin"]);
      addToList(headers, "Access-Control-Expose-Headers", exposed);
    },
  };
}
