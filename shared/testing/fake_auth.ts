import { answerWithFault, type AuthFault } from "./auth_answers.ts";
import { AuthServer } from "./auth_server.ts";
import { FAKE_PROJECT, fakeEnvironment, legacyKey } from "./project.ts";
import { installRuntime } from "./runtime.ts";
import { createUser, type FakeSession, type FakeUser } from "./sessions.ts";
import type { TokenState } from "./token_states.ts";
import type { TokenClaims } from "./tokens.ts";

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
  const server = new AuthServer();
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
    return server.answer(request, path, body) ?? await respond(request) ?? unanswered(method, path);
  }

  function signIn(user: FakeUser, { claims, expiresIn }: SignInOptions): FakeCaller {
    const { sessionId, session } = server.startSession(user, claims, expiresIn);
    const token = session.access_token;
    const headers = { Authorization: `Bearer ${token}` };
    return {
      user,
      sessionId,
      token,
      session,
      headers,
      request: (path, init = {}) => createRequest(path, init, headers),
      signOut: () => server.endSession(sessionId),
      expireSession: () => server.expireSession(sessionId),
      ban: (isBanned = true) => server.setBanned(user.id, isBanned),
      deleteUser: () => server.deleteUser(user.id),
      signIn: (more = {}) => signIn(user, more),
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
      server.addUser(user);
      return signIn(user, options);
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
