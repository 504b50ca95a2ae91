import { answer, answerWithFault, type AuthFault, refuse } from "./auth_answers.ts";
import { RefreshTokens } from "./refresh_tokens.ts";
import { installRuntime } from "./runtime.ts";
import type { TokenState } from "./token_states.ts";
import { encodeToken, hasKnownSignature, readClaims, type TokenClaims } from "./tokens.ts";

/** Options of {@linkcode fakeAuth}. */
export interface FakeAuthOptions {
  /** Variables of the function besides those that Supabase sets. @default {{}} */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Options of {@linkcode FakeAuth.signIn}. */
export interface SignInOptions {
  /** What the user's record has besides the usual, or instead of it. @default {{}} */
  readonly user?: Readonly<Record<string, unknown>> | undefined;
  /** What the token has besides the usual, or instead of it; `undefined` leaves a claim out. */
  readonly claims?: TokenClaims | undefined;
  /** Seconds until the token runs out; below 0, since it has. @default {3600} */
  readonly expiresIn?: number | undefined;
}

/** A user as Auth answers with it, and what else the project stores about it. */
export interface FakeUser {
  readonly id: string;
  readonly email: string;
  readonly [member: string]: unknown;
}

/** A user who is signed in, on one device. */
export interface FakeCaller {
  readonly user: FakeUser;
  readonly sessionId: string;
  /** The access token. */
  readonly token: string;
  /** What Auth answered to the sign-in, as supabase-js keeps it: for `auth.setSession()`. */
  readonly session: FakeSession;
  /** The Authorization header. */
  readonly headers: { readonly Authorization: string };
  /**
   * A request of this caller to a function.
   *
   * @param path Its path, which begins with the name of the function: `/me`.
   * @param init As of `new Request()`. A `body` that is an object is sent as JSON.
   */
  request(path: string, init?: FakeRequestInit): Request;
  /** Ends the session: from now on Auth answers `session_not_found`. */
  signOut(): void;
  /**
   * The session reaches the project's time limit: from now on Auth answers a refresh with
   * `session_expired`. The access token stays valid until it runs out.
   */
  expireSession(): void;
  /** Bans the user, on every device; `false` lifts the ban. */
  ban(isBanned?: boolean): void;
  /** Deletes the user, and every session of it. */
  deleteUser(): void;
  /** Signs the same user in once more: another device. */
  signIn(options?: Omit<SignInOptions, "user">): FakeCaller;
}

/** Auth's answer to a sign-in and to a refresh. */
export interface FakeSession {
  readonly access_token: string;
  readonly token_type: "bearer";
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds since 1970. */
  readonly expires_at: number;
  readonly refresh_token: string;
  readonly user: FakeUser;
}

/** As of `new Request()`, with a body that may be an object. */
export type FakeRequestInit = Omit<RequestInit, "body"> & { readonly body?: unknown };

/** A request that reached the fake Auth or its project. */
export interface UpstreamCall {
  readonly method: string;
  /** The path and the query: `/auth/v1/user`. */
  readonly path: string;
  readonly headers: Headers;
  /** The body as text; `""` for none. */
  readonly body: string;
}

/** A Supabase Auth in memory. */
export interface FakeAuth extends Disposable {
  /** The URL of the project. */
  readonly url: string;
  /** `env` and `fetch`, which `auth()`, `edgeFunction()` and `callAuth()` take as options. */
  readonly options: {
    readonly env: Readonly<Record<string, string>>;
    readonly fetch: typeof globalThis.fetch;
  };
  /** Everything that was sent to the project so far, oldest first. */
  readonly calls: readonly UpstreamCall[];
  /** The checks of callers among {@linkcode calls}: GET /auth/v1/user. */
  readonly checks: readonly UpstreamCall[];
  /** What is wrong with Auth; `null` for nothing. Set it to break Auth, and to repair it. */
  fault: AuthFault | null;
  /** Milliseconds that every answer of Auth takes. @default {0} */
  delayMs: number;
  /** Signs a new user in. */
  signIn(options?: SignInOptions): FakeCaller;
  /** A token in some state, of a new user. */
  token(state: TokenState): string;
  /**
   * Answers what this Auth does not answer itself: the Data API, other hosts, and the endpoints of
   * Auth besides GET /user, POST /logout, the refresh grant, GET /health and the key set. Without it such a call fails
   * with an error that names it.
   *
   * @param respond The answer; `undefined` for a call that it does not know.
   */
  onRequest(respond: (request: Request) => Response | Promise<Response> | undefined): void;
  /**
   * Makes this Auth the one that a deployed function finds: replaces `fetch` and the environment
   * until {@linkcode restore} is called.
   */
  install(): FakeAuth;
  /** Puts `fetch` and the environment back. */
  restore(): void;
}

/** The project that every {@linkcode fakeAuth} plays: a function reads its variables only once. */
export const FAKE_PROJECT = {
  url: "https://project.example",
  publishableKey: "sb_publishable_test",
  secretKey: "sb_secret_test",
} as const;

/** A legacy API key: a JWT that names a role and no user. */
export const legacyKey = (role: "anon" | "service_role"): string =>
  encodeToken({ iss: "supabase", ref: "project", role, iat: 1_700_000_000, exp: 4_000_000_000 });

/** The variables that Supabase sets for a function of the project. */
export function fakeEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    SUPABASE_URL: FAKE_PROJECT.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: FAKE_PROJECT.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: FAKE_PROJECT.secretKey }),
    SUPABASE_ANON_KEY: legacyKey("anon"),
    SUPABASE_SERVICE_ROLE_KEY: legacyKey("service_role"),
    ...more,
  };
}

