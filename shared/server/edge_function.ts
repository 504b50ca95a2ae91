import { type Context, type Env, Hono, type MiddlewareHandler } from "hono";
import type { BlankSchema } from "hono/types";
import { auth, type AuthOptions, type AuthVariables } from "./auth.ts";
import type { Session } from "./core/claims.ts";
import { getAdmission } from "./internal/context.ts";
import { CORS_RULES, type CorsOptions, createCors } from "./internal/cors.ts";
import { fromThrown } from "./internal/handler_error.ts";
import { editHeaders } from "./internal/headers.ts";
import { logHandlerError } from "./internal/log.ts";
import { checkOptions, functionOption, listOf, object } from "./internal/options.ts";
import { getRequestId } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";
import type { AnyDatabase } from "./internal/user_client.ts";
import { ProblemError } from "../problems/problem_error.ts";
import { outcomeOf } from "../problems/table.ts";

/** Options of {@linkcode edgeFunction}. */
export interface EdgeFunctionOptions {
  /** How callers are checked. */
  readonly auth?: AuthOptions | undefined;
  /**
   * Routes that anybody may call, as Hono path patterns below the function: `"/catalog"`,
   * `"/hooks/*"`. There is no `c.var.auth` on them. @default {[]}
   */
  readonly public?: readonly string[] | undefined;
  /** Which pages may call the function. @default {{ origins: "*" }} */
  readonly cors?: CorsOptions | undefined;
  /** Takes every error that is nobody's refusal, for an error tracker. */
  readonly onError?: OnError | undefined;
}

/**
 * Takes what a handler threw: an Error, or a plain object such as supabase-js' database errors, as it
 * came, unmasked. Where it returns `false`, nothing is logged here. Nobody waits for it, and what it
 * throws changes nothing.
 */
export type OnError = (
  error: unknown,
  about: { readonly request_id: string; readonly code: string },
) => unknown;

/** The Hono environment of a function: what {@linkcode auth} adds, and the request's id. */
export interface EdgeEnv<Database = AnyDatabase, S extends Session | null = Session> {
  Variables: AuthVariables<Database, S> & { requestId: string };
}

/** The Hono app of one function. */
export type EdgeApp<E extends Env> = Hono<E, BlankSchema, string>;

/** Every option of {@linkcode edgeFunction}, and what it may be. */
const RULES = {
  auth: object,
  public: listOf(isPattern, "must be a list of Hono path patterns that begin with a slash"),
  cors: object,
  onError: functionOption,
};

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * A Hono app for one Edge Function: its base path, CORS before the check, a request id, the check
 * on every route that is not `public`, and one JSON shape for whatever goes wrong.
 *
 * @param name The function's name: its folder, and the first segment of its path.
 * @param options See {@linkcode EdgeFunctionOptions}.
 * @returns The app. Serve it with `export default { fetch: app.fetch }`.
 * @throws {TypeError} The name or an option is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const app = edgeFunction("shop", { public: ["/catalog"] });
 * app.get("/catalog", (c) => c.json(["tea", "cake"]));
 * app.get("/orders", (c) => c.json({ of: c.var.auth.user.id }));
 *
 * assertEquals(await (await app.request("/shop/catalog")).json(), ["tea", "cake"]);
 * ```
 */
export function edgeFunction<Database = AnyDatabase>(
  name: string,
  options?: EdgeFunctionOptions & {
    readonly auth?: { readonly allowSessionless?: false | undefined } | undefined;
  },
): EdgeApp<EdgeEnv<Database>>;
export function edgeFunction<Database = AnyDatabase>(
  name: string,
  options: EdgeFunctionOptions,
): EdgeApp<EdgeEnv<Database, Session | null>>;
export function edgeFunction(name: string, options: EdgeFunctionOptions = {}): unknown {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
    throw new TypeError("edgeFunction(): the name may hold letters, digits, - and _");
  }
  checkOptions("edgeFunction()", options, RULES);
  checkOptions("edgeFunction(): cors", options.cors ?? {}, CORS_RULES);
  const cors = createCors(options.cors ?? {});
  const checkCaller: MiddlewareHandler = auth(options.auth ?? {});
  const publicRequests = new WeakSet<Context>();

  const app = new Hono<EdgeEnv>({ strict: false }).basePath(`/${name}`);

  app.use(async function edge(c, next) {
    const id = getRequestId(c);
    if (cors.isPreflight(c)) {
      c.res = cors.preflight(c);
    } else {
      try {
        await next();
      } catch (thrown) {
        // Hono's onError sees Errors only. supabase-js' database errors are plain objects.
        c.res = respondToError(c, thrown, options.onError);
      }
    }
    editHeaders(c, (headers) => {
      cors.apply(c, headers);
      headers.set("X-Request-Id", id);
    });
  });
  for (const pattern of options.public ?? []) {
    app.use(pattern, async function publicRoute(c, next) {
      publicRequests.add(c);
      await next();
    });
  }
  app.use(function guarded(c, next) {
    return publicRequests.has(c) ? next() : checkCaller(c, next);
  });
  app.onError((error, c) => respondToError(c, error, options.onError));
  app.notFound((c) => {
    const allowed = METHODS.filter((method) =>
      app.router.match(method, c.req.path)[0].some(([[, route]]) => route.method === method)
    );
    const allow = allowed.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
    const response = allowed.length === 0
      ? respond(c, "not_found", { source: "handler" })
      : respond(c, "method_not_allowed", {
        source: "handler",
        headers: { Allow: allow.join(", ") },
      });
    cors.apply(c, response.headers); // also for a path that is not below the function's name
    return response;
  });
  return app;
}

/** Answers what a handler threw, and logs it where it is nobody's refusal. */
function respondToError(c: Context, thrown: unknown, onError: OnError | undefined): Response {
  const isAdmitted = getAdmission(c.get("auth"), c) !== undefined;
  const { code, details, status, challenge } = fromThrown(thrown, isAdmitted);
  if (code === "internal_error" || isFault(thrown, code)) {
    const requestId = getRequestId(c);
    if (reportError(onError, thrown, { request_id: requestId, code })) {
      logHandlerError(requestId, thrown);
    }
  }
  return respond(c, code, {
    source: "handler",
    ...details,
    ...(status === undefined ? {} : { status }),
    ...(challenge === undefined ? {} : { headers: { "WWW-Authenticate": challenge } }),
  });
}

/** Whether something failed that nobody has reported yet: `callAuth` and our own code report themselves. */
function isFault(thrown: unknown, code: string): boolean {
  return !(thrown instanceof ProblemError) && outcomeOf(code, "handler").status >= 500;
}

/** Hands an error to its hook, if there is one; `false` if it is not to be logged. */
function reportError(
  hook: OnError | undefined,
  thrown: unknown,
  about: { readonly request_id: string; readonly code: string },
): boolean {
  try {
    const returned = hook?.(thrown, Object.freeze(about));
    if (returned instanceof Promise) returned.catch(() => {});
    return returned !== false;
  } catch {
    return true; // a hook that fails must not change an answer
  }
}

/** Hono reads a pattern when it matches for the first time: so it is tried on a router of its own. */
function isPattern(pattern: string): boolean {
  if (!/^\/[^?#]*$/.test(pattern)) return false;
  try {
    new Hono().use(pattern, (_c, next) => next()).router.match("GET", pattern);
    return true;
  } catch {
    return false;
  }
}
