import { edgeFunction, type Guard } from "../../shared/mod.ts";
import { alive, bearer, fakeAuth } from "./fake_auth.ts";
import { token } from "./tokens.ts";

/** A caller: what Auth answers about the user, and what the token claims. */
export interface GuardedCaller {
  readonly user?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
}

/** Calls a function whose only route is behind these guards; 200 "in" if they let the caller on. */
export async function askGuards(
  guards: Guard | readonly Guard[],
  { user, claims }: GuardedCaller = {},
): Promise<Response> {
  const { options } = fakeAuth(() => alive(user));
  const app = edgeFunction("f", { auth: { ...options, allowSessionless: true } });
  for (const guard of [guards].flat()) app.use(guard);
  app.all("/", (c) => c.text("in"));
  return await app.request("/f", { headers: bearer(token(claims)) });
}

/** The refusals of guards, by their code. */
export const GUARD_REFUSALS = {
  insufficient_scope: {
    status: 403,
    code: "insufficient_scope",
    action: "none",
    challenge: "insufficient_scope",
  },
  anonymous_not_allowed: {
    status: 403,
    code: "anonymous_not_allowed",
    action: "none",
    challenge: "insufficient_scope",
  },
  email_not_confirmed: {
    status: 403,
    code: "email_not_confirmed",
    action: "none",
    challenge: "insufficient_scope",
  },
  insufficient_aal: {
    status: 401,
    code: "insufficient_aal",
    action: "step_up",
    challenge: "insufficient_user_authentication",
  },
  authentication_too_old: {
    status: 401,
    code: "authentication_too_old",
    action: "step_up",
    challenge: "insufficient_user_authentication",
  },
  request_timeout: { status: 503, code: "request_timeout", action: "retry", retry_after: true },
} as const;
