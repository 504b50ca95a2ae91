// What the tests of the way of a request share: tokens, an environment, a fake Auth, and one look
// at a refusal that misses nothing.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import type { Problem } from "../../shared/problems/problem.ts";
import { problemSchema } from "../../shared/server/problem_schema.ts";

export const USER_ID = "11111111-1111-4111-8111-111111111111";
export const SESSION_ID = "22222222-2222-4222-8222-222222222222";
export const PUBLISHABLE = "sb_publishable_test";
export const SECRET = "sb_secret_test";
export const AUTH_URL = "https://project.example";

const base64url = (value: unknown) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export const now = () => Math.floor(Date.now() / 1000);

/** A token that nobody verifies: the fake Auth decides. A claim that is `undefined` is left out. */
export function token(claims: Record<string, unknown> = {}, header: unknown = { alg: "HS256" }) {
  const payload = {
    sub: USER_ID,
    aud: "authenticated",
    role: "authenticated",
    session_id: SESSION_ID,
    aal: "aal1",
    amr: [{ method: "password", timestamp: now() }],
    iat: now(),
    exp: now() + 3600,
    ...claims,
  };
  return `${base64url(header)}.${base64url(payload)}.c2lnbmF0dXJl`;
}

/** The legacy keys: JWTs that name a role and no user. */
export const ANON = token({ sub: undefined, session_id: undefined, role: "anon" });
export const SERVICE_ROLE = token({ sub: undefined, session_id: undefined, role: "service_role" });

/** A fresh environment, so that no two tests share a backend. */
export function environment(more: Record<string, string | undefined> = {}) {
  return {
    SUPABASE_URL: AUTH_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET }),
    SUPABASE_ANON_KEY: ANON,
    SUPABASE_SERVICE_ROLE_KEY: SERVICE_ROLE,
    ...more,
  };
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/** An error of Auth, as it writes them since API version 2024-01-01; or the older shape. */
export const refuses = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { code, message: UPSTREAM_TEXT }, { "x-sb-error-code": code, ...headers });
export const refusesOld = (status: number, code: string) =>
  json(status, { code: status, error_code: code, msg: UPSTREAM_TEXT });

/** Stands in every error text of the fake Auth: it must never come out again. */
export const UPSTREAM_TEXT = "UPSTREAM-TEXT someone@elsewhere.example";

export const alive = (user: Record<string, unknown> = {}) =>
  json(200, { id: USER_ID, email: "ada@example.com", aud: "authenticated", ...user });

/** What {@linkcode fakeAuth} makes. */
export interface FakeAuth {
  readonly calls: Request[];
  /** The `env` and `fetch` options of `auth()`. */
  readonly options: { env: Record<string, string | undefined>; fetch: typeof globalThis.fetch };
}

/** An Auth server that is one function. Keeps every call; a throw is a network fault. */
export function fakeAuth(
  answer: (request: Request, call: number) => Response | Promise<Response> = () => alive(),
  env: Record<string, string | undefined> = environment(),
): FakeAuth {
  const calls: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    calls.push(request);
    return await answer(request, calls.length);
  };
  return { calls, options: { env, fetch } };
}

export const bearer = (jwt: string) => ({ Authorization: `Bearer ${jwt}` });

/** Runs with `console.error` caught; returns what it was told. */
export async function logged(run: () => unknown): Promise<string> {
  const lines: unknown[] = [];
  const before = console.error;
  console.error = (...args: unknown[]) => void lines.push(...args);
  try {
    await run();
  } finally {
    console.error = before;
  }
  return lines.map(String).join("\n");
}

/** A promise and its ends. */
export const deferred = <T = void>() => Promise.withResolvers<T>();

