// Helpers for the tests of shared/browser: both versions of supabase-js, a fake project, a storage
// that tabs share, and sessions.
import { createClient as createNewest } from "@supabase/supabase-js";
import { createClient as createOldest } from "@supabase/supabase-js-2.109";
import { setImmediate } from "node:timers";
import { type Problem, problem, type ProblemFields } from "../../../shared/problems/problem.ts";
import type { Source } from "../../../shared/problems/table.ts";
import {
  type AnyClient,
  createRecovery,
  type RecoveryOptions,
} from "../../../shared/browser/mod.ts";
import { FakeTime, inFakeTime, now, SESSION_ID, token, USER_ID } from "../../support/server.ts";

export { FakeTime, inFakeTime, now, SESSION_ID, token, USER_ID };

// Deno has Web Locks: a client would wait for a hanging client of another test.
Object.defineProperty(navigator, "locks", { value: undefined, configurable: true, writable: true });

export const URL_ = "https://project.example";
export const KEY = "sb_publishable_test";
export const STORAGE_KEY = "sb-project-auth-token";
export const OTHER_USER = "33333333-3333-4333-8333-333333333333";

type Invoke = AnyClient["functions"]["invoke"];

/** A client, and how a user signs in to it. */
export type TestClient = AnyClient & {
  readonly auth: {
    signInWithPassword(
      credentials: { readonly email: string; readonly password: string },
    ): Promise<{ readonly error: unknown }>;
    signOut(options?: { readonly scope: "local" }): Promise<{ readonly error: unknown }>;
    getUser(token?: string): Promise<{
      readonly data: { readonly user: { readonly user_metadata: unknown } | null };
      readonly error: unknown;
    }>;
    setSession(
      tokens: { readonly access_token: string; readonly refresh_token: string },
    ): Promise<{ readonly error: unknown }>;
    startAutoRefresh(): Promise<void>;
    stopAutoRefresh(): Promise<void>;
  };
  from(table: string): {
    select(): PromiseLike<{ readonly data: unknown; readonly error: unknown }>;
  };
  readonly storage: {
    from(bucket: string): {
      download(path: string): Promise<{ readonly data: unknown; readonly error: unknown }>;
    };
  };
};

export type Create = (
  url: string,
  key: string,
  options: {
    auth: { storage: TestStorage; autoRefreshToken: false; storageKey?: string };
    global?: { fetch: typeof fetch };
  },
) => TestClient;

/** The oldest supported version of supabase-js and the newest one. */
export const VERSIONS: readonly (readonly [version: string, create: Create])[] = [
  ["2.119", (url, key, options) => createNewest(url, key, options)],
  ["2.109", (url, key, options) => createOldest(url, key, options)],
];

/** Registers a test per version of supabase-js. */
export function onBoth(name: string, run: (create: Create) => Promise<void> | void): void {
  for (const [version, create] of VERSIONS) {
    Deno.test(`${name} (supabase-js ${version})`, () => run(create));
  }
}

/** A storage like localStorage, which the tabs of one origin share. */
export class TabStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

/** A storage for supabase-js. */
export interface TestStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

/** A session as supabase-js stores it. */
export function session(claims: Record<string, unknown> = {}) {
  const access_token = token({ n: crypto.randomUUID(), iat: now() - 900, ...claims });
  return {
    access_token,
    refresh_token: String(crypto.randomUUID()),
    token_type: "bearer",
    expires_in: 3600,
    expires_at: now() + 2700,
    user: { id: USER_ID, aud: "authenticated", app_metadata: {}, user_metadata: {} },
  };
}

export type StoredTestSession = ReturnType<typeof session>;

export function stored(storage: TabStorage): StoredTestSession | null {
  return JSON.parse(storage.getItem(STORAGE_KEY) ?? "null");
}

export function store(storage: TabStorage, value: StoredTestSession): StoredTestSession {
  storage.setItem(STORAGE_KEY, JSON.stringify(value));
  return value;
}

