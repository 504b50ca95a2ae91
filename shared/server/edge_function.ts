import { type Context, type Env, Hono, type MiddlewareHandler } from "hono";
import type { BlankSchema } from "hono/types";
import { auth, type AuthOptions, type AuthOptionsFor, type AuthVariables } from "./auth.ts";
import type { CallerKind } from "./core/allow.ts";
import type { Session } from "./core/claims.ts";
import type { KindSets } from "./internal/caller_types.ts";
import { createMissingContext } from "./internal/context.ts";
import { CORS_RULES, type CorsOptions, createCors } from "./internal/cors.ts";
import { editHeaders } from "./internal/headers.ts";
import { checkOptions, functionOption, listOf, object } from "./internal/options.ts";
import { getRequestId } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";
import { type OnError, respondToError, setErrorHandling } from "./internal/respond_to_error.ts";
import type { AnyDatabase } from "./internal/user_client.ts";
import { setOnDecision } from "./internal/on_decision.ts";
import { isProblems, type Problems } from "../problems/define_problems.ts";

/** Options of {@linkcode edgeFunction}. */
export interface EdgeFunctionOptions {
  /** How callers are checked. */
  readonly auth?: AuthOptions | undefined;
  /**
   * Routes whose callers are checked in another way, by Hono path patterns below the function: each
   * has the options of {@linkcode auth} that differ there from those in `auth`, of which all but
   * `admin` are taken over. The first pattern that matches decides. @default {{}}
   */
  readonly paths?: Readonly<Record<string, AuthOptions>> | undefined;
  /**
   * Routes that anybody may call, as Hono path patterns below the function: `"/catalog"`,
   * `"/hooks/*"`. There is no `c.var.auth` on them. @default {[]}
   */
  readonly public?: readonly string[] | undefined;
  /** Which pages may call the function. @default {{ origins: "*" }} */
  readonly cors?: CorsOptions | undefined;
  /** Receives every error that is not a refusal, for an error tracker. */
  readonly onError?: OnError | undefined;
  /**
   * The problems of your own that keep their code when another function answers with one and a handler
   * throws that error. To throw them itself, a handler needs no option.
   */
  readonly problems?: Problems | undefined;
}

/** The Hono environment of a function: what {@linkcode auth} adds, and the request's id. */
export interface EdgeEnv<
  Database = AnyDatabase,
  K extends CallerKind = "user",
  S extends Session | null = Session,
  Admin extends boolean = false,
> {
  Variables: AuthVariables<Database, K, S, Admin> & { requestId: string };
}

/** The Hono app of one function. */
export type EdgeApp<E extends Env> = Hono<E, BlankSchema, string>;

/** The options of a function whose callers are of these kinds. */
type EdgeFunctionOptionsFor<K extends CallerKind, S extends Session | null, Admin extends boolean> =
  & Omit<EdgeFunctionOptions, "auth">
  & { readonly auth: AuthOptionsFor<K, S, Admin> };

/** The call signatures of {@linkcode edgeFunction} for one set of kinds. */
interface EdgeFunctionFor<K extends CallerKind> {
  <Database = AnyDatabase>(
    name: string,
    options: EdgeFunctionOptionsFor<K, Session, false>,
  ): EdgeApp<EdgeEnv<Database, K>>;
  <Database = AnyDatabase>(
    name: string,
    options: EdgeFunctionOptionsFor<K, Session, true>,
  ): EdgeApp<EdgeEnv<Database, K, Session, true>>;
  <Database = AnyDatabase>(
    name: string,
    options: EdgeFunctionOptionsFor<K, Session | null, false>,
  ): EdgeApp<EdgeEnv<Database, K, Session | null>>;
  <Database = AnyDatabase>(
    name: string,
    options: EdgeFunctionOptionsFor<K, Session | null, true>,
  ): EdgeApp<EdgeEnv<Database, K, Session | null, true>>;
}

type EdgeFunctionForEach<Sets extends readonly CallerKind[]> = Sets extends
  readonly [infer K extends CallerKind, ...infer Rest extends readonly CallerKind[]]
  ? EdgeFunctionFor<K> & EdgeFunctionForEach<Rest>
  : unknown;

/** The type of {@linkcode edgeFunction}: that of `c.var.auth` follows from the options in `auth`. */
export type EdgeFunction =
  & (<Database = AnyDatabase>(
    name: string,
    options?: Omit<EdgeFunctionOptions, "auth"> & { readonly auth?: undefined },
  ) => EdgeApp<EdgeEnv<Database>>)
  & EdgeFunctionForEach<KindSets>
  & (<Database = AnyDatabase>(
    name: string,
    options: EdgeFunctionOptions,
  ) => EdgeApp<EdgeEnv<Database, CallerKind, Session | null>>);

