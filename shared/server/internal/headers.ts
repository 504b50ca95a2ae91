import type { Context } from "hono";

/** The headers that a page on another origin may read: all that the browser part needs. */
export const EXPOSED_HEADERS: readonly string[] = [
  "Retry-After",
  "Server-Timing",
  "WWW-Authenticate",
  "X-Request-Id",
];

/**
 * Changes the headers of a response that a handler has made. Those of a Response that came from
 * `fetch` cannot be changed in place. An upgrade to a WebSocket stays as it is: no page reads its
 * headers, and Deno 2.1 accepts only the Response that it created itself.
 */
export function editHeaders(c: Context, edit: (headers: Headers) => void): void {
  if (c.res.status === 101) return;
  try {
    edit(c.res.headers);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    c.res = new Response(c.res.body, c.res);
    edit(c.res.headers);
  }
}

/** Adds names to a header that lists names (Vary, Access-Control-Expose-Headers), none twice. */
export function addToList(headers: Headers, header: string, names: readonly string[]): void {
  const present = headers.get(header);
  if (present === null) return headers.set(header, names.join(", "));
  const known = present.toLowerCase().split(/\s*,\s*/);
  const missing = names.filter((name) => !known.includes(name.toLowerCase()));
  if (missing.length > 0) headers.set(header, [present, ...missing].join(", "));
}
