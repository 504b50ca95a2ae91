import type { MiddlewareHandler } from "hono";
import { z } from "zod/v3";
import { authenticate, type Passage } from "./core/authenticate.ts";
import type { BackendOptions } from "./core/backend.ts";
import type { Session } from "./core/claims.ts";
import { type AuthContext, callerOf, createContext } from "./internal/context.ts";
import type { AnyDatabase } from "./internal/user_client.ts";
import { type OnDecision, report, serverTiming } from "./core/decision.ts";
import { editHeaders } from "./internal/headers.ts";
import { tellOperator } from "./internal/log.ts";
import { functionOf, parseOptions } from "./internal/options.ts";
import type { Environment } from "./core/project.ts";
import { requestIdOf } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";

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
   * Milliseconds (or half its time-out, if that is less) after which a check of the same token
   * that is under way is no longer waited for. @default {250}
   */
  readonly patience?: number | undefined;
  /** Milliseconds that Auth may take before the answer is 503. @default {3000} */
  readonly timeout?: number | undefined;
  /** Seconds that two clocks may differ. @default {30} */
  readonly skew?: number | undefined;
  /**
   * Admits tokens without a usable `session_id` or `exp`. Auth cannot revoke such a token; only
   * somebody with the signing key can mint one. @default {false}
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

/** The schema behind {@linkcode AuthOptions}. */
export const authOptionsSchema = z.strictObject({
  freshness: z.union([z.literal("strict").transform(() => 0), z.number().positive().finite()])
    .default("strict"),
  maxFreshness: z.number().positive().finite().default(300),
  patience: z.number().int().min(0).default(250),
  timeout: z.number().int().min(1).max(60_000).default(3000),
  skew: z.number().min(0).max(300).default(30),
  allowSessionless: z.boolean().default(false),
  realm: z.string().regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, "no quotes or backslashes")
    .default("supabase"),
  onDecision: functionOf<OnDecision>().optional(),
  env: z.custom<Environment>((value) => typeof value === "object" && value !== null).optional(),
  fetch: functionOf<typeof globalThis.fetch>().optional(),
}).refine(({ freshness, maxFreshness }) => freshness <= maxFreshness, {
  path: ["freshness"],
  message: "is above maxFreshness (300 s unless raised)",
});

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
  const settings = parseOptions(authOptionsSchema, options, "auth()");

  return async function auth(c, next) {
    const arrived = performance.now();
    const authorization = c.req.raw.headers.get("Authorization");
    let passage: Passage;
    try {
      const way = authenticate(authorization, settings, arrived, callerOf(c.get("auth"), c));
      // Not awaited where it is there at once: a remembered answer costs no turn of the queue.
      passage = way instanceof Promise ? await way : way;
    } catch (error) {
      passage = defect(error);
    }
    const { result, source, upstream_calls } = passage;
    const ms = performance.now() - arrived;
    if (settings.onDecision !== undefined) {
      const [outcome, code] = result.ok
        ? ["admitted", null] as const
        : ["refused", result.code] as const;
      const request_id = requestIdOf(c);
      report(settings.onDecision, { outcome, code, source, ms, upstream_calls, request_id });
    }
    const timing = serverTiming({ source, ms });
    if (!result.ok) {
      const { code, retry_after, operator } = result;
      if (operator !== undefined) tellOperator(operator);
      c.header("Server-Timing", timing, { append: true });
      return respond(c, code, {
        source: "credential",
        replay: true,
        realm: settings.realm,
        ...(retry_after === undefined ? {} : { retry_after }),
      });
    }
    c.set("auth", createContext(result, c));
    try {
      await next();
    } finally {
      editHeaders(c, (headers) => headers.append("Server-Timing", timing));
    }
    return;
  };
}

/** Nothing of ours may turn into an admission, nor into somebody's `onError`. */
function defect(error: unknown): Passage {
  const operator = `a defect in edge-auth (${error instanceof Error ? error.name : typeof error})`;
  return {
    result: { ok: false, code: "internal_error", operator },
    source: "precheck",
    upstream_calls: 0,
  };
}
