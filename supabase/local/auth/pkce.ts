/** PKCE for mail links: lite knows it for OAuth only. */

import { type AuthCall, type AuthContext, type Difference, Refusal, text } from "./call.ts";
import type { SessionBody } from "./tokens.ts";

/** How long Auth keeps a flow: five minutes. */
const flowLifetime = 5 * 60 * 1000;

interface Flow {
  readonly challenge: string;
  readonly method: string;
  readonly startedAt: number;
}

/** The flows under way: started by a mail, continued by its link, ended by the exchange. */
export class PkceFlows {
  readonly #started = new Map<string, Flow>();
  readonly #issued = new Map<string, { flow: Flow; session: SessionBody }>();

  /** Starts a flow for the token of this hash; its link carries the marked one. */
  start(hash: string, flow: Flow): string {
    this.#started.set(hash, flow);
    return `pkce_${hash}`;
  }

  /** The link was followed: the session waits for the exchange, under a code. */
  issue(hash: string, session: SessionBody): string {
    const flow = this.#started.get(hash);
    if (!flow) {
      const text = "No valid flow state found for user.";
      throw new Refusal(422, "flow_state_not_found", text);
    }
    this.#started.delete(hash);
    const code = crypto.randomUUID();
    this.#issued.set(code, { flow, session });
    return code;
  }

  /** The session of a code, or none if the code is not one of ours. A good exchange uses it up. */
  async exchange(code: string, verifier: string, now: number): Promise<SessionBody | undefined> {
    const issued = this.#issued.get(code);
    if (!issued) return undefined;
    const { flow, session } = issued;
    if (now - flow.startedAt > flowLifetime) {
      const text = "invalid flow state, flow state has expired";
      throw new Refusal(422, "flow_state_expired", text);
    }
    const plain = flow.method.toLowerCase() === "plain";
    if ((plain ? verifier : await s256(verifier)) !== flow.challenge) {
      const text = "code challenge does not match previously saved code verifier";
      throw new Refusal(400, "bad_code_verifier", text);
    }
    this.#issued.delete(code);
    return session;
  }
}

async function s256(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The mark that a call with a code challenge puts on the links of its mails. */
export function pkceMark(
  call: AuthCall,
  auth: AuthContext,
): ((hash: string) => string) | undefined {
  const challenge = text(call.body.code_challenge) ?? "";
  const method = text(call.body.code_challenge_method) ?? "";
  if (!challenge && !method) return undefined;
  if (!challenge || !method) {
    const text = "PKCE flow requires code_challenge_method and code_challenge";
    throw new Refusal(400, "validation_failed", text);
  }
  const startedAt = auth.now();
  return (hash) => auth.flows.start(hash, { challenge, method, startedAt });
}

/** The exchange of a code that a mail link gave. Codes of OAuth are left to lite. */
export const pkceExchange: Difference = {
  auth: "a mail link of a PKCE flow gives a code, which is exchanged for the session",
  rows: [],
  async before(call, auth) {
    if (call.path !== "/token" || call.query.get("grant_type") !== "pkce") return;
    const code = text(call.body.auth_code);
    const verifier = text(call.body.code_verifier);
    if (!code || !verifier) {
      const text = "invalid request: both auth code and code verifier should be non-empty";
      throw new Refusal(400, "validation_failed", text);
    }
    const session = await auth.flows.exchange(code, verifier, auth.now());
    return session && Response.json(session);
  },
};
