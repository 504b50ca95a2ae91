import { createGuard, type Guard } from "./internal/guard.ts";
import { isPath, readPath } from "./internal/read_path.ts";
import { runPredicate } from "./internal/run_predicate.ts";

/** A claim by its name, or the keys that lead to a value within one. */
export type ClaimPath = string | readonly [string, ...string[]];

/** Whether the value of a claim lets the user through. */
export type ClaimTest = (value: unknown) => boolean | Promise<boolean>;

/** How long a test may take. It needs no call, so only a mistake takes this long. */
const TIMEOUT_MS = 10_000;

/**
 * The claims that are copies of what Auth has just answered about the user, and the member of the
 * answer. A custom access token hook may have changed the copy.
 */
const IN_USER: ReadonlyMap<string, string> = new Map([
  ["sub", "id"],
  ...["app_metadata", "aud", "email", "is_anonymous", "phone", "role"]
    .map((name): [string, string] => [name, name]),
]);

/**
 * Lets only users through whose token has a claim that passes a test, behind `auth()`: 403
 * `insufficient_scope`. For claims that a custom access token hook adds.
 *
 * This reads the token: a claim is as old as the token, so what has changed since is not seen until
 * the client refreshes. What Auth answers about the user itself (`app_metadata`, `email`, `phone`,
 * `role`, `is_anonymous`, `aud`, `sub`) is taken from its answer, whatever the token says; for roles,
 * use `requireRole()`. If the claim is missing, the user is refused and the test is not called.
 *
 * @param path The claim's name, or the keys that lead to the value: `["org", "plan"]`.
 * @param test Takes the value. Only `true` lets the user through.
 * @returns The middleware.
 * @throws {TypeError} The path is empty, or leads into `user_metadata`, which users can write
 * themselves; or the test is not a function.
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const app = edgeFunction("reports");
 * app.use("/beta/*", requireClaim("plan", (plan) => plan === "pro" || plan === "team"));
 * ```
 */
export function requireClaim(path: ClaimPath, test: ClaimTest): Guard {
  const keys = typeof path === "string" ? [path] : path;
  if (!isPath(keys)) {
    throw new TypeError("requireClaim(): the path must be a claim's name, or a list of keys");
  }
  const [claim, ...rest] = keys;
  if (claim === "user_metadata") {
    throw new TypeError(
      "requireClaim(): users can write user_metadata themselves: use a claim that a hook adds, or " +
        "app_metadata",
    );
  }
  if (typeof test !== "function") {
    throw new TypeError("requireClaim(): the test must be a function");
  }
  const name = `the test of requireClaim(${JSON.stringify(path)})`;
  const inUser = IN_USER.get(claim);
  return createGuard("requireClaim()", ({ user, claims }) => {
    const value = inUser === undefined ? readPath(claims, keys) : readPath(user, [inUser, ...rest]);
    return value === undefined
      ? { code: "insufficient_scope" }
      : runPredicate(name, TIMEOUT_MS, () => test(value));
  });
}
