/** The gateway of the stack: checks the Host and the API key, and routes by prefix. */

import { preflight } from "./auth/shape.ts";
import { BadToken, type KeyRing } from "./jwt.ts";
import { type ApiKeys, cronKey } from "./keys.ts";
import { isSitePath } from "./site.ts";

/** The services behind the gateway. */
export interface Backends {
  readonly keys: ApiKeys;
  readonly ring: KeyRing;
  auth(request: Request): Promise<Response>;
  rest(request: Request): Promise<Response>;
  functions(request: Request): Promise<Response>;
  /** The page at `/`. */
  page(request: Request): Promise<Response>;
  /** The stack's mails, at /_local/mail. */
  mail(request: Request): Response;
  /** The routes that control the stack, below /_local/. */
  control(request: Request): Promise<Response>;
}

/** Paths of Auth that a browser opens by a link, without an API key. */
const WITHOUT_KEY = /^\/auth\/v1\/(verify|callback|authorize)$/;

/**
 * Whether a Host header names this machine. Any other name is an attack by DNS rebinding.
 */
export function isOwnHost(host: string | null, port: number): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? "") &&
    Number(/:(\d+)$/.exec(host ?? "")?.[1] ?? 80) === port;
}

function errorAnswer(status: number, body: Record<string, string>): Response {
  const headers = { "access-control-allow-origin": "*", "cache-control": "no-store" };
  return Response.json(body, { status, headers });
}

/**
 * The Authorization header for the services. As in the CLI's gateway, a token of the caller stays;
 * otherwise the API key becomes the token, and a new key the legacy one of its role.
 */
export function bearerOf(headers: Headers, keys: ApiKeys): string | null {
  const given = headers.get("authorization");
  const key = headers.get("apikey");
  if (given !== null && (!given.startsWith("Bearer sb_") || key === null)) return given;
  if (key === null) return null;
  if (key === keys.publishable) return `Bearer ${keys.anon}`;
  if (key === keys.secret || key === cronKey) return `Bearer ${keys.serviceRole}`;
  return `Bearer ${key}`;
}

/** Whether an API key is one of the stack's, or a JWT that its keys signed. */
async function isKnownKey(key: string, { keys, ring }: Backends): Promise<boolean> {
  if (key === cronKey || Object.values(keys).includes(key)) return true;
  try {
    await ring.verify(key, Date.now());
    return true;
  } catch (error) {
    if (error instanceof BadToken) return false;
    throw error;
  }
}

/**
 * Returns the request for the services, or an error. A missing key is accepted, as by the CLI's
 * gateway. A wrong key is refused, as by the hosted gateway: the CLI's accepts it, and the mistake
 * would show only on the hosted project.
 */
async function withBearer(request: Request, backends: Backends): Promise<Request | Response> {
  const key = request.headers.get("apikey");
  if (key !== null && !WITHOUT_KEY.test(new URL(request.url).pathname)) {
    if (!await isKnownKey(key, backends)) {
      const hint = "Double check your Supabase `anon` or `service_role` API key.";
      return errorAnswer(401, { message: "Invalid API key", hint });
    }
  }
  const headers = new Headers(request.headers);
  const bearer = bearerOf(headers, backends.keys);
  if (bearer === null) headers.delete("authorization");
  else headers.set("authorization", bearer);
  return new Request(request, { headers });
}

/** Answers any request to the stack. */
export async function gateway(
  request: Request,
  port: number,
  backends: Backends,
): Promise<Response> {
  if (!isOwnHost(request.headers.get("host") ?? new URL(request.url).host, port)) {
    return errorAnswer(403, {
      message: "The local stack answers to 127.0.0.1 and localhost only.",
    });
  }
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/functions/v1/")) return await backends.functions(request);
  if (isSitePath(pathname)) return await backends.page(request);
  if (/^\/_local\/mail(\/|$)/.test(pathname)) return backends.mail(request);
  if (pathname.startsWith("/_local/")) return await backends.control(request);
  const auth = pathname.startsWith("/auth/v1/");
  if (!auth && !pathname.startsWith("/rest/v1/")) {
    return errorAnswer(404, { message: `Not found: ${pathname}.` });
  }
  if (request.method === "OPTIONS") return preflight(request);
  const known = await withBearer(request, backends);
  if (known instanceof Response) return known;
  return auth ? await backends.auth(known) : await backends.rest(known);
}
