import { createGuard, type Guard } from "./internal/guard.ts";
import { integer } from "./internal/options.ts";
import { requireAuthenticatedWithin } from "./internal/recent_authentication.ts";

const checkSeconds = integer(1, Number.MAX_SAFE_INTEGER);

/**
 * Requires a sign-in or a second factor within the last `seconds`, behind `auth()`: 401
 * `authentication_too_old` with the action `step_up` and `max_age`. A refresh of the token does not
 * count. `requireAal(level, { maxAge })` requires a second factor as well.
 *
 * The time is read from the token, where Auth writes it into `amr`. A token without it, which a
 * custom access token hook has dropped, is 500 `auth_misconfigured` and one line in the log, because
 * a new sign-in would not help.
 *
 * @param seconds The most seconds since the newest authentication.
 * @returns The middleware.
 * @throws {TypeError} `seconds` is not a whole number of at least 1.
 *
 * @see RFC 9470
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("account");
 * app.delete("/", requireRecentAuth(300), (c) => c.body(null, 204));
 * ```
 */
export function requireRecentAuth(seconds: number): Guard {
  const problem = checkSeconds(seconds);
  if (problem !== undefined) throw new TypeError(`requireRecentAuth(): the seconds ${problem}`);
  return createGuard(
    "requireRecentAuth()",
    (caller) => requireAuthenticatedWithin(seconds, caller),
  );
}
