import type { Context } from "hono";

/**
 * The address of the caller, as the platform tells it; `undefined` where it does not. Cloudflare, in
 * front of hosted projects, sets the first header itself. A caller can forge the second, so a limit
 * that relies on it holds only for callers who do not.
 */
export function clientAddress(c: Context): string | undefined {
  const address = c.req.header("CF-Connecting-IP") ??
    c.req.header("X-Forwarded-For")?.split(",", 1)[0];
  const trimmed = address?.trim();
  return isAddress(trimmed) ? trimmed : undefined;
}

/** Whether a text looks like an IPv4 or IPv6 address. */
export function isAddress(text: string | undefined): text is string {
  return text !== undefined && /^[0-9A-Fa-f.:]{2,45}$/.test(text);
}
