import type { MiddlewareHandler } from "hono";
import type { z } from "zod";
import { isJsonType } from "./core/auth_answer.ts";
import { validationError } from "./internal/handler_error.ts";
import { respond } from "./internal/respond.ts";

/** The types that {@linkcode body} gives a route, for `c.req.valid("json")` and Hono's client. */
export interface BodyInput<S extends z.ZodType> {
  in: { json: z.input<S> };
  out: { json: z.output<S> };
}

/**
 * Reads a JSON body and validates it. What does not fit is 400: `bad_json` for a text that is not
 * JSON, `validation_failed` with `issues` for the rest.
 *
 * @param schema A zod schema.
 * @returns The middleware; the handler finds the value in `c.req.valid("json")`.
 * @throws {TypeError} It is not a zod schema.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new Hono().post("/", body(z.object({ title: z.string() })), (c) => {
 *   return c.json(c.req.valid("json").title);
 * });
 * const headers = { "Content-Type": "application/json" };
 *
 * const good = await app.request("/", { method: "POST", headers, body: '{"title":"tea"}' });
 * assertEquals(await good.json(), "tea");
 *
 * const bad = await app.request("/", { method: "POST", headers, body: '{"title":1}' });
 * assertEquals((await bad.json()).issues[0].path, ["title"]);
 * ```
 */
export function body<S extends z.ZodType>(
  schema: S,
  // deno-lint-ignore no-explicit-any -- the environment is the app's, whatever it is
): MiddlewareHandler<any, string, BodyInput<S>> {
  const { validate } = schema?.["~standard"] ?? {};
  if (typeof validate !== "function") {
    throw new TypeError("body(): the argument must be a zod schema");
  }

  return async function body(c, next) {
    if (!isJsonType(c.req.header("Content-Type"))) {
      const issues = [{ path: [], code: "invalid_type", message: "Send application/json." }];
      return respond(c, "validation_failed", { source: "handler", issues });
    }
    let value: unknown;
    try {
      value = await c.req.json();
    } catch {
      return respond(c, "bad_json", { source: "handler" });
    }
    const parsed = await validate(value);
    if (parsed.issues !== undefined) {
      const { code, details } = validationError(parsed.issues);
      return respond(c, code, { source: "handler", ...details });
    }
    c.req.addValidatedData("json", parsed.value as object);
    await next();
    return;
  };
}
