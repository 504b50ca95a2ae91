import type { User } from "@supabase/supabase-js";
import { createGuard, type Guard, type GuardedUser, type GuardRefusal } from "./internal/guard.ts";
import { checkOptions, integer } from "./internal/options.ts";
import { requireAuthenticatedWithin } from "./internal/recent_authentication.ts";

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
 * Requires a stronger or a more recent sign-in, behind `auth()`: 401 `insufficient_aal` or
 * `authentication_too_old` with the action `step_up`.
 *
 * The level and the time are read from the token. An aal2 token stays aal2 after its factor was
 * removed; so `aal2` also needs a factor that the user, as Auth has just answered, still has. A
 * token without `aal` or `amr`, which a custom access token hook has dropped, is 500
 * `auth_misconfigured`, because no step-up would help.
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
export function requireAal(required: RequiredAal, options: RequireAalOptions = {}): Guard {
  if (!LEVELS.includes(required)) {
    throw new TypeError('requireAal(): the level must be "aal1", "aal2" or "enrolled"');
  }
  checkOptions("requireAal()", options, RULES);
  const { maxAge } = options;
  return createGuard("requireAal()", (caller) =>
    requireLevel(required, caller) ??
      (maxAge === undefined ? undefined : requireAuthenticatedWithin(maxAge, caller)));
}

function requireLevel(
  required: RequiredAal,
  { user, session, claims }: GuardedUser,
): GuardRefusal | undefined {
  const hasFactor = hasVerifiedFactor(user);
  if (required === "aal1" || (required === "enrolled" && !hasFactor)) return undefined;
  if (hasFactor && session?.aal === "aal2") return undefined;
  if (hasFactor && session !== null && typeof claims.aal !== "string") {
    return { code: "auth_misconfigured", operator: AAL_MISSING };
  }
  return { code: "insufficient_aal", required_aal: "aal2" };
}

function hasVerifiedFactor({ factors }: User): boolean {
  return factors?.some(({ status }) => status === "verified") ?? false;
}

const AAL_MISSING =
  "a token has no aal, so no second factor can be seen and the user is refused: a custom access " +
  "token hook has dropped the claim aal: let the hook return it unchanged";
