import type { User } from "@supabase/supabase-js";
import type { Context, Env, MiddlewareHandler } from "hono";
import { problem } from "../problems/problem.ts";
import {
  type AllowMode,
  type CallerKind,
  checkAllow,
  readAllow,
  USERS_ONLY,
} from "./core/allow.ts";
import {
  type Admission,
  authenticate,
  type AuthResult,
  type CredentialHeaders,
} from "./core/authenticate.ts";
import type { BackendOptions } from "./core/backend.ts";
import type { Session } from "./core/claims.ts";
import { type OnDecision, serverTiming } from "./core/decision.ts";
import { timestamp } from "./core/timestamp.ts";
import type { Refusal } from "./core/verdict.ts";
import { readWebSocketAuthorization } from "./core/web_socket_token.ts";
import { type CheckAgain, createContext, getAdmission } from "./internal/context.ts";
import type { AuthContext } from "./internal/context_types.ts";
import type { CallerOption, CallerOptions, KindSets } from "./internal/caller_types.ts";
import { editHeaders } from "./internal/headers.ts";
import { logBug, logOnce } from "./internal/log.ts";
import {
  boolean,
  checkOptions,
  functionOption,
  integer,
  number,
  object,
} from "./internal/options.ts";
import type { RecheckResult } from "./internal/recheck.ts";
import { getRequestId } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";
import type { AnyDatabase } from "./internal/user_client.ts";
import { reportDecision, setOnDecision } from "./internal/on_decision.ts";

/** Options of {@linkcode auth}. */
export interface AuthOptions extends BackendOptions {
  /**
   * Who may call: `user`; `secret` or `publishable` for whoever sends the API key named `default` in
   * the apikey header, `secret:<name>` for another key and `secret:*` for any; `none`, last, for
   * anybody. @default {["user"]}
   */
  readonly allow?: readonly AllowMode[] | undefined;
  /**
   * Adds `c.var.auth.supabaseAdmin`, which bypasses row level security, for callers of every kind.
   * @default {false}
   */
  readonly admin?: boolean | undefined;
  /**
   * The OAuth clients, by id, whose tokens may pass; `"*"` for every client. Such a token can do
   * whatever its user may. @default {[]}
   */
  readonly oauthClients?: readonly string[] | "*" | undefined;
  /**
   * How old an admitting answer of Auth may be, in seconds from the moment its check began.
   * `"strict"`: it began after the request arrived. @default {"strict"}
   */
  readonly freshness?: "strict" | number | undefined;
  /** The largest `freshness` that is accepted, in seconds. @default {300} */
  readonly maxFreshness?: number | undefined;
  /**
   * Milliseconds (or half of `timeout`, if that is less) after which a check of the same token that
   * is under way is no longer waited for. @default {250}
   */
  readonly patience?: number | undefined;
  /** Milliseconds that Auth may take before the answer is 503. @default {3000} */
  readonly timeout?: number | undefined;
  /** Seconds by which the clocks of the function and of Auth may differ. @default {30} */
  readonly skew?: number | undefined;
  /**
   * Admits tokens without a usable `session_id` or `exp`. Auth cannot revoke such a token; only
   * somebody with the signing key can issue one. @default {false}
   */
  readonly allowSessionless?: boolean | undefined;
  /**
   * Takes the token of a WebSocket from its subprotocols, because browsers send no headers with one:
   * `new WebSocket(url, ["todos", "jwt-<token>"])`. The handler chooses another of them, never the
   * one with the token. @default {false}
   */
  readonly webSocketToken?: boolean | undefined;
  /** The realm of the WWW-Authenticate challenge. @default {"supabase"} */
  readonly realm?: string | undefined;
  /** Is called with every decision, also of the guards behind it, for logs and metrics. */
  readonly onDecision?: OnDecision | undefined;
}

/** What {@linkcode auth} adds to a Hono context: see {@linkcode AuthContext}. */
export interface AuthVariables<
  Database = AnyDatabase,
  K extends CallerKind = "user",
  S extends Session | null = Session,
  Admin extends boolean = false,
> {
  auth: AuthContext<Database, K, S, Admin>;
}

/** The Hono environment of a route behind {@linkcode auth}: see {@linkcode AuthContext}. */
export interface AuthEnv<
  Database = AnyDatabase,
  K extends CallerKind = "user",
  S extends Session | null = Session,
  Admin extends boolean = false,
> {
  Variables: AuthVariables<Database, K, S, Admin>;
}

/** The options of a check for callers of these kinds. */
export type AuthOptionsFor<K extends CallerKind, S extends Session | null, Admin extends boolean> =
  & Omit<AuthOptions, CallerOption>
  & CallerOptions<K, S, Admin>;

