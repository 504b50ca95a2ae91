import type { GuardedUser, GuardRefusal } from "./guard.ts";

/** A timestamp further ahead is wrong, such as one in milliseconds: it would never be too old. */
const MAX_AHEAD_SECONDS = 300;

/**
 * Asks for a sign-in or a second factor within the last `maxAge` seconds: 401
 * `authentication_too_old`.
 *
 * Supabase Auth writes the time of each into `amr`. Without any, a new sign-in would change
 * nothing: so that is 500 `auth_misconfigured`, and not a `step_up` that never ends.
 */
export function requireAuthenticatedWithin(
  maxAge: number,
  { session, now }: GuardedUser,
): GuardRefusal | undefined {
  const times = (session?.amr ?? []).flatMap(({ timestamp = NaN }) =>
    timestamp <= now + MAX_AHEAD_SECONDS ? [timestamp] : []
  );
  if (session !== null && times.length === 0) {
    return { code: "auth_misconfigured", operator: AMR_MISSING };
  }
  const age = now - Math.max(-Infinity, ...times);
  return age > maxAge ? { code: "authentication_too_old", max_age: maxAge } : undefined;
}

const AMR_MISSING =
  "a token has no amr with the times of its sign-in, so its age is unknown and the user is refused: " +
  "a custom access token hook has dropped or changed the claim amr: let the hook return it unchanged";
