import { createGuard, type Guard } from "./internal/guard.ts";
import { checkOptions } from "./internal/options.ts";
import { isPath, readPath } from "./internal/read_path.ts";

/**
 * The keys that lead to the role in the user's record: below `app_metadata`, which only the project
 * can write, or `role`, the user's role in the database. Users write `user_metadata` themselves.
 */
export type RolePath = readonly ["app_metadata", string, ...string[]] | readonly ["role"];

/** Options of {@linkcode requireRole}. */
export interface RequireRoleOptions {
  /**
   * Where the user's record has the role, or a list of roles.
   * @default {["app_metadata", "role"]}
   */
  readonly path?: RolePath | undefined;
}

const DEFAULT_PATH: RolePath = ["app_metadata", "role"];
const RULES = {
  path: (value: unknown) =>
    isPath(value) && (value[0] === "app_metadata" ? value.length > 1 : value.join() === "role")
      ? undefined
      : 'must begin with "app_metadata" and name a member of it, or be ["role"]: users can write ' +
        "user_metadata themselves",
};

/**
 * Lets only users with one of these roles through, behind `auth()`: 403 `insufficient_scope`. It
 * reads the role, a string or a list of strings, from the user's record that Auth has just returned
 * and not from the token: a role that was given or removed counts from the next request on. With a
 * `freshness` of `auth()`, the answer may be that many seconds old.
 *
 * @param roles One or more roles, of which the user must have one. Options may follow: see
 * {@linkcode RequireRoleOptions}.
 * @returns The middleware.
 * @throws {TypeError} There is no role, one is not a string or is empty, or an option is wrong.
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("shop");
 * app.use("/admin/*", requireRole("admin", "owner"));
 * app.use("/reports/*", requireRole("analyst", { path: ["app_metadata", "roles"] }));
 * ```
 */
export function requireRole(...roles: readonly [string, ...string[]]): Guard;
export function requireRole(
  ...rolesAndOptions: readonly [string, ...string[], RequireRoleOptions]
): Guard;
export function requireRole(...args: readonly unknown[]): Guard {
  const last = args.at(-1);
  const hasOptions = typeof last === "object";
  const roles: ReadonlySet<unknown> = new Set(hasOptions ? args.slice(0, -1) : args);
  if (roles.size === 0 || [...roles].some((role) => typeof role !== "string" || role === "")) {
    throw new TypeError("requireRole(): name one or more roles, each a non-empty string");
  }
  const options = (hasOptions ? last : {}) as RequireRoleOptions;
  checkOptions("requireRole()", options, RULES);
  const { path = DEFAULT_PATH } = options;
  return createGuard("requireRole()", ({ user }) => {
    const value = readPath(user, path);
    const isAllowed = Array.isArray(value)
      ? value.some((role) => roles.has(role))
      : roles.has(value);
    return isAllowed ? undefined : { code: "insufficient_scope" };
  });
}
