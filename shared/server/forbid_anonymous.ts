import { createGuard, type Guard } from "./internal/guard.ts";

/**
 * Lets only permanent accounts on, behind `auth()`: 403 `anonymous_not_allowed` for a user of an
 * anonymous sign-in, as Auth has just answered it. So a user who has added an address or an identity
 * is let on at once, with the token of before.
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