/**
 * Makes a Supabase Auth for tests of your functions. It keeps users and sessions, and answers about
 * a token as Supabase Auth 2.196 was recorded to answer.
 *
 * @param options See {@linkcode FakeAuthOptions}.
 * @returns It. Call `install()` to test a function as it is deployed; or give its `options` to
 * `edgeFunction()` or `auth()`.
 *
 * @example A function as it is deployed
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import me from "../../functions/me/index.ts";
 *
 * using auth = fakeAuth().install();
 * const ada = auth.signIn();
 * assertEquals((await me.fetch(ada.request("/me"))).status, 200);
 *
 * ada.signOut();
 * assertEquals((await me.fetch(ada.request("/me"))).status, 401);
 * ```
 *
 * @example An app of your own
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edgeFunction } from "../mod.ts";
 *
 * const auth = fakeAuth();
 * const app = edgeFunction("hello", { auth: auth.options });
 * app.get("/", (c) => c.text(`Hello ${c.var.auth.user.email}`));
 *
 * const ada = auth.signIn({ user: { email: "ada@example.com" } });
 * const response = await app.fetch(ada.request("/hello"));
 * assertEquals(await response.text(), "Hello ada@example.com");
 * assertEquals(auth.checks.length, 1);
 *
 * auth.fault = "unavailable";
 * assertEquals((await app.fetch(ada.request("/hello"))).status, 503);
 * ```
 */
