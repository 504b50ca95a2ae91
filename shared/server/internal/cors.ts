import type { Context } from "hono";
import { addToList, EXPOSED_HEADERS } from "./headers.ts";

/** Which pages may call a function from a browser. Credentials (cookies) are never allowed. */
export interface CorsOptions {
  /** Exact origins, such as `https://app.example`; or `"*"`, as Supabase does. @default {"*"} */
  readonly origins?: "*" | readonly string[] | undefined;
  /** More response headers that a page may read. */
  readonly exposeHeaders?: readonly string[] | undefined;
  /** Seconds a browser may remember a preflight. @default {600} */
  readonly maxAge?: number | undefined;
}

/** Cross-origin rules, ready to use (Fetch standard, section 3.2). */
export interface Cors {
  /** Whether the request is a preflight: answered here, before any handler or check. */
  isPreflight(c: Context): boolean;
  /** The answer to a preflight. */
  preflight(c: Context): Response;
  /** Puts the rules on a response, whatever its handler had set. */
  apply(c: Context, headers: Headers): void;
}

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";

/**
 * Prepares the cross-origin rules. Hono's own `cors()` answers every OPTIONS request as if it were
 * a preflight, replaces what a handler exposes and leaves `Vary` out where all origins may read.
 *
 * @param options The rules, with their defaults filled in.
 * @returns The rules.
 */
export function createCors(options: Required<CorsOptions>): Cors {
  const origins = options.origins === "*" ? null : new Set(options.origins);
  const exposed = [...EXPOSED_HEADERS, ...(options.exposeHeaders ?? [])];
  const exposedLine = exposed.join(", ");
  const allowed = (c: Context): string | null => {
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
      const origin = allowed(c);
      if (origin !== null) {
        headers.set("Access-Control-Allow-Origin", origin);
        headers.set("Access-Control-Allow-Methods", METHODS);
        headers.set("Access-Control-Max-Age", String(options.maxAge));
        // supabase-js sends new headers now and then; the origin is what decides.
        const wanted = c.req.header("Access-Control-Request-Headers");
        if (wanted !== undefined) headers.set("Access-Control-Allow-Headers", wanted);
      }
      return new Response(null, { status: 204, headers });
    },
    apply(c, headers) {
      const origin = allowed(c);
      if (origin === null) headers.delete("Access-Control-Allow-Origin");
      else headers.set("Access-Control-Allow-Origin", origin);
      if (headers.has("Access-Control-Allow-Credentials")) {
        headers.delete("Access-Control-Allow-Credentials");
      }
      addToList(headers, "Vary", ["Origin"]);
      if (!headers.has("Access-Control-Expose-Headers")) {
        headers.set("Access-Control-Expose-Headers", exposedLine);
      } else addToList(headers, "Access-Control-Expose-Headers", exposed);
    },
  };
}
