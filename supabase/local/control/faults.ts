/** Faults of Auth, which the page can turn on. */

import { apiVersion } from "../auth/shape.ts";

/**
 * Normal; unreachable; slow; answering 429 to every request; answering everything but the renewal of
 * a session, which a firewall in front of it refuses with a page.
 */
export const MODES = ["on", "off", "slow", "limited", "no_refresh"] as const;

/** How Auth behaves. */
export type Mode = (typeof MODES)[number];

/** Longer than the three seconds that functions wait for Auth by default. */
const SLOW_MS = 5000;

const headers = { "access-control-allow-origin": "*", "cache-control": "no-store" };

/** Answers requests instead of Auth, or delays them. */
export class Faults {
  #mode: Mode = "on";
  #changed = Promise.withResolvers<void>();

  /** How Auth behaves now. */
  get mode(): Mode {
    return this.#mode;
  }

  /** A change also ends the delays of the mode before. */
  set mode(mode: Mode) {
    this.#mode = mode;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * Waits in the mode "slow".
   *
   * @returns The answer, where Auth is not to answer.
   */
  async answer(request: Request): Promise<Response | undefined> {
    if (this.#mode === "slow") await this.#wait();
    if (this.#mode === "off") {
      const body = { message: "name resolution failed" }; // as the CLI's gateway answers
      return Response.json(body, { status: 503, headers });
    }
    if (this.#mode === "limited") return limited(request);
    if (this.#mode === "no_refresh" && isRefresh(request)) return firewallPage();
    return undefined;
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SLOW_MS);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }
}

function isRefresh({ url }: Request): boolean {
  const { pathname, searchParams } = new URL(url);
  return pathname === "/auth/v1/token" && searchParams.get("grant_type") === "refresh_token";
}

/** What supabase-js alone takes for the end of the session. */
function firewallPage(): Response {
  const page = "<!doctype html><title>403</title><h1>Request blocked</h1>";
  const html = { ...headers, "content-type": "text/html; charset=utf-8" };
  return new Response(page, { status: 403, headers: html });
}

/** Auth's 429, which has no Retry-After. */
function limited(request: Request): Response {
  const code = "over_request_rate_limit";
  const message = "Request rate limit reached";
  const version = apiVersion(request.headers.get("x-supabase-api-version"));
  const body = version ? { code, message } : { code: 429, error_code: code, msg: message };
  return Response.json(body, {
    status: 429,
    headers: {
      ...headers,
      "x-sb-error-code": code,
      ...(version ? { "x-supabase-api-version": version } : {}),
    },
  });
}
