import type { User } from "@supabase/supabase-js";
import type { MiddlewareHandler } from "hono";
import { z } from "zod/v3";
import type { AuthEnv } from "./auth.ts";
import type { Session } from "./core/claims.ts";
import { parseOptions } from "./internal/options.ts";
import { respond } from "./internal/respond.ts";

/** Options of {@linkcode requireAal}. */
export interface RequireAalOptions {
  /** Seconds since the newest proof (`amr`), at most: 300 for "within five minutes". */
  readonly maxAge?: number | undefined;
}

/**
 * `aal2`: a second factor. `enrolled`: a second factor from users who have one, as Auth itself
 * asks before it changes a password or an e-mail address.
 */
export type RequiredAal = "aal1" | "aal2" | "enrolled";

const schema = z.tuple([
  z.enum(["aal1", "aal2", "enrolled"]),
  z.strictObject({ maxAge: z.number().int().positive().optional() }),
]);

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
  const [, { maxAge }] = parseOptions(schema, [required, options], "requireAal()");
  return async function requireAal(c, next) {
    const { user, session, now } = c.var.auth;
    if (!isStrongEnough(required, user, session)) {
      const required_aal = "aal2";
      return respond(c, "insufficient_aal", { source: "credential", replay: true, required_aal });
    }
    if (maxAge !== undefined && now - newestProof(session) > maxAge) {
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

/** Seconds since the epoch; `-Infinity` where the token does not say. */
function newestProof(session: Session | null): number {
  return Math.max(
    -Infinity,
    ...(session?.amr ?? []).map(({ timestamp }) => timestamp ?? -Infinity),
  );
}