/**
 * The middleware that {@linkcode auth} returns. Every function has a `name`; it is declared here,
 * because TypeScript defers a generic call whose result is a call signature and nothing else, and
 * would then not infer `c.var.auth` in `new Hono().get("/", auth(), requireRole("admin"), handler)`.
 */
export type AuthMiddleware<E extends Env> = MiddlewareHandler<E> & { readonly name: string };

/** The call signatures of {@linkcode auth} for one set of kinds. */
interface AuthFor<K extends CallerKind> {
  <Database = AnyDatabase>(
    options: AuthOptionsFor<K, Session, false>,
  ): AuthMiddleware<AuthEnv<Database, K>>;
  <Database = AnyDatabase>(
    options: AuthOptionsFor<K, Session, true>,
  ): AuthMiddleware<AuthEnv<Database, K, Session, true>>;
  <Database = AnyDatabase>(
    options: AuthOptionsFor<K, Session | null, false>,
  ): AuthMiddleware<AuthEnv<Database, K, Session | null>>;
  <Database = AnyDatabase>(
    options: AuthOptionsFor<K, Session | null, true>,
  ): AuthMiddleware<AuthEnv<Database, K, Session | null, true>>;
}

type AuthForEach<Sets extends readonly CallerKind[]> = Sets extends
  readonly [infer K extends CallerKind, ...infer Rest extends readonly CallerKind[]]
  ? AuthFor<K> & AuthForEach<Rest>
  : unknown;

/** The type of {@linkcode auth}: its result follows from `allow`, `admin` and `allowSessionless`. */
export type Auth =
  & (<Database = AnyDatabase>() => AuthMiddleware<AuthEnv<Database>>)
  & AuthForEach<KindSets>
  & (<Database = AnyDatabase>(
    options: AuthOptions,
  ) => AuthMiddleware<AuthEnv<Database, CallerKind, Session | null>>);

const DEFAULT_MAX_FRESHNESS_SECONDS = 300;
const DEFAULT_PATIENCE_MS = 250;
const DEFAULT_TIMEOUT_MS = 3000;
const MAX_TIMEOUT_MS = 60_000;
const DEFAULT_SKEW_SECONDS = 30;
const MAX_SKEW_SECONDS = 300;
const DEFAULT_REALM = "supabase";
/** The Cache-Control of a checked route whose handler sets none. */
const PRIVATE = "private, no-store";

/**
 * Checks the caller of every request: asks Supabase Auth about the session of a user, and compares
 * the API key of a machine where `allow` has keys. Whoever is admitted goes on, with `c.var.auth`;
 * everything else is answered here, in the one JSON shape.
 *
 * Where a request has a user's token, the token decides, whatever key is sent with it. Where two
 * checks apply to one path, both must admit the caller, as the same kind.
 *
 * @param options See {@linkcode AuthOptions}.
 * @returns The middleware.
 * @throws {TypeError} An option is wrong. A wrong *environment* is a 500 `auth_misconfigured` and
 * one line in the log, because it is not known before the function runs.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new Hono<AuthEnv>()
 *   .use(auth({ env: { SUPABASE_URL: "http://127.0.0.1:54321", SUPABASE_ANON_KEY: "anon" } }))
 *   .get("/", (c) => c.json({ id: c.var.auth.user.id }));
 *
 * const response = await app.request("/");
 * assertEquals(response.status, 401);
 * assertEquals((await response.json()).code, "no_authorization");
 * ```
 */