/** A request to the fake project. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly bearer: string | null;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string | undefined;
}

type Answer = (seen: Seen, call: number) => Response | Promise<Response>;

/** A project with routes; a path without a route is answered with 599. */
export function fakeProject(routes: Readonly<Record<string, Answer>>) {
  const calls: Seen[] = [];
  const fake: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    const { body } = init ?? {};
    const seen: Seen = {
      method: init?.method ?? "GET",
      path: url.pathname + url.search,
      bearer: headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
      headers,
      body: typeof body === "string" ? body : body ? await new Response(body).text() : "",
      redirect: init?.redirect,
    };
    calls.push(seen);
    init?.signal?.throwIfAborted();
    const route = routes[`${seen.method} ${url.pathname}`] ?? routes[url.pathname];
    if (route === undefined) return new Response(`no route for ${seen.path}`, { status: 599 });
    const { promise, reject } = Promise.withResolvers<never>();
    init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    return await Promise.race([
      Promise.resolve(route(seen, countOf(calls, seen.path))),
      promise,
    ]);
  };
  const to = (path: string) => calls.filter((call) => call.path.startsWith(path));
  return { fetch: fake, calls, to };
}

function countOf(calls: readonly Seen[], path: string): number {
  return calls.filter((call) => call.path === path).length;
}

/** A tab: a client with the shared storage. */
export function openTab(create: Create, storage: TestStorage, fetch: typeof globalThis.fetch) {
  return create(URL_, KEY, {
    auth: { storage, autoRefreshToken: false, storageKey: STORAGE_KEY },
    global: { fetch },
  });
}

/** A tab whose client recovers as a whole. */
export function openRecovering(
  create: Create,
  storage: TestStorage,
  fetch: typeof globalThis.fetch,
  options: RecoveryOptions = {},
): TestClient {
  const recovery = createRecovery({ ...options, fetch });
  return recovery.attach(openTab(create, storage, recovery.fetch));
}

/** A tab whose client recovers, with its calls as functions. */
export function openCalls(...args: Parameters<typeof openRecovering>) {
  const [create, storage, fetch, options] = args;
  const recovery = createRecovery({ ...options, fetch });
  const supabase = recovery.attach(openTab(create, storage, recovery.fetch));
  const invoke: Invoke = (...args) => supabase.functions.invoke(...args);
  return { supabase, invoke, fetch: recovery.fetch };
}

/** A session whose access token has expired. */
export function expired(claims: Record<string, unknown> = {}): StoredTestSession {
  const [iat, exp] = [now() - 3700, now() - 100];
  return { ...session({ iat, exp, ...claims }), expires_at: exp };
}

/**
 * Moves fake time on in steps until a condition holds, or the time is up.
 *
 * @returns The milliseconds that passed.
 */
export async function runUntil(
  time: FakeTime,
  done: () => boolean,
  milliseconds: number,
  step = 100,
): Promise<number> {
  await settle();
  let elapsed = 0;
  while (!done() && elapsed < milliseconds) {
    time.tick(step);
    elapsed += step;
    await settle(4);
  }
  return elapsed;
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });

/** A problem response of edge-auth. */
export function refuses(code: string, source: Source, fields: Partial<ProblemFields> = {}) {
  const body: Problem = problem(code, source, {
    request_id: "r1",
    replay: source === "credential",
    ...fields,
  });
  return json(body.status, body);
}

/** A refusal of Auth about a token. */
export const authSays = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { code: status, error_code: code, msg: "UPSTREAM" }, headers);

/** Auth's answer to a refresh: the same session, another token. */
export function refreshedSession(old: StoredTestSession, claims: Record<string, unknown> = {}) {
  const fresh = session({ iat: now(), ...claims });
  return { ...old, ...fresh };
}

/** Waits until all work that needs no timer is done. */
export async function settle(turns = 20): Promise<void> {
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
}

export const ME = "/functions/v1/me";
export const TOKEN = "/auth/v1/token";

/** A project that accepts the tokens in `validTokens`; a refresh adds a new one. */
export function refreshingProject(
  code = "token_expired",
  refresh?: () => Response | Promise<Response>,
) {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const validTokens = new Set<string>();
  const made = fakeProject({
    [ME]: ({ bearer }) =>
      validTokens.has(bearer ?? "") ? json(200, "in") : refuses(code, "credential"),
    [TOKEN]: refresh ?? (() => {
      const fresh = refreshedSession(initialSession);
      validTokens.add(fresh.access_token);
      return json(200, fresh);
    }),
    "/auth/v1/user": () => authSays(403, "bad_jwt"),
  });
  return { storage, initialSession, validTokens, ...made };
}