export function fakeAuth(options: FakeAuthOptions = {}): FakeAuth {
  const env = fakeEnvironment(options.env);
  const users = new Map<string, { user: FakeUser; isBanned: boolean }>();
  /** The ids of live sessions. */
  const sessions = new Map<string, { readonly userId: string; isExpired: boolean }>();
  const refreshTokens = new RefreshTokens();
  const calls: UpstreamCall[] = [];
  let respond: Parameters<FakeAuth["onRequest"]>[0] = () => undefined;
  let uninstall: (() => void) | undefined;

  async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { method, headers, url } = request;
    const path = url.startsWith(`${env.SUPABASE_URL}/`) ? url.slice(env.SUPABASE_URL!.length) : url;
    const body = await request.clone().text();
    calls.push({ method, path, headers, body });
    if (!path.startsWith("/auth/v1/")) return await respond(request) ?? unanswered(method, path);
    if (it.delayMs > 0) await delay(it.delayMs, request.signal);
    if (it.fault !== null) return await answerWithFault(it.fault, request);
    return answerAsAuth(request, path, body) ?? await respond(request) ?? unanswered(method, path);
  }

  function answerAsAuth(request: Request, path: string, body: string): Response | undefined {
    switch (`${request.method} ${path.replace(/\?.*/, "")}`) {
      case "GET /auth/v1/user": {
        const caller = findCaller(request);
        return "user" in caller ? answer(200, caller.user) : caller.refusal;
      }
      case "POST /auth/v1/logout": {
        const caller = findCaller(request);
        if (!("user" in caller)) return caller.refusal;
        const scope = new URL(request.url).searchParams.get("scope") ?? "global";
        for (const [session, { userId }] of sessions) {
          const isOwn = session === caller.sessionId;
          if (userId !== caller.user.id) continue;
          if (scope === "global" || (scope === "local") === isOwn) sessions.delete(session);
        }
        return new Response(null, { status: 204, headers: { Vary: "Origin" } });
      }
      case "POST /auth/v1/token":
        // Any other grant has a password or a code, which the test has to answer.
        return new URL(request.url).searchParams.get("grant_type") === "refresh_token"
          ? refresh(request, body)
          : undefined;
      case "GET /auth/v1/health":
        return answer(200, {
          version: "v2.196.0",
          name: "GoTrue",
          description: "GoTrue is a user registration and authentication API",
        });
      case "GET /auth/v1/.well-known/jwks.json":
        return answer(200, { keys: [] });
      default:
        return undefined;
    }
  }

  /** In the order in which Auth looks. */
  function findCaller(
    request: Request,
  ): { user: FakeUser; sessionId: string | undefined } | { refusal: Response } {
    const refused = (code: string, status?: number, text?: string) => ({
      refusal: refuse(request, code, status, text),
    });
    const [, token] = /^Bearer ([^ ,]+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
    if (token === undefined) return refused("no_authorization");
    const claims = readClaims(token);
    if (claims === undefined) return refused("bad_jwt", undefined, MALFORMED);
    if (!hasKnownSignature(token)) return refused("bad_jwt", undefined, WRONG_SIGNATURE);
    const { exp, sub, session_id: sessionId } = claims;
    if (typeof exp === "number" && exp <= Date.now() / 1000) {
      return refused("bad_jwt", undefined, EXPIRED);
    }
    if (typeof sub !== "string" || sub === "") return refused("bad_jwt", undefined, NO_SUB);
    const found = users.get(sub);
    if (found === undefined) return refused("user_not_found");
    if (typeof sessionId === "string" && !sessions.has(sessionId)) {
      return refused("session_not_found");
    }
    if (found.isBanned) return refused("user_banned");
    return {
      user: found.user,
      sessionId: typeof sessionId === "string" ? sessionId : undefined,
    };
  }

  /** The refresh grant, in the order in which Auth looks. */
  function refresh(request: Request, body: string): Response {
    const token = textMember(body, "refresh_token");
    if (token === "") {
      return refuse(request, "validation_failed", 400, "Refresh token is not valid");
    }
    const refused = (code: string) =>
      refuse(request, code, 400, `Invalid Refresh Token: ${REFRESH_TEXTS[code]}`);
    const sessionId = refreshTokens.sessionOf(token);
    const session = sessions.get(sessionId ?? "");
    const owner = users.get(session?.userId ?? "");
    if (session === undefined || owner === undefined) return refused("refresh_token_not_found");
    if (owner.isBanned) return refused("user_banned");
    if (session.isExpired) return refused("session_expired");
    const exchange = refreshTokens.exchange(token, Date.now());
    if ("refused" in exchange) return refused(exchange.refused);
    const claims = claimsOf(owner.user, exchange.sessionId, EXPIRES_IN);
    return answer(200, sessionBody(owner.user, encodeToken(claims), exchange.next, EXPIRES_IN));
  }

  function startSession(user: FakeUser, { claims = {}, expiresIn = EXPIRES_IN }: SignInOptions) {
    const sessionId = crypto.randomUUID();
    sessions.set(sessionId, { userId: user.id, isExpired: false });
    const token = encodeToken({ ...claimsOf(user, sessionId, expiresIn), ...claims });
    const refreshToken = refreshTokens.issue(sessionId);
    return createCaller(user, sessionId, sessionBody(user, token, refreshToken, expiresIn));
  }

  function createCaller(user: FakeUser, sessionId: string, session: FakeSession): FakeCaller {
    const token = session.access_token;
    const headers = { Authorization: `Bearer ${token}` };
    return {
      user,
      sessionId,
      token,
      session,
      headers,
      request: (path, init = {}) => createRequest(path, init, headers),
      signOut: () => void sessions.delete(sessionId),
      expireSession() {
        const entry = sessions.get(sessionId);
        if (entry !== undefined) entry.isExpired = true;
      },
      ban(isBanned = true) {
        const entry = users.get(user.id);
        if (entry !== undefined) entry.isBanned = isBanned;
      },
      deleteUser() {
        users.delete(user.id);
        for (const [session, { userId }] of sessions) {
          if (userId === user.id) sessions.delete(session);
        }
      },
      signIn: (more = {}) => startSession(user, more),
    };
  }

  const it: FakeAuth = {
    url: FAKE_PROJECT.url,
    options: { env, fetch },
    calls,
    get checks() {
      return calls.filter(({ method, path }) => method === "GET" && path === "/auth/v1/user");
    },
    fault: null,
    delayMs: 0,
    signIn(options = {}) {
      const user = createUser(options.user ?? {});
      users.set(user.id, { user, isBanned: false });
      return startSession(user, options);
    },
    token(state) {
      switch (state) {
        case "anon_key":
          return legacyKey("anon");
        case "publishable_key":
          return FAKE_PROJECT.publishableKey;
        case "not_a_jwt":
          return "not-a-jwt";
        case "expired":
          return it.signIn({ expiresIn: -3600 }).token;
        case "no_session":
          return it.signIn({ claims: { session_id: undefined } }).token;
      }
      const caller = it.signIn();
      if (state === "forged") return `${caller.token.replace(/[^.]*$/, "")}Zm9yZ2Vk`;
      if (state === "signed_out") caller.signOut();
      if (state === "user_deleted") caller.deleteUser();
      if (state === "user_banned") caller.ban();
      return caller.token;
    },
    onRequest: (handler) => void (respond = handler),
    install() {
      uninstall ??= installRuntime(env, fetch);
      return it;
    },
    restore() {
      uninstall?.();
      uninstall = undefined;
    },
    [Symbol.dispose]: () => it.restore(),
  };
  return it;
}

