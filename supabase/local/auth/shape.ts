/** The two shapes of an error, and the headers that every answer of Auth carries. */

import { type AuthCall, Refusal } from "./call.ts";

const versionHeader = "x-supabase-api-version";
const newest = "2024-01-01";

/** The API version that an answer has: that of 2024, or none, which is the legacy shape. */
export function apiVersion(header: string | null): string | undefined {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(header ?? "") ? Date.parse(`${header}T00:00:00Z`) : NaN;
  return date >= Date.parse(`${newest}T00:00:00Z`) ? newest : undefined;
}

/** A refusal in lite's shape, which is Auth's legacy one. */
export function refusalAnswer(refusal: Refusal): Response {
  const weak = refusal.weak ? { weak_password: refusal.weak } : {};
  const body = { code: refusal.status, error_code: refusal.code, msg: refusal.message, ...weak };
  const headers = { ...refusal.headers, "x-sb-error-code": refusal.code };
  return Response.json(body, { status: refusal.status, headers });
}

async function errorBody(answer: Response): Promise<Record<string, unknown> | undefined> {
  if (answer.status < 400 || !answer.headers.get("content-type")?.includes("json")) return;
  return await answer.json();
}

/** Gives an answer the shape that the request asked for. */
export async function shaped(call: AuthCall, answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  headers.set("vary", "Origin");
  if (headers.has("location")) headers.set("content-type", "text/html; charset=utf-8");
  // Lite says who may read its answers; Auth does so only when a browser asks.
  headers.delete("access-control-allow-origin");
  if (call.request.headers.has("origin")) {
    headers.set("access-control-allow-origin", "*");
    headers.set("access-control-allow-credentials", "true");
    headers.set("access-control-expose-headers", `X-Total-Count, Link, ${versionHeader}`);
  }
  const body = await errorBody(answer);
  if (!body) return new Response(answer.body, { status: answer.status, headers });
  const version = apiVersion(call.request.headers.get(versionHeader));
  if (!version) return Response.json(body, { status: answer.status, headers });
  headers.set(versionHeader, version);
  const { error_code: code, msg: message, weak_password: weak } = body;
  // Auth leaves the header out for this one code in this one shape.
  if (code === "weak_password") headers.delete("x-sb-error-code");
  const shape = { code, message, ...(weak ? { weak_password: weak } : {}) };
  return Response.json(shape, { status: answer.status, headers });
}

/** The answer to a preflight. */
export function preflight(request: Request): Response {
  const asked = (name: string) => request.headers.get(`access-control-request-${name}`) ?? "";
  const headers = new Headers({
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": asked("method"),
    "access-control-allow-origin": "*",
    "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  if (asked("headers")) headers.set("access-control-allow-headers", asked("headers"));
  return new Response(null, { status: 204, headers });
}
