import type { User } from "@supabase/supabase-js";
import type { Context, Next } from "hono";
import type { ProblemDetails } from "../../problems/problem.ts";
import type { ProblemCode } from "../../problems/table.ts";
import type { KeyAdmission, NoneAdmission } from "../core/authenticate.ts";
import type { Claims, Session } from "../core/claims.ts";
import { getAdmission } from "./context.ts";
import { logOnce } from "./log.ts";
import { respond } from "./respond.ts";
import { answerThrown } from "./respond_to_error.ts";
import { reportGuardRefusal } from "./on_decision.ts";

/**
 * Middleware that lets some of the admitted users through, and nobody else: where a route admits other
 * kinds of callers too, a secret key is 403 `api_key_not_allowed`, and a caller who is not signed in
 * is 401 `no_authorization`. Where a route admits no user at all, everybody is 500
 * `auth_misconfigured`.
 *
 * It compiles only where `c.var.auth` can be a user: not in an app without `auth()`, and not on a
 * route that admits keys only.
 */
export type Guard = <V>(
  c: { readonly var: V } & AdmitsUsers<V>,
  next: Next,
) => Promise<Response | void>;

/** `unknown`, which changes nothing, where the variables of a route can hold a user; else `never`. */
type AdmitsUsers<V> = V extends { readonly auth: infer A }
  ? [Extract<A, { readonly user: User }>] extends [never] ? never : unknown
  // An app whose variables nobody declared: what it lacks shows at run time.
  : string extends keyof V ? unknown
  : never;

/** What a guard decides by: the user as Auth has returned it, and the token. */
export interface GuardedUser {
  readonly user: User;
  readonly claims: Claims;
  readonly session: Session | null;
  /** The time in seconds since 1970, by Auth's clock if the function's own clock is wrong. */
  readonly now: number;
}

/** Why a guard refuses a user. */
export interface GuardRefusal extends ProblemDetails {
  readonly code: ProblemCode;
  /** One line for the operator's log. Never holds a value of the user. */
  readonly operator?: string;
}

/** Decides about a user: `undefined` lets the user through. */
export type GuardCheck = (
  user: GuardedUser,
  c: Context,
) => GuardRefusal | undefined | Promise<GuardRefusal | undefined>;

/**
 * Builds a guard. Its check runs only for a user whom `auth()` has admitted in this very request. If
 * `c.var.auth` does not come from `auth()`, the answer is 500 `auth_misconfigured`, and one line in the
 * log says so.
 *
 * @param name The factory, for messages: `requireRole()`.
 * @param check Decides. If it throws or rejects, that is answered like an error of a handler; it is
 * not thrown, because `some()` of Hono would then try the next middleware.
 * @returns The middleware, named after its factory.
 */
export function createGuard(name: string, check: GuardCheck): Guard {
  const label = name.replace("()", "");

  async function guard(c: Context, next: Next): Promise<Response | void> {
    const beganMs = performance.now();
    const refuse = ({ code, operator, ...details }: GuardRefusal): Response => {
      reportGuardRefusal(c, label, code, beganMs);
      if (operator !== undefined) logOnce(operator);
      // The handler has not run, so the same request can be sent again.
      return respond(c, code, { source: "credential", replay: true, ...details });
    };
    const admission = getAdmission(c.get("auth"), c);
    if (admission === undefined) {
      const operator = `${name} ran where auth() has admitted nobody: put it behind auth(), and ` +
        "not on a public route";
      return refuse({ code: "auth_misconfigured", operator });
    }
    if (admission.kind !== "user") return refuse(refuseOther(name, admission));
    const { user, claims, session, backend, skew } = admission;
    let refusal: GuardRefusal | undefined;
    try {
      refusal = await check({ user, claims, session, now: backend.clock.now(skew) }, c);
    } catch (thrown) {
      const { response, code } = await answerThrown(c, thrown);
      reportGuardRefusal(c, label, code, beganMs);
      return response;
    }
    if (refusal !== undefined) return refuse(refusal);
    await next();
    return;
  }
  return Object.defineProperty(guard, "name", { value: label }) as Guard;
}

/** Why a caller who is no user is refused. */
function refuseOther(
  name: string,
  { kind, usersAllowed }: KeyAdmission | NoneAdmission,
): GuardRefusal {
  if (!usersAllowed) {
    // No sign-in would help: the route does not take a user's token.
    const operator = `${name} ran on a route whose \`allow\` has no "user", so it refuses ` +
      'everybody: add "user" to it, or take the guard away';
    return { code: "auth_misconfigured", operator };
  }
  // A machine cannot sign in; anybody else can.
  return { code: kind === "secret" ? "api_key_not_allowed" : "no_authorization" };
}
