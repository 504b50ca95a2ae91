/** Access tokens as Supabase Auth issues them: ES256, with every claim. */

import { decodeClaims } from "../jwt.ts";
import { publicKey } from "../keys.ts";
import { type AuthCall, type AuthContext, type Difference, withBody } from "./call.ts";

/** A session as the token endpoints return it. */
export interface SessionBody extends Record<string, unknown> {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  expires_at: number;
  user: Record<string, unknown>;
}

/** Whether a body is a session. */
export function isSession(body: unknown): body is SessionBody {
  return typeof body === "object" && body !== null && "access_token" in body && "user" in body;
}

/** Replaces the access token of a session of lite by one as Auth issues it. */
export async function reissue(
  body: SessionBody,
  method: string,
  auth: AuthContext,
): Promise<SessionBody> {
  const { session_id: sessionId, sub } = decodeClaims(body.access_token);
  const { user } = body;
  const iat = Math.floor(auth.now() / 1000);
  const exp = iat + body.expires_in;
  const session = String(sessionId);
  const amr = auth.amr.get(session) ?? [{ method, timestamp: iat }];
  auth.amr.set(session, amr);
  const token = await auth.keys.sign({
    iss: auth.issuer,
    sub,
    aud: user.aud,
    exp,
    iat,
    email: user.email,
    phone: user.phone,
    app_metadata: user.app_metadata,
    user_metadata: user.user_metadata,
    role: user.role,
    aal: amr.some(({ method }) => method === "totp") ? "aal2" : "aal1",
    amr,
    session_id: session,
    is_anonymous: false,
  });
  const { weak_password: _, ...rest } = body;
  return { ...rest, access_token: token, expires_at: exp } as SessionBody;
}

/** The authentication method of a call that starts a session. */
function methodOf(call: AuthCall): string {
  return call.path === "/verify" ? "otp" : "password";
}

/** Every session that lite returns gets another access token. */
export const issuedTokens: Difference = {
  auth: "access tokens are ES256 with kid, iss, aud, aal, amr, session_id and the metadata",
  rows: [],
  async after(call, answer, auth) {
    if (!answer.ok || !["/signup", "/token", "/verify"].includes(call.path)) return answer;
    const body: unknown = await answer.json();
    if (!isSession(body)) return withBody(answer, body);
    return withBody(answer, await reissue(body, methodOf(call), auth));
  },
};

/** The key set, the OpenID configuration and the health of Auth. */
export const documents: Difference = {
  auth: "the JWKS has the signing key; health and the OpenID configuration name this server",
  rows: [],
  async before(call, auth) {
    const headers = { "cache-control": "public, max-age=600" };
    switch (call.path) {
      case "/.well-known/jwks.json":
        return Response.json({ keys: [publicKey()] }, { headers });
      case "/.well-known/openid-configuration": {
        const document: Record<string, unknown> = await (await auth.lite(call.liteRequest)).json();
        const own = { issuer: auth.issuer, jwks_uri: `${auth.issuer}/.well-known/jwks.json` };
        return Response.json({ ...document, ...own }, { headers });
      }
      case "/health":
        return Response.json({
          version: "embedded (@supabase/lite, answering like v2.196.0)",
          name: "GoTrue",
          description: "The embedded Auth of this repository's local stack",
        });
      default:
        return;
    }
  },
};
