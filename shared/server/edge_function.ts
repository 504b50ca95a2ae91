import { type Context, type Env, Hono, type MiddlewareHandler } from "hono";
import type { BlankSchema } from "hono/types";
import { z } from "zod/v3";
import { auth, type AuthOptions, authOptionsSchema, type AuthVariables } from "./auth.ts";
import type { Session } from "./core/claims.ts";
import { type CorsOptions, createCors } from "./internal/cors.ts";
import type { AnyDatabase } from "./internal/user_client.ts";
import { fromThrown } from "./internal/handler_error.ts";
import { editHeaders } from "./internal/headers.ts";
import { tellDefect } from "./internal/log.ts";
import { parseOptions } from "./internal/options.ts";
import { requestIdOf } from "./internal/request_id.ts";
import { isOrigin } from "./require_origin.ts";
import { respond } from "./internal/respond.ts";

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
}

/** The Hono environment of a function: what {@linkcode auth} adds, and the request's id. */
export interface EdgeEnv<Database = AnyDatabase, S extends Session | null = Session> {
  Variables: AuthVariables<Database, S> & { requestId: string };
}

/** The Hono app of one function. */
export type EdgeApp<E extends Env> = Hono<E, BlankSchema, string>;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, section 5.6.2

const path = z.string().regex(/^\/[^?#]*$/, "must begin with a slash and hold no ? or #")
  .refine(isPattern, "is no path pattern of Hono's");

const optionsSchema = z.strictObject({
  auth: authOptionsSchema.optional(),
  public: z.array(path).readonly().default([]),
  cors: z.strictObject({
    origins: z.union([
      z.literal("*"),
      z.array(z.string().refine(isOrigin, "must be an exact origin, such as https://app.example")),
    ])
      .default("*"),
    exposeHeaders: z.array(z.string().regex(HEADER_NAME, "must be a header name")).default([]),
    maxAge: z.number().int().min(0).max(86_400).default(600),
  }).default({}),
});

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
    throw new TypeError(`edgeFunction(): "${name}" is no name of an Edge Function`);
  }
  const settings = parseOptions(
    optionsSchema,
    options as z.input<typeof optionsSchema>,
    "edgeFunction()",
  );
  const cors = createCors(settings.cors);
  const check: MiddlewareHandler = auth(options.auth ?? {});
  const open = new WeakSet<Context>();

  const app = new Hono<EdgeEnv>({ strict: false }).basePath(`/${name}`);

  app.use(async function edge(c, next) {
    const id = requestIdOf(c);
    if (cors.isPreflight(c)) {
      c.res = cors.preflight(c);
    } else {
      try {
        await next();
      } catch (thrown) {
        // Hono hands on what is thrown without being an Error, such as supabase-js' plain objects.
        c.res = failure(c, thrown);
      }
    }
    editHeaders(c, (headers) => {
      cors.apply(c, headers);
      headers.set("X-Request-Id", id);
    });
  });
  for (const pattern of settings.public) {
    app.use(pattern, async function publicRoute(c, next) {
      open.add(c);
      await next();
    });
  }
  app.use(function guarded(c, next) {
    return open.has(c) ? next() : check(c, next);
  });
  app.onError((error, c) => failure(c, error));
  app.notFound((c) => {
    const allowed = METHODS.filter((method) =>
      app.router.match(method, c.req.path)[0].some(([[, route]]) => route.method === method)
    );
    if (allowed.length === 0) return respond(c, "not_found", { source: "handler" });
    const allow = allowed.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
    return respond(c, "method_not_allowed", {
      source: "handler",
      headers: { Allow: allow.join(", ") },
    });
  });
  return app;
}

/** Answers what a handler threw. */
function failure(c: Context, thrown: unknown): Response {
  const { code, details } = fromThrown(thrown);
  if (code === "internal_error") tellDefect(requestIdOf(c), thrown);
  return respond(c, code, { source: "handler", ...details });
}

/** Hono looks at its patterns when it matches for the first time: here, on a router of its own. */
function isPattern(pattern: string): boolean {
  try {
    new Hono().use(pattern, (_c, next) => next()).router.match("GET", pattern);
    return true;
  } catch {
    return false;
  }
}
