import type { MiddlewareHandler } from "hono";
import { clientAddress } from "./internal/client_address.ts";
import { checkOptions, integer } from "./internal/options.ts";
import { respond } from "./internal/respond.ts";
import { reportGuardRefusal } from "./internal/on_decision.ts";

/** Options of {@linkcode limitRequests}. */
export interface LimitRequestsOptions {
  /** Requests that one address may send within the window. */
  readonly max: number;
  /** The window, in seconds. */
  readonly windowSeconds: number;
}

const MAX_WINDOW_SECONDS = 86_400;
const RULES = {
  max: integer(1, Number.MAX_SAFE_INTEGER),
  windowSeconds: integer(1, MAX_WINDOW_SECONDS),
};

/** Both options are required: one that is missing is wrong. */
const MISSING: Partial<LimitRequestsOptions> = { max: 0, windowSeconds: 0 };

/** Addresses that are remembered; the one that was seen first is forgotten first. */
const MAX_ADDRESSES = 10_000;

/**
 * Limits the requests of one address, per isolate: for public routes that call Auth, which has limits
 * per address of its own, and to which all callers of a function have one address. Where the platform
 * tells no address (`CF-Connecting-IP`, `X-Forwarded-For`), as the local stack, nobody is limited.
 * Outside hosted projects a caller may be able to set these headers, and so to avoid the limit.
 *
 * @param options See {@linkcode LimitRequestsOptions}.
 * @returns The middleware: 429 `over_request_rate_limit` with the seconds that are left.
 * @throws {TypeError} An option is missing or wrong.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new Hono().get("/", limitRequests({ max: 1, windowSeconds: 60 }), (c) => c.text("hi"));
 * const headers = { "X-Forwarded-For": "192.0.2.1" };
 * assertEquals((await app.request("/", { headers })).status, 200);
 * assertEquals((await app.request("/", { headers })).status, 429);
 * ```
 */
export function limitRequests(options: LimitRequestsOptions): MiddlewareHandler {
  checkOptions("limitRequests()", { ...MISSING, ...options }, RULES);
  const { max, windowSeconds } = options;
  const windows = new Map<string, { endsMs: number; requests: number }>();

  return async function limitRequests(c, next) {
    const address = clientAddress(c);
    if (address !== undefined) {
      const nowMs = performance.now();
      const network = networkOf(address);
      let current = windows.get(network);
      if (current === undefined || current.endsMs <= nowMs) {
        windows.delete(network);
        current = { endsMs: nowMs + windowSeconds * 1000, requests: 0 };
        windows.set(network, current);
        for (const oldest of windows.keys()) {
          if (windows.size <= MAX_ADDRESSES) break;
          windows.delete(oldest);
        }
      }
      if (++current.requests > max) {
        const code = "over_request_rate_limit";
        const retry_after = Math.ceil((current.endsMs - nowMs) / 1000);
        reportGuardRefusal(c, "limitRequests", code, nowMs);
        return respond(c, code, { source: "handler", retry_after });
      }
    }
    await next();
    return;
  };
}

/** One subscriber has a whole /64 of IPv6 addresses; an IPv4 address can be written as IPv6. */
function networkOf(address: string): string {
  if (!address.includes(":") || !URL.canParse(`http://[${address}]`)) return address;
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const all = [...groups, ...Array(8 - groups.length - last.length).fill("0"), ...last];
  return all.slice(0, isIpv4(all) ? 8 : 4).join(":");
}

/** `::ffff:0:0/96` (RFC 4291, section 2.5.5.2) and `64:ff9b::/96` (RFC 6052). */
function isIpv4(groups: readonly string[]): boolean {
  return /^(?:(?:0:){5}ffff|64:ff9b(?::0){4}):/.test(groups.join(":"));
}