const UNVERIFIED = "invalid JWT: unable to parse or verify signature, ";
const MALFORMED = `${UNVERIFIED}token is malformed: token contains an invalid number of segments`;
const WRONG_SIGNATURE = `${UNVERIFIED}token signature is invalid: signature is invalid`;
const EXPIRED = `${UNVERIFIED}token has invalid claims: token is expired`;
const NO_SUB = "invalid claim: missing sub claim";

/** Seconds that an access token is valid: Auth's default. */
const EXPIRES_IN = 3600;

/** By code, what Auth writes about a refresh token. */
const REFRESH_TEXTS: Readonly<Record<string, string>> = {
  refresh_token_already_used: "Already Used",
  refresh_token_not_found: "Refresh Token Not Found",
  session_expired: "Session Expired",
  user_banned: "User Banned",
};

/** A member of a JSON object that is a text; `""` for anything else. */
function textMember(json: string, name: string): string {
  try {
    const value = (JSON.parse(json) as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}

function sessionBody(
  user: FakeUser,
  accessToken: string,
  refreshToken: string,
  expiresIn: number,
): FakeSession {
  return {
    access_token: accessToken,
    token_type: "bearer",
    expires_in: expiresIn,
    expires_at: Math.floor(Date.now() / 1000) + expiresIn,
    refresh_token: refreshToken,
    user,
  };
}

function createUser(changes: Readonly<Record<string, unknown>>): FakeUser {
  const id = typeof changes.id === "string" ? changes.id : crypto.randomUUID();
  const email = typeof changes.email === "string" ? changes.email : `${id}@example.com`;
  const now = new Date().toISOString();
  return {
    id,
    aud: "authenticated",
    role: "authenticated",
    email,
    email_confirmed_at: now,
    phone: "",
    confirmed_at: now,
    last_sign_in_at: now,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: { email, email_verified: true, phone_verified: false, sub: id },
    identities: [],
    created_at: now,
    updated_at: now,
    is_anonymous: false,
    ...changes,
  };
}

/** The claims that Auth puts into an access token. */
function claimsOf(user: FakeUser, sessionId: string, expiresIn: number): TokenClaims {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: `${FAKE_PROJECT.url}/auth/v1`,
    sub: user.id,
    aud: "authenticated",
    exp: now + expiresIn,
    iat: now + Math.min(0, expiresIn - 3600),
    email: user.email,
    phone: user.phone,
    app_metadata: user.app_metadata,
    user_metadata: user.user_metadata,
    role: "authenticated",
    aal: "aal1",
    amr: [{ method: "password", timestamp: now }],
    session_id: sessionId,
    is_anonymous: user.is_anonymous,
  };
}

function createRequest(
  path: string,
  { body, headers, ...init }: FakeRequestInit,
  more: Readonly<Record<string, string>>,
): Request {
  const all = new Headers(more);
  new Headers(headers).forEach((value, name) => all.set(name, value));
  const isJson = typeof body === "object" && body !== null &&
      Object.getPrototypeOf(body) === Object.prototype || Array.isArray(body);
  if (isJson && !all.has("Content-Type")) all.set("Content-Type", "application/json");
  return new Request(new URL(path, "http://localhost"), {
    ...init,
    headers: all,
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body as BodyInit }),
  });
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

function unanswered(method: string, path: string): never {
  throw new Error(
    `fakeAuth(): nothing answers ${method} ${path}. Answer it with onRequest().`,
  );
}
