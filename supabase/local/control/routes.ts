/**
 * The routes of the page's buttons, which control the stack. Same origin and JSON only.
 *
 *     GET  /_local/auth                                       {"mode"}
 *     POST /_local/auth             {"mode"}                  on, off, slow (5 s), limited (429),
 *                                                             no_refresh (a firewall's 403 page)
 *     POST /_local/session/end      {"token"}                 like a sign-out on another device
 *     POST /_local/session/expire   {"token"}                 {"access_token"}: of the same session,
 *                                                             expired a minute ago
 *     POST /_local/session/age      {"token"}                 {"access_token"}: of the same session,
 *                                                             whose sign-in was 25 hours ago
 *     POST /_local/user/factor      {"token"}                 {"code"}: of a second factor, which is
 *                                                             simulated
 *     POST /_local/user/delete      {"token"}                 by the admin API
 *     POST /_local/user/ban         {"token"}                 for a day
 *     POST /_local/user/unban       {"token"}
 *     POST /_local/user/password    {"token", "password"}     ends every session of the user
 *
 * `token` is an access token of this stack, which may have expired: it names the session and user.
 */

import { SIMULATED_CODE } from "../auth/simulated_code.ts";
import { BadToken, type Claims, type KeyRing } from "../jwt.ts";
import { isCrossSite } from "../mail/page.ts";
import { type Faults, type Mode, MODES } from "./faults.ts";

/** What the routes change. */
export interface Controls {
  readonly ring: KeyRing;
  readonly faults: Faults;
  endSession(id: string): Promise<void>;
  /** Moves the sign-in that opened a session. */
  setSignedInAt(id: string, at: Date): Promise<void>;
  /** Gives a user a simulated second factor. */
  addFactor(userId: string): void;
  /** Calls Auth's admin API for one user, whatever the mode of {@linkcode Faults} is. */
  admin(method: string, userId: string, body: Record<string, unknown>): Promise<Response>;
  now(): number;
}

/** Auth wants a nonce for a password change when the sign-in is more than a day ago. */
const AGED_MS = 25 * 60 * 60 * 1000;

type Body = Readonly<Record<string, unknown>>;
type Route = (body: Body, controls: Controls) => Promise<Response>;

const headers = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

function answer(status: number, body: unknown, more: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...headers, ...more } });
}

/** The request is invalid; the message says why. */
class InvalidRequest extends Error {}

async function claimsOf(body: Body, { ring }: Controls): Promise<Claims> {
  try {
    return await ring.verify(String(body.token), 0); // a time at which no token has expired
  } catch (error) {
    if (error instanceof BadToken) {
      throw new InvalidRequest("`token` is not an access token of this stack.");
    }
    throw error;
  }
}

function setMode(body: Body, { faults }: Controls): Promise<Response> {
  const mode: Mode | undefined = MODES.find((mode) => mode === body.mode);
  if (mode === undefined) throw new InvalidRequest(`\`mode\` must be one of ${MODES.join(", ")}.`);
  faults.mode = mode;
  return Promise.resolve(answer(200, { mode }));
}

async function endSession(body: Body, controls: Controls): Promise<Response> {
  const { session_id } = await claimsOf(body, controls);
  await controls.endSession(String(session_id));
  return answer(200, {});
}

async function expire(body: Body, controls: Controls): Promise<Response> {
  const claims = await claimsOf(body, controls);
  const exp = Math.floor(controls.now() / 1000) - 60;
  const token = await controls.ring.sign({ ...claims, iat: exp - 3600, exp });
  return answer(200, { access_token: token });
}

async function age(body: Body, controls: Controls): Promise<Response> {
  const claims = await claimsOf(body, controls);
  const at = new Date(controls.now() - AGED_MS);
  await controls.setSignedInAt(String(claims.session_id), at);
  const amr = [{ method: "password", timestamp: Math.floor(at.getTime() / 1000) }];
  return answer(200, { access_token: await controls.ring.sign({ ...claims, amr }) });
}

async function addFactor(body: Body, controls: Controls): Promise<Response> {
  const { sub } = await claimsOf(body, controls);
  controls.addFactor(String(sub));
  return answer(200, { code: SIMULATED_CODE });
}

function asAdmin(method: string, change: (body: Body) => Record<string, unknown>): Route {
  return async (body, controls) => {
    const { sub } = await claimsOf(body, controls);
    const done = await controls.admin(method, String(sub), change(body));
    const { msg = "Auth refused it." } = await done.json();
    return done.ok ? answer(200, {}) : answer(done.status, { message: msg });
  };
}

const posts: Readonly<Record<string, Route>> = {
  "/_local/auth": setMode,
  "/_local/session/end": endSession,
  "/_local/session/expire": expire,
  "/_local/session/age": age,
  "/_local/user/factor": addFactor,
  "/_local/user/delete": asAdmin("DELETE", () => ({})),
  "/_local/user/ban": asAdmin("PUT", () => ({ ban_duration: "24h" })),
  "/_local/user/unban": asAdmin("PUT", () => ({ ban_duration: "none" })),
  "/_local/user/password": asAdmin("PUT", ({ password }) => ({ password: String(password) })),
};

async function bodyOf(request: Request): Promise<Body> {
  const value: unknown = await request.json().catch(() => undefined);
  if (typeof value !== "object" || value === null) {
    throw new InvalidRequest("The body must be a JSON object.");
  }
  return { ...value };
}

/** Answers a request to one of the routes above. */
export async function answerControl(request: Request, controls: Controls): Promise<Response> {
  if (isCrossSite(request)) {
    return answer(403, { message: "Only the page of this stack may send this request." });
  }
  const { pathname } = new URL(request.url);
  const route = Object.hasOwn(posts, pathname) ? posts[pathname] : undefined;
  if (!route) return answer(404, { message: "Not found." });
  const readable = pathname === "/_local/auth";
  if (readable && request.method === "GET") return answer(200, { mode: controls.faults.mode });
  if (request.method !== "POST") {
    return answer(405, { message: "Use POST." }, { allow: readable ? "GET, POST" : "POST" });
  }
  // A page of another site cannot send this type without a preflight, which is never answered.
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    return answer(415, { message: "Send application/json." });
  }
  try {
    return await route(await bodyOf(request), controls);
  } catch (error) {
    if (error instanceof InvalidRequest) return answer(400, { message: error.message });
    throw error;
  }
}
