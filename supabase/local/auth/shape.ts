/** The two shapes of an error, and the headers that every answer of Auth has. */

import { type AuthCall, AuthError } from "./call.ts";

const VERSION_HEADER = "x-supabase-api-version";
const NEWEST_VERSION = "2024-01-01";

/** The API version of the answer to a request: 2024-01-01, or none, which is the legacy shape. */
export function apiVersion(header: string | null): string | undefined {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(header ?? "") ? Date.parse(`${header}T00:00:00Z`) : NaN;
  return date >= Date.parse(`${NEWEST_VERSION}T00:00:00Z`) ? NEWEST_VERSION : undefined;
}

/** An error in lite's shape, which is Auth's legacy one. */
export function errorResponse(error: AuthError): Response {
  const weak = error.weak ? { weak_password: error.weak } : {};
  const body = { code: error.status, error_code: error.code, msg: error.message, ...weak };
  const headers = { ...error.headers, "x-sb-error-code": error.code };
  return Response.json(body, { status: error.status, headers });
}

async function errorBody(answer: Response): Promise<Record<string, unknown> | undefined> {
  if (answer.status < 400 || !answer.headers.get("content-type")?.includes("json")) return;
  return await answer.json();
}

/** Brings an answer into the shape that the request asked for. */
export async function inRequestedShape(call: AuthCall, answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  headers.set("vary", "Origin");
  if (headers.has("location")) headers.set("content-type", "text/html; charset=utf-8");
  // Auth sends CORS headers only where the request has an Origin; lite always does.
  headers.delete("access-control-allow-origin");
  if (call.request.headers.has("origin")) {
    headers.set("access-control-allow-origin", "*");
    headers.set("access-control-allow-credentials", "true");
    headers.set("access-control-expose-headers", `X-Total-Count, Link, ${VERSION_HEADER}`);
  }
  const body = await errorBody(answer);
  if (!body) return new Response(answer.body, { status: answer.status, headers });
  const version = apiVersion(call.request.headers.get(VERSION_HEADER));
  if (!version) return Response.json(body, { status: answer.status, headers });
  headers.set(VERSION_HEADER, version);
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
