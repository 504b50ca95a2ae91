/** /rest/v1: lite's Data API, with the tokens and errors of PostgREST. */

import { BadToken, type Claims, type KeyRing } from "./jwt.ts";
import type { Lite } from "./lite.ts";

function refused(code: string, message: string): Response {
  const body = { code, details: null, hint: null, message };
  const headers = {
    "www-authenticate": `Bearer error="invalid_token", error_description="${message}"`,
  };
  return Response.json(body, { status: 401, headers });
}

async function claimsOf(request: Request, keys: KeyRing): Promise<Claims | undefined> {
  const token = /^bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  return token === undefined ? undefined : await keys.verify(token, Date.now());
}

/** Replaces lite's code for a row that a policy refuses by PostgREST's. */
async function withPolicyCode(answer: Response): Promise<Response> {
  if (answer.status !== 403 && answer.status !== 401) return answer;
  const body = await answer.clone().json().catch(() => undefined);
  if (!String(body?.message).startsWith("new row violates row-level security")) return answer;
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return Response.json({ ...body, code: "42501" }, { status: answer.status, headers });
}

/**
 * Answers a request to the Data API. PostgREST verifies the signature and the times of a token; it
 * does not check the session.
 */
export async function answerRest(request: Request, keys: KeyRing, lite: Lite): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  try {
    const claims = await claimsOf(request, keys);
    if (claims) headers.set("authorization", `Bearer ${await lite.token(claims)}`);
  } catch (error) {
    if (!(error instanceof BadToken)) throw error;
    const expired = error.message.endsWith("token is expired");
    const answer = expired
      ? refused("PGRST303", "JWT expired")
      : refused("PGRST301", "No suitable key or wrong key type");
    answer.headers.set("access-control-allow-origin", "*");
    return answer;
  }
  return await withPolicyCode(await lite.fetch(new Request(request, { headers })));
}
