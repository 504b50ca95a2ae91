import type { User } from "@supabase/supabase-js";
import type { MiddlewareHandler } from "hono";
import type { AuthEnv } from "./auth.ts";
import type { Session } from "./core/claims.ts";
import { checkOptions, integer } from "./internal/options.ts";
import { respond } from "./internal/respond.ts";

/** Options of {@linkcode requireAal}. */
export interface RequireAalOptions {
  /** The most seconds since the newest authentication in `amr`: 300 for "within five minutes". */
  readonly maxAge?: number | undefined;
}

/**
 * `aal2`: a second factor. `enrolled`: a second factor from users who have one, as Auth itself
 * asks before it changes a password or an e-mail address.
 */
export type RequiredAal = "aal1" | "aal2" | "enrolled";

const LEVELS: readonly unknown[] = ["aal1", "aal2", "enrolled"] satisfies RequiredAal[];
const RULES = { maxAge: integer(1, Number.MAX_SAFE_INTEGER) };

/**
 * Asks for a stronger or a more recent sign-in, behind `auth()`: 401 `insufficient_aal` or
 * `authentication_too_old` with the action `step_up`.
 *
 * An aal2 token stays aal2 after its factor was removed; so `aal2` also needs a factor that the
 * user, as Auth has just answered, still has.
 *
 * @param required The assurance level.
 * @param options See {@linkcode RequireAalOptions}.
 * @returns The middleware.
 * @throws {TypeError} An argument is wrong.
 *
 * @see RFC 9470
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("shop");
 * app.use("/admin/*", requireAal("aal2", { maxAge: 300 }));
 * ```
 */
export function requireAal(
  required: RequiredAal,
  options: RequireAalOptions = {},
): MiddlewareHandler<AuthEnv> {
  if (!LEVELS.includes(required)) {
    throw new TypeError('requireAal(): the level must be "aal1", "aal2" or "enrolled"');
  }
  checkOptions("requireAal()", options, RULES);
  const { maxAge } = options;
  return async function requireAal(c, next) {
    const { user, session, now } = c.var.auth;
    if (!isStrongEnough(required, user, session)) {
      const required_aal = "aal2";
      return respond(c, "insufficient_aal", { source: "credential", replay: true, required_aal });
    }
    if (maxAge !== undefined && now - lastAuthenticatedAt(session) > maxAge) {
      const code = "authentication_too_old";
      return respond(c, code, { source: "credential", replay: true, max_age: maxAge });
    }
    await next();
    return;
  };
}

function isStrongEnough(required: RequiredAal, user: User, session: Session | null): boolean {
  const hasFactor = user.factors?.some(({ status }) => status === "verified") ?? false;
  if (required === "aal1" || (required === "enrolled" && !hasFactor)) return true;
  return hasFactor && session?.aal === "aal2";
}

/** When the user last proved who they are, in seconds since the epoch; `-Infinity` if unknown. */
function lastAuthenticatedAt(session: Session | null): number {
  return Math.max(
    -Infinity,
    ...(session?.amr ?? []).map(({ timestamp }) => timestamp ?? -Infinity),
  );
}
