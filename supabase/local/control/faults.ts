/** Faults of Auth, which the page can turn on. */

import { apiVersion } from "../auth/shape.ts";

/** Normal; unreachable; slow; answering 429 to every request. */
export const MODES = ["on", "off", "slow", "limited"] as const;

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
    return undefined;
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SLOW_MS);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }
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
