import type { Context } from "hono";
import type { Session } from "./core/claims.ts";
import { getUserContext } from "./internal/context.ts";
import type { UserContext } from "./internal/context_types.ts";
import { createGuard, type Guard } from "./internal/guard.ts";
import { checkOptions, functionOption, integer } from "./internal/options.ts";
import { runPredicate } from "./internal/run_predicate.ts";
import type { AnyDatabase } from "./internal/user_client.ts";

/** Options of {@linkcode guard}. */
export interface GuardOptions {
  /** Milliseconds that the test may take; then the answer is 503. @default {10000} */
  readonly timeout?: number | undefined;
}

/** Whether a user may pass; takes `c.var.auth` and Hono's context. */
export type GuardTest<Database = AnyDatabase> = (
  auth: UserContext<Database, Session | null>,
  c: Context,
) => boolean | Promise<boolean>;

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 60_000;
const RULES = { timeout: integer(1, MAX_TIMEOUT_MS) };

/**
 * A guard for what only the application knows, such as who is a member of an organization. It stands
 * behind `auth()`: 403 `insufficient_scope` unless the test returns `true`, or a promise of it.
 *
 * What the test throws is answered like an error of a handler, which then does not run: a supabase-js
 * `error` and a `ProblemError` keep their codes.
 *
 * @param name The guard's name in the log, such as `member`.
 * @param test Decides. Only `true` lets the user through.
 * @param options See {@linkcode GuardOptions}.
 * @returns The middleware.
 * @throws {TypeError} An argument is wrong.
 *
 * @example
 * ```ts
 * import { edgeFunction } from "../mod.ts";
 *
 * const member = guard("member", async (auth, c) => {
 *   const { data, error } = await auth.supabase.from("members").select("role")
 *     .eq("organization_id", c.req.param("id")).eq("user_id", auth.user.id);
 *   if (error) throw error;
 *   return data.length === 1;
 * });
 *
 * const app = edgeFunction("organizations");
 * app.get("/:id", member, (c) => c.json({ id: c.req.param("id") }));
 * ```
 */
export function guard<Database = AnyDatabase>(
  name: string,
  test: GuardTest<Database>,
  options: GuardOptions = {},
): Guard {
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9 _-]{0,63}$/.test(name)) {
    throw new TypeError(
      "guard(): the name must begin with a letter, and may hold letters, digits, spaces, - and _",
    );
  }
  if (functionOption(test) !== undefined) {
    throw new TypeError("guard(): the test must be a function");
  }
  checkOptions("guard()", options, RULES);
  const { timeout = DEFAULT_TIMEOUT_MS } = options;
  const label = `guard("${name}")`;
  return createGuard(
    label,
    (_user, c) => runPredicate(label, timeout, () => test(getUserContext(c)!, c)),
  );
}