/** Every option of {@linkcode edgeFunction}, and what it may be. */
const RULES = {
  auth: object,
  paths: (value: unknown) =>
    object(value) === undefined && Object.keys(value as object).every(isPattern) &&
      Object.values(value as object).every((own) => object(own) === undefined)
      ? undefined
      : "must be an object of options by Hono path patterns that begin with a slash",
  public: listOf(isPattern, "must be a list of Hono path patterns that begin with a slash"),
  cors: object,
  onError: functionOption,
  problems: (value: unknown) =>
    isProblems(value) ? undefined : "must be what defineProblems() returns",
};

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * A Hono app for one Edge Function: its base path, CORS before the check, a request id, the check
 * on every route that is not `public`, and one JSON shape for whatever goes wrong.
 *
 * The type of `c.var.auth` follows from the list in `auth.allow`, also if a `Database` is given. The
 * routes in `paths` have another type, which Hono cannot tell from the path: put them into a sub-app
 * with its own `AuthEnv`.
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
 *
 * @example Machines, with a secret key
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const env = {
 *   SUPABASE_URL: "http://127.0.0.1:54321",
 *   SUPABASE_ANON_KEY: "anon",
 *   SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_x"}',
 * };
 * const jobs = edgeFunction("jobs", { auth: { env, allow: ["secret:cron"] } });
 * jobs.post("/", (c) => c.json({ by: c.var.auth.name }));
 *
 * const response = await jobs.request("/jobs", { method: "POST", headers: { apikey: "sb_secret_x" } });
 * assertEquals(await response.json(), { by: "cron" });
 * ```
 */
export const edgeFunction: EdgeFunction = function edgeFunction(
  name: string,
  options: EdgeFunctionOptions = {},
): unknown {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
    throw new TypeError("edgeFunction(): the name may hold letters, digits, - and _");
  }
  checkOptions("edgeFunction()", options, RULES);
  checkOptions("edgeFunction(): cors", options.cors ?? {}, CORS_RULES);
  const cors = createCors(options.cors ?? {});
  const checkCaller: MiddlewareHandler = auth(options.auth ?? {});
  const checks = Object.entries(options.paths ?? {}).map(
    ([pattern, own]): [string, MiddlewareHandler] => {
      if (options.public?.includes(pattern)) {
        throw new TypeError(
          `edgeFunction(): ${pattern} is in paths and in public: list it in one of them`,
        );
      }
      if (options.public?.length && (pattern === "*" || pattern === "/*")) {
        throw new TypeError(
          `edgeFunction(): ${pattern} in paths is every path, so that no path would be public`,
        );
      }
      // `admin` is not taken over: a path that anybody may call would get supabaseAdmin unasked.
      const given = Object.entries(own).filter(([, value]) => value !== undefined);
      return [pattern, auth({ ...options.auth, admin: false, ...Object.fromEntries(given) })];
    },
  );
  const checkOf = new WeakMap<Context, MiddlewareHandler>();

  const app = new Hono<EdgeEnv>({ strict: false }).basePath(`/${name}`);

  app.use(async function edge(c, next) {
    const id = getRequestId(c);
    setErrorHandling(c, options);
    setOnDecision(c, options.auth?.onDecision);
    if (cors.isPreflight(c)) {
      c.res = cors.preflight(c);
    } else {
      try {
        await next();
      } catch (thrown) {
        // Hono's onError sees Errors only. supabase-js' database errors are plain objects.
        c.res = await respondToError(c, thrown);
      }
    }
    editHeaders(c, (headers) => {
      cors.apply(c, headers);
      headers.set("X-Request-Id", id);
    });
  });
  const open: [string, MiddlewareHandler][] = (options.public ?? []).map((
    pattern,
  ) => [pattern, publicRoute]);
  // The first pattern that matches decides; those in `paths` come before those in `public`.
  for (const [pattern, check] of [...checks, ...open]) {
    app.use(pattern, async function chooseCheck(c, next) {
      if (!checkOf.has(c)) checkOf.set(c, check);
      await next();
    });
  }
  app.use(function guarded(c, next) {
    return (checkOf.get(c) ?? checkCaller)(c, next);
  });
  app.onError(async (error, c) => {
    const response = await respondToError(c, error);
    cors.apply(c, response.headers); // also for what goes wrong after the middleware above
    return response;
  });
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
} as EdgeFunction;

/** Checks nobody. A handler that reads `c.var.auth` gets an error that says so. */
function publicRoute(c: Context, next: () => Promise<void>): Promise<void> {
  c.set("auth", createMissingContext(c));
  return next();
}

/** Hono parses patterns only at the first request, so each is tried on a router of its own. */
function isPattern(pattern: string): boolean {
  if (!/^\/[^?#]*$/.test(pattern)) return false;
  try {
    new Hono().use(pattern, (_c, next) => next()).router.match("GET", pattern);
    return true;
  } catch {
    return false;
  }
}