export const auth: Auth = function auth(options: AuthOptions = {}): MiddlewareHandler {
  checkOptions("auth()", options, RULES);
  const { freshness = "strict", maxFreshness = DEFAULT_MAX_FRESHNESS_SECONDS } = options;
  if (freshness !== "strict" && freshness > maxFreshness) {
    throw new TypeError(
      `auth(): freshness is above maxFreshness (${maxFreshness} seconds): lower the one or raise the other`,
    );
  }
  const { env, fetch, onDecision, realm = DEFAULT_REALM, webSocketToken = false } = options;
  const settings = {
    env,
    fetch,
    freshness: freshness === "strict" ? 0 : freshness,
    timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
    patience: options.patience ?? DEFAULT_PATIENCE_MS,
    skew: options.skew ?? DEFAULT_SKEW_SECONDS,
    allowSessionless: options.allowSessionless ?? false,
    allow: options.allow === undefined ? USERS_ONLY : readAllow(options.allow),
    admin: options.admin ?? false,
    oauthClients: options.oauthClients === "*" ? "*" as const : new Set(options.oauthClients),
  };

  /** Checks a credential, and reports the decision. */
  async function check(
    c: Context,
    credential: CredentialHeaders,
    earlier: Admission | undefined,
    isRecheck: boolean,
  ) {
    const arrivedAt = timestamp();
    const { outcome: found, source, upstreamCalls } = await authenticate(
      credential,
      isRecheck ? { ...settings, freshness: 0 } : settings,
      arrivedAt,
      earlier,
    ).catch(internalError);
    const outcome = found.ok && earlier !== undefined && !isSameCaller(earlier, found)
      ? CHECKS_DISAGREE
      : found;
    const ms = performance.now() - arrivedAt.monotonicMs;
    if (onDecision !== undefined) {
      reportDecision(onDecision, {
        outcome: outcome.ok ? "admitted" : "refused",
        code: outcome.ok ? null : outcome.code,
        source,
        guard: null,
        kind: outcome.ok ? outcome.kind : null,
        key_name: outcome.ok && "name" in outcome ? outcome.name : null,
        client_id: outcome.ok && outcome.kind === "user" ? outcome.client : null,
        recheck: isRecheck,
        ms,
        upstream_calls: upstreamCalls,
        request_id: getRequestId(c),
      });
    }
    if (!outcome.ok && outcome.operator !== undefined) logOnce(outcome.operator);
    return { outcome, timing: serverTiming({ source, ms }) };
  }

  /** Repeats the check for a long-lived handler. It asks Auth whatever the freshness. */
  async function checkAgain(
    c: Context,
    credential: CredentialHeaders,
  ): Promise<RecheckResult<User | null>> {
    const { outcome } = await check(c, credential, undefined, true);
    if (outcome.ok) {
      return { outcome: "admitted", user: outcome.kind === "user" ? outcome.user : null };
    }
    const { code, retry_after } = outcome;
    const found = problem(code, "credential", { request_id: getRequestId(c), retry_after });
    const isFault = found.status === 429 || found.status >= 500;
    return { outcome: isFault ? "unknown" : "refused", problem: found };
  }

  return async function auth(c, next) {
    setOnDecision(c, onDecision);
    const { headers } = c.req.raw;
    const credential = {
      authorization: webSocketToken
        ? readWebSocketAuthorization(headers)
        : headers.get("Authorization"),
      apikey: headers.get("apikey"),
    };
    const earlier = getAdmission(c.get("auth"), c);
    const { outcome, timing } = await check(c, credential, earlier, false);
    if (!outcome.ok) {
      const { code, retry_after } = outcome;
      c.header("Server-Timing", timing, { append: true });
      return respond(c, code, {
        source: "credential",
        replay: true,
        realm,
        ...(retry_after === undefined ? {} : { retry_after }),
      });
    }
    c.set(
      "auth",
      createContext(
        outcome,
        c,
        settings.admin,
        () => checkAgain(c, credential) as ReturnType<CheckAgain>,
      ),
    );
    try {
      await next();
    } finally {
      editHeaders(c, (headers) => {
        headers.append("Server-Timing", timing);
        if (!headers.has("Cache-Control")) headers.set("Cache-Control", PRIVATE);
      });
    }
    return;
  };
} as Auth;

/** Whether two checks on one path agree. One that read no credential agrees with any other. */
function isSameCaller(earlier: Admission, later: Admission): boolean {
  return earlier.kind === "none" || earlier.kind === later.kind;
}

const CHECKS_DISAGREE: Refusal = {
  ok: false,
  code: "insufficient_scope",
  operator:
    "two auth() on one path admit a caller as different kinds, so it was refused: give the " +
    "first one every mode of the second, or give the path its own modes in `paths`",
};

/** Every option of {@linkcode auth}, and what it may be. */
const RULES = {
  freshness: (value: unknown) =>
    value === "strict" || isPositive(value)
      ? undefined
      : 'must be "strict" or a number of seconds above 0',
  maxFreshness: (value: unknown) =>
    isPositive(value) ? undefined : "must be a number of seconds above 0",
  patience: integer(0, MAX_TIMEOUT_MS),
  timeout: integer(1, MAX_TIMEOUT_MS),
  skew: number(0, MAX_SKEW_SECONDS),
  allowSessionless: boolean,
  webSocketToken: boolean,
  allow: checkAllow,
  admin: boolean,
  oauthClients: (value: unknown) =>
    value === "*" ||
      Array.isArray(value) && value.every((id) => typeof id === "string" && /^[^\s*]+$/.test(id))
      ? undefined
      : 'must be "*" or a list of client ids',
  realm: (value: unknown) =>
    typeof value === "string" && /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(value)
      ? undefined
      : "must be ASCII text without quotes or backslashes",
  onDecision: functionOption,
  env: object,
  fetch: functionOption,
};

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

/** A bug of ours must not become an admission, nor reach the application's `onError`. */
function internalError(error: unknown): AuthResult {
  logBug(error);
  return {
    outcome: { ok: false, code: "internal_error" },
    source: "precheck",
    upstreamCalls: 0,
  };
}
