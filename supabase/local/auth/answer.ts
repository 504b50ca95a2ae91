/** The path of a request to /auth/v1: through the differences, to lite, and back. */

import { type AuthCall, type AuthContext, AuthError } from "./call.ts";
import { differences } from "./differences.ts";
import { errorResponse, inRequestedShape, preflight } from "./shape.ts";
import { mailContext } from "./verify.ts";

async function callOf(request: Request): Promise<AuthCall> {
  const url = new URL(request.url);
  const path = url.pathname.replace(/^\/auth\/v1/, "") || "/";
  const text = await request.text();
  const liteRequest = { method: request.method, path: path + url.search };
  return {
    request,
    method: request.method,
    path,
    query: url.searchParams,
    body: jsonObject(text),
    text,
    liteRequest: text ? { ...liteRequest, body: text } : liteRequest,
  };
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    const object = typeof value === "object" && value !== null && !Array.isArray(value);
    return object ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

async function respond(call: AuthCall, auth: AuthContext): Promise<Response> {
  for (const difference of differences) {
    const answer = await difference.before?.(call, auth);
    if (answer) return answer;
  }
  let answer = await auth.lite(call.liteRequest, mailContext(call, auth));
  for (const difference of differences) {
    answer = await difference.after?.(call, answer, auth) ?? answer;
  }
  return answer;
}

/** Answers a request below /auth/v1 as Supabase Auth does. */
export async function answerAuth(request: Request, auth: AuthContext): Promise<Response> {
  if (request.method === "OPTIONS") return preflight(request);
  const call = await callOf(request);
  try {
    return await inRequestedShape(call, await respond(call, auth));
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return await inRequestedShape(call, errorResponse(error));
  }
}
