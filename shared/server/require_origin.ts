import type { MiddlewareHandler } from "hono";
import { isOrigin } from "./internal/cors.ts";
import { respond } from "./internal/respond.ts";
import { reportGuardRefusal } from "./internal/on_decision.ts";

/**
 * Lets only pages of these origins call. CORS alone does not do that: it keeps a foreign page from
 * reading the *response*, not from sending the request. For routes that give out a session, so that
 * no other page can sign its visitors in to somebody else's account.
 *
 * @param origins Exact origins, such as `https://app.example`.
 * @returns The middleware: 403 `insufficient_scope` for another origin, or for none.
 * @throws {TypeError} The list is empty, or holds something other than an origin.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new Hono().post("/", requireOrigin(["https://app.example"]), (c) => c.text("hi"));
 * const from = (Origin: string) => app.request("/", { method: "POST", headers: { Origin } });
 * assertEquals((await from("https://app.example")).status, 200);
 * assertEquals((await from("https://evil.example")).status, 403);
 * ```
 */
export function requireOrigin(origins: readonly string[]): MiddlewareHandler {
  const allowed = new Set(origins);
  if (allowed.size === 0 || !origins.every(isOrigin)) {
    throw new TypeError("requireOrigin(): list exact origins, such as https://app.example");
  }
  return async function requireOrigin(c, next) {
    if (!allowed.has(c.req.header("Origin") ?? "")) {
      const code = "insufficient_scope";
      reportGuardRefusal(c, "requireOrigin", code, performance.now());
      return respond(c, code, { source: "handler" });
    }
    await next();
    return;
  };
}
