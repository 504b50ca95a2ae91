import { createGuard, type Guard } from "./internal/guard.ts";

/**
 * Lets only permanent accounts through, behind `auth()`: 403 `anonymous_not_allowed` for a user who
 * signed in anonymously, by the user that Auth has just returned. So a user who has since added an
 * e-mail address or an identity passes at once, with the same token.
 *
 * @returns The middleware.
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("shop");
 * app.post("/orders", forbidAnonymous(), (c) => c.json({ of: c.var.auth.user.id }, 201));
 * ```
 */
export function forbidAnonymous(): Guard {
  return createGuard(
    "forbidAnonymous()",
    ({ user }) => user.is_anonymous ? { code: "anonymous_not_allowed" } : undefined,
  );
}
