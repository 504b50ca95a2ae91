import { createGuard, type Guard } from "./internal/guard.ts";

/**
 * Lets only users with a confirmed e-mail address through, behind `auth()`: 403
 * `email_not_confirmed`. It reads `email_confirmed_at`, as Auth has just returned it, and not
 * `email_verified` in `user_metadata`, which users can write. In a project without confirmations
 * (`enable_confirmations = false`), Auth marks every address as confirmed.
 *
 * @returns The middleware.
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("invitations");
 * app.post("/", requireConfirmedEmail(), (c) => c.json({ from: c.var.auth.user.email }, 201));
 * ```
 */
export function requireConfirmedEmail(): Guard {
  return createGuard(
    "requireConfirmedEmail()",
    ({ user: { email, email_confirmed_at } }) =>
      email && email_confirmed_at ? undefined : { code: "email_not_confirmed" },
  );
}
