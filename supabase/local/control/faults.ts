/** How Auth of the stack behaves: as always, or as it does on a bad day, which the page asks for. */

import { apiVersion } from "../auth/shape.ts";

/** As always; answering nothing; answering late; refusing everybody. */
export const modes = ["on", "off", "slow", "limited"] as const;

/** What Auth does just now. */
export type Mode = (typeof modes)[number];

/** Longer than the three seconds that functions wait for Auth by default. */
const delay = 5000;

const headers = { "access-control-allow-origin": "*", "cache-control": "no-store" };

/** What stands between the gateway and Auth. */
export class Faults {
  #mode: Mode = "on";
  #changed = Promise.withResolvers<void>();

  /** What Auth does just now. */
  get mode(): Mode {
    return this.#mode;
  }

  /** A new mode also ends the waits of the old one. */
  set mode(mode: Mode) {
    this.#mode = mode;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * Waits where Auth is slow.
   *
   * @returns What is answered instead of Auth, if anything is.
   */
  async answer(request: Request): Promise<Response | undefined> {
    if (this.#mode === "slow") await this.#wait();
    if (this.#mode === "off") {
      const body = { message: "name resolution failed" }; // what the CLI's gateway says
      return Response.json(body, { status: 503, headers });
    }
    if (this.#mode === "limited") return limited(request);
    return undefined;
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, delay);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }
}

/** Auth's own 429: it never says how long to wait. */
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