/** Lets everything run that is already possible: turns of the event loop, and no timer. */
export async function settle(turns = 10) {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Runs with the timers, `Date` and `performance.now()` at one fake time; the latter begins at 0. */
export async function inFakeTime(run: () => Promise<void>) {
  const real = performance.now;
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-23T12:00:00Z") });
  const epoch = Date.now();
  performance.now = () => Date.now() - epoch;
  try {
    await run();
  } finally {
    performance.now = real;
    mock.timers.reset();
  }
}

/** Deno.test sees what is left open only where it is told to look. */
export const SANITIZED = { sanitizeOps: true, sanitizeResources: true };

/** How a refusal has to look. */
export interface Expected {
  readonly status: number;
  readonly code: string;
  readonly action: string;
  /** @default {true} */
  readonly replay?: boolean;
  /** `error` of the challenge, `bare`, or `null` for no WWW-Authenticate. @default {null} */
  readonly challenge?: string | null;
  /** Seconds, or `true` for "some". Without it there must be none. */
  readonly retry_after?: number | true;
  /** The allowed origin; `null` for none. @default {"*"} */
  readonly origin?: string | null;
  readonly contentType?: string;
}

/**
 * Holds a response against the one shape: body, status, challenge, Retry-After, no-store, Vary,
 * request id, CORS without credentials, and nothing of anybody's token, address or words.
 */
export async function assertRefusal(response: Response, expected: Expected): Promise<Problem> {
  const text = await response.text();
  const body = problemSchema.parse(JSON.parse(text)) as Problem;
  const { status, code, action, replay = true, challenge = null, origin = "*" } = expected;
  const seen = { status: response.status, code: body.code, action: body.action };
  assertEquals({ ...seen, replay: body.replay }, { status, code, action, replay });
  assertEquals(body.status, response.status);

  const { headers } = response;
  assertEquals(headers.get("Content-Type"), expected.contentType ?? "application/json");
  assertEquals(headers.get("Cache-Control"), "no-store");
  assertMatch(headers.get("Vary") ?? "", /(^|, )Origin(,|$)/);
  assertEquals(headers.get("X-Request-Id"), body.request_id);
  assertMatch(body.request_id, /^[A-Za-z0-9._-]{1,64}$/);
  assertEquals(headers.get("Access-Control-Allow-Origin"), origin);
  assertEquals(headers.get("Access-Control-Allow-Credentials"), null);
  const exposed = (headers.get("Access-Control-Expose-Headers") ?? "").split(", ");
  for (const name of ["Retry-After", "WWW-Authenticate", "X-Request-Id"]) {
    assert(exposed.includes(name), `${name} is not exposed`);
  }

  const authenticate = headers.get("WWW-Authenticate");
  if (challenge === null) assertEquals(authenticate, null);
  else if (challenge === "bare") assertMatch(authenticate ?? "", /^Bearer realm="[^"]*"$/);
  else {
    assertMatch(authenticate ?? "", new RegExp(`^Bearer realm="[^"]*", error="${challenge}", `));
    assertMatch(authenticate ?? "", /, error_description="[^"\\]+"/);
  }

  const wait = headers.get("Retry-After");
  if (expected.retry_after === undefined) {
    assertEquals([wait, body.retry_after], [null, undefined]);
  } else {
    assertMatch(wait ?? "", /^\d+$/);
    assertEquals(Number(wait), body.retry_after);
    if (expected.retry_after !== true) assertEquals(body.retry_after, expected.retry_after);
  }

  const whole = text + JSON.stringify([...headers]);
  for (const secret of [UPSTREAM_TEXT, "UPSTREAM", "@", SECRET, PUBLISHABLE, "eyJ"]) {
    assert(!whole.includes(secret), `the refusal holds ${secret}`);
  }
  return body;
}

/** The refusals that the table of endings has, by their code. */
export const REFUSALS = {
  no_authorization: {
    status: 401,
    code: "no_authorization",
    action: "sign_in",
    challenge: "bare",
  },
  invalid_authorization_header: {
    status: 400,
    code: "invalid_authorization_header",
    action: "fix_request",
    challenge: "invalid_request",
  },
  bad_jwt: { status: 401, code: "bad_jwt", action: "refresh", challenge: "invalid_token" },
  token_expired: {
    status: 401,
    code: "token_expired",
    action: "refresh",
    challenge: "invalid_token",
  },
  session_required: {
    status: 401,
    code: "session_required",
    action: "fix_request",
    challenge: "invalid_token",
  },
  session_not_found: {
    status: 401,
    code: "session_not_found",
    action: "sign_in",
    challenge: "invalid_token",
  },
  user_not_found: {
    status: 401,
    code: "user_not_found",
    action: "sign_in",
    challenge: "invalid_token",
  },
  user_banned: { status: 403, code: "user_banned", action: "contact_support" },
  over_request_rate_limit: {
    status: 429,
    code: "over_request_rate_limit",
    action: "retry",
    retry_after: true,
  },
  auth_unavailable: {
    status: 503,
    code: "auth_unavailable",
    action: "retry",
    retry_after: true,
  },
  auth_misconfigured: { status: 500, code: "auth_misconfigured", action: "contact_support" },
  internal_error: { status: 500, code: "internal_error", action: "contact_support" },
} as const satisfies Record<string, Expected>;

/** A deployed function: `fetch` and the environment are the process's own, as in the runtime. */
export interface Deployed {
  /** Calls the function. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Calls it with a JSON body and a living token. */
  send(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Response>;
  /** What it asked of Auth and of the database, without the checks of the caller's token. */
  asked(): Promise<{ method: string; path: string; body: unknown; authorization: string | null }[]>;
  /** Decides what the next calls, but the checks of a caller's token, are answered. */
  answer: (request: Request) => Response | Promise<Response>;
  /** What Auth knows of the user beyond the id. */
  user: Record<string, unknown>;
}

/**
 * Runs a function of functions/ as deployed, for the tests of one file: replaces the environment and
 * the global fetch before the first test, puts both back after the last one.
 */
export function deployed(
  load: () => Promise<{ default: { fetch: (request: Request) => Response | Promise<Response> } }>,
  more: Record<string, string> = {},
): Deployed {
  const env: Record<string, string | undefined> = { ...environment(), ...more };
  const real = { fetch: globalThis.fetch, get: Deno.env.get, toObject: Deno.env.toObject };
  let calls: Request[] = [];
  Deno.test.beforeAll(() => {
    // Not Deno.env.set(): test files that run side by side share one environment.
    Deno.env.get = (name) => env[name] ?? real.get.call(Deno.env, name);
    Deno.env.toObject = () => ({ ...real.toObject.call(Deno.env), ...env as typeof more });
    globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      if (request.method === "GET" && request.url === `${AUTH_URL}/auth/v1/user`) {
        return alive(it.user);
      }
      calls.push(request.clone());
      return await it.answer(request);
    };
  });
  Deno.test.beforeEach(() => {
    calls = [];
    it.answer = () => json(200, {});
    it.user = {};
  });
  Deno.test.afterAll(() => {
    globalThis.fetch = real.fetch;
    Deno.env.get = real.get;
    Deno.env.toObject = real.toObject;
  });
  const it: Deployed = {
    answer: () => json(200, {}),
    user: {},
    async request(path, init) {
      const { default: served } = await load();
      return await served.fetch(new Request(`http://localhost${path}`, init));
    },
    send: (method, path, body, headers = bearer(token())) =>
      it.request(path, {
        method,
        headers: [...new Headers(headers), ["Content-Type", "application/json"]],
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    asked: () =>
      Promise.all(calls.map(async (call) => {
        const text = await call.clone().text();
        return {
          method: call.method,
          path: call.url.slice(AUTH_URL.length),
          body: text === "" ? null : JSON.parse(text) as unknown,
          authorization: call.headers.get("authorization"),
        };
      })),
  };
  return it;
}
