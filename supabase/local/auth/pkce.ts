/** PKCE for mail links: lite has it for OAuth only. */

import { type AuthCall, type AuthContext, AuthError, type Difference, text } from "./call.ts";
import type { SessionBody } from "./tokens.ts";

/** How long a flow is valid in Auth. */
const FLOW_LIFETIME_MS = 5 * 60 * 1000;

interface Flow {
  readonly challenge: string;
  readonly method: string;
  readonly startedAt: number;
}

/** The current flows: a mail starts one, its link continues it, the exchange ends it. */
export class PkceFlows {
  readonly #started = new Map<string, Flow>();
  readonly #issued = new Map<string, { flow: Flow; session: SessionBody }>();

  /** Starts a flow for a token hash; returns the hash for the link, with the prefix of PKCE. */
  start(hash: string, flow: Flow): string {
    this.#started.set(hash, flow);
    return `pkce_${hash}`;
  }

  /** Continues a flow whose link was followed: keeps the session, and returns its code. */
  issue(hash: string, session: SessionBody): string {
    const flow = this.#started.get(hash);
    if (!flow) {
      const text = "No valid flow state found for user.";
      throw new AuthError(422, "flow_state_not_found", text);
    }
    this.#started.delete(hash);
    const code = crypto.randomUUID();
    this.#issued.set(code, { flow, session });
    return code;
  }

  /** Ends a flow: returns the session of a code, or none if the code is not of a mail link. */
  async exchange(code: string, verifier: string, now: number): Promise<SessionBody | undefined> {
    const issued = this.#issued.get(code);
    if (!issued) return undefined;
    const { flow, session } = issued;
    if (now - flow.startedAt > FLOW_LIFETIME_MS) {
      const text = "invalid flow state, flow state has expired";
      throw new AuthError(422, "flow_state_expired", text);
    }
    const plain = flow.method.toLowerCase() === "plain";
    if ((plain ? verifier : await s256(verifier)) !== flow.challenge) {
      const text = "code challenge does not match previously saved code verifier";
      throw new AuthError(400, "bad_code_verifier", text);
    }
    this.#issued.delete(code);
    return session;
  }
}

async function s256(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** For a call with a code challenge: starts the flow of a mail, as {@linkcode PkceFlows.start}. */
export function pkceMark(
  call: AuthCall,
  auth: AuthContext,
): ((hash: string) => string) | undefined {
  const challenge = text(call.body.code_challenge) ?? "";
  const method = text(call.body.code_challenge_method) ?? "";
  if (!challenge && !method) return undefined;
  if (!challenge || !method) {
    const text = "PKCE flow requires code_challenge_method and code_challenge";
    throw new AuthError(400, "validation_failed", text);
  }
  const startedAt = auth.now();
  return (hash) => auth.flows.start(hash, { challenge, method, startedAt });
}

/** The exchange of a code of a mail link. Codes of OAuth are left to lite. */
export const pkceExchange: Difference = {
  auth: "a mail link of a PKCE flow returns a code, which is exchanged for the session",
  rows: [],
  async before(call, auth) {
    if (call.path !== "/token" || call.query.get("grant_type") !== "pkce") return;
    const code = text(call.body.auth_code);
    const verifier = text(call.body.code_verifier);
    if (!code || !verifier) {
      const text = "invalid request: both auth code and code verifier should be non-empty";
      throw new AuthError(400, "validation_failed", text);
    }
    const session = await auth.flows.exchange(code, verifier, auth.now());
    return session && Response.json(session);
  },
};
