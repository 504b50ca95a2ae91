import type { MiddlewareHandler } from "hono";
import { authenticate, type AuthResult } from "./core/authenticate.ts";
import type { BackendOptions } from "./core/backend.ts";
import type { Session } from "./core/claims.ts";
import { type OnDecision, reportDecision, serverTiming } from "./core/decision.ts";
import { timestamp } from "./core/timestamp.ts";
import { type AuthContext, createContext, getAdmission } from "./internal/context.ts";
import { editHeaders } from "./internal/headers.ts";
import { logOnce } from "./internal/log.ts";
import {
  boolean,
  checkOptions,
  functionOption,
  integer,
  number,
  object,
} from "./internal/options.ts";
import { getRequestId } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";
import type { AnyDatabase } from "./internal/user_client.ts";

/** Options of {@linkcode auth}. */
export interface AuthOptions extends BackendOptions {
  /**
   * How old an admitting answer of Auth may be, in seconds from the moment its check began.
   * `"strict"`: it began after the request arrived. @default {"strict"}
   */
  readonly freshness?: "strict" | number | undefined;
  /** The most that `freshness` may be, in seconds: raise it on purpose. @default {300} */
  readonly maxFreshness?: number | undefined;
  /**
   * Milliseconds (or half of `timeout`, if that is less) after which a check of the same token that
   * is under way is no longer waited for. @default {250}
   */
  readonly patience?: number | undefined;
  /** Milliseconds that Auth may take before the answer is 503. @default {3000} */
  readonly timeout?: number | undefined;
  /** Seconds that two clocks may differ. @default {30} */
  readonly skew?: number | undefined;
  /**
   * Admits tokens without a usable `session_id` or `exp`. Auth cannot revoke such a token; only
   * somebody with the signing key can issue one. @default {false}
   */
  readonly allowSessionless?: boolean | undefined;
  /** The realm of the WWW-Authenticate challenge. @default {"supabase"} */
  readonly realm?: string | undefined;
  /** Watches every decision. */
  readonly onDecision?: OnDecision | undefined;
}

/** What {@linkcode auth} adds to a Hono context. */
export interface AuthVariables<Database = AnyDatabase, S extends Session | null = Session> {
  auth: AuthContext<Database, S>;
}

/** The Hono environment of a route behind {@linkcode auth}. */
export interface AuthEnv<Database = AnyDatabase, S extends Session | null = Session> {
  Variables: AuthVariables<Database, S>;
}

const DEFAULT_MAX_FRESHNESS_SECONDS = 300;
const DEFAULT_PATIENCE_MS = 250;
const DEFAULT_TIMEOUT_MS = 3000;
const MAX_TIMEOUT_MS = 60_000;
const DEFAULT_SKEW_SECONDS = 30;
const MAX_SKEW_SECONDS = 300;
const DEFAULT_REALM = "supabase";
/** Of an answer for one user, where the handler says nothing else. */
const PRIVATE = "private, no-store";

/**
 * Asks Supabase Auth about the caller of every request. A living session goes on, with
 * `c.var.auth`; everything else is answered here, in the one JSON shape.
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
export function auth<Database = AnyDatabase>(
  options?: AuthOptions & { readonly allowSessionless?: false | undefined },
): MiddlewareHandler<AuthEnv<Database>>;
export function auth<Database = AnyDatabase>(
  options: AuthOptions,
): MiddlewareHandler<AuthEnv<Database, Session | null>>;
export function auth(options: AuthOptions = {}): MiddlewareHandler {
  checkOptions("auth()", options, RULES);
  const { freshness = "strict", maxFreshness = DEFAULT_MAX_FRESHNESS_SECONDS } = options;
  if (freshness !== "strict" && freshness > maxFreshness) {
    throw new TypeError(`auth(): freshness is above maxFreshness (${maxFreshness} seconds)`);
  }
  const { env, fetch, onDecision, realm = DEFAULT_REALM } = options;
  const settings = {
    env,
    fetch,
    freshness: freshness === "strict" ? 0 : freshness,
    timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
    patience: options.patience ?? DEFAULT_PATIENCE_MS,
    skew: options.skew ?? DEFAULT_SKEW_SECONDS,
    allowSessionless: options.allowSessionless ?? false,
  };

  return async function auth(c, next) {
    const arrivedAt = timestamp();
    const { headers } = c.req.raw;
    const earlier = getAdmission(c.get("auth"), c);
    const { outcome, source, upstreamCalls } = await authenticate(
      { authorization: headers.get("Authorization"), apikey: headers.get("apikey") },
      settings,
      arrivedAt,
      earlier,
    ).catch(internalError);
    const ms = performance.now() - arrivedAt.monotonicMs;
    if (onDecision !== undefined) {
      reportDecision(onDecision, {
        outcome: outcome.ok ? "admitted" : "refused",
        code: outcome.ok ? null : outcome.code,
        source,
        ms,
        upstream_calls: upstreamCalls,
        request_id: getRequestId(c),
      });
    }
    const timing = serverTiming({ source, ms });
    if (!outcome.ok) {
      const { code, retry_after, operator } = outcome;
      if (operator !== undefined) logOnce(operator);
      c.header("Server-Timing", timing, { append: true });
      return respond(c, code, {
        source: "credential",
        replay: true,
        realm,
        ...(retry_after === undefined ? {} : { retry_after }),
      });
    }
    c.set("auth", createContext(outcome, c));
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
}

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
  const operator = `a bug in edge-auth (${error instanceof Error ? error.name : typeof error})`;
  return {
    outcome: { ok: false, code: "internal_error", operator },
    source: "precheck",
    upstreamCalls: 0,
  };
}
