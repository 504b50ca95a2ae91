/**
 * A simulated second factor: lite has none. A button of the page adds it to a user, and its code is
 * always the same. The rest is as with an authenticator app: GET /user lists it, functions ask for
 * it, and its verification makes the session aal2.
 */

import { type AuthCall, type AuthContext, AuthError, type Difference, withBody } from "./call.ts";
import { SIMULATED_CODE } from "./simulated_code.ts";
import { isSession, reissue } from "./tokens.ts";

/** How long a challenge can be answered. */
const CHALLENGE_LIFETIME_SECONDS = 300;

/** A factor of one user. */
export interface SimulatedFactor {
  readonly id: string;
  readonly createdAt: string;
  /** The challenges that were not answered yet. */
  readonly challenges: Set<string>;
}

/** Gives a user a simulated factor, unless there is one. */
export function addSimulatedFactor(userId: string, { factors, now }: AuthContext): void {
  if (factors.has(userId)) return;
  const createdAt = new Date(now()).toISOString();
  factors.set(userId, { id: crypto.randomUUID(), createdAt, challenges: new Set() });
}

function factorOf(call: AuthCall, auth: AuthContext): SimulatedFactor {
  const factor = auth.factors.get(call.caller?.user.id ?? "");
  if (factor?.id === call.path.split("/")[2]) return factor!;
  throw new AuthError(404, "mfa_factor_not_found", "Factor not found");
}

function challenge({ id, challenges }: SimulatedFactor, auth: AuthContext): Response {
  const challengeId = crypto.randomUUID();
  challenges.add(challengeId);
  const expires_at = Math.floor(auth.now() / 1000) + CHALLENGE_LIFETIME_SECONDS;
  return Response.json({ id: challengeId, type: "totp", expires_at, factor_id: id });
}

async function verify(
  call: AuthCall,
  { challenges }: SimulatedFactor,
  auth: AuthContext,
): Promise<Response> {
  const { caller, body } = call;
  const session = caller?.sessionId;
  if (!challenges.has(String(body.challenge_id)) || session === undefined) {
    throw new AuthError(422, "mfa_challenge_expired", "MFA challenge has expired");
  }
  if (body.code !== SIMULATED_CODE) {
    throw new AuthError(422, "mfa_verification_failed", "Invalid TOTP code entered");
  }
  challenges.clear();
  const amr = auth.amr.get(session) ?? [];
  const entry = { method: "totp", timestamp: Math.floor(auth.now() / 1000) };
  auth.amr.set(session, [entry, ...amr.filter(({ method }) => method !== "totp")]);
  // Auth ends the user's sessions without the factor; here all others, as few users have two with it.
  await auth.store.endSessions(caller!.user.id, session);
  const refresh_token = await auth.store.refreshTokenOf(session);
  const path = "/token?grant_type=refresh_token";
  const grant = { method: "POST", path, body: JSON.stringify({ refresh_token }) };
  const renewed: unknown = await (await auth.lite(grant)).json();
  if (!isSession(renewed)) throw new AuthError(500, "unexpected_failure", "No session");
  return Response.json(await reissue(renewed, "totp", auth));
}

/** Lists, challenges and verifies the simulated factor. */
export const simulatedFactor: Difference = {
  auth: "a user may have a second factor; here only a simulated one, which a control route adds",
  rows: [],
  async before(call, auth) {
    const step = /^\/factors\/[^/]+\/(challenge|verify)$/.exec(call.path)?.[1];
    if (step === undefined) return;
    const factor = factorOf(call, auth);
    return step === "challenge" ? challenge(factor, auth) : await verify(call, factor, auth);
  },
  async after(call, answer, auth) {
    const factor = auth.factors.get(call.caller?.user.id ?? "");
    if (factor === undefined || call.path !== "/user" || !answer.ok) return answer;
    const { id, createdAt: created_at } = factor;
    const listed = {
      id,
      friendly_name: "Simulated",
      factor_type: "totp",
      status: "verified",
      created_at,
      updated_at: created_at,
    };
    return withBody(answer, { ...await answer.json(), factors: [listed] });
  },
};
