import type { MiddlewareHandler } from "hono";
import { isJsonType } from "./core/auth_answer.ts";
import { isTooComplex } from "./core/json.ts";
import { keepAbandonedRejections } from "../problems/abandoned_rejections.ts";
import { logRejection } from "./internal/log.ts";
import { checkOptions, integer } from "./internal/options.ts";
import { readText, requireUnreadBody } from "./internal/read_text.ts";
import { getRequestId } from "./internal/request_id.ts";
import { respond } from "./internal/respond.ts";
import { runSchema } from "./internal/run_schema.ts";
import { toIssues } from "./internal/to_issues.ts";
import {
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from "../problems/standard_schema.ts";

/** Options of {@linkcode body}. */
export interface BodyOptions {
  /** The largest body that is read, in bytes. @default {1048576} */
  readonly maxBytes?: number | undefined;
}

/** The types that {@linkcode body} gives a route, for `c.req.valid("json")` and Hono's client. */
export interface BodyInput<S extends StandardSchema> {
  in: { json: SchemaInput<S> };
  out: { json: SchemaOutput<S> };
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
const RULES = { maxBytes: integer(1, Number.MAX_SAFE_INTEGER) };

/**
 * Reads a JSON body and validates it. What does not fit is 400: `bad_json` for a text that is not
 * JSON, `validation_failed` with the first 20 `issues` for the rest; a body above `maxBytes`, or of
 * more than 50,000 values or 500 levels, is 413 `request_entity_too_large`. The schema runs once,
 * asynchronously; if a check of it throws or rejects, that is thrown here, like an error of the
 * handler.
 *
 * @param schema A schema of zod 3 or 4, zod/mini, valibot, arktype, or any other Standard Schema.
 * @param options See {@linkcode BodyOptions}.
 * @returns The middleware; the handler finds the value in `c.req.valid("json")`.
 * @throws {TypeError} It is not a Standard Schema, or an option is wrong.
 *
 * @see {@link https://standardschema.dev | Standard Schema}
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
export function body<S extends StandardSchema>(
  schema: S,
  options: BodyOptions = {},
  // deno-lint-ignore no-explicit-any -- the environment is the app's, whatever it is
): MiddlewareHandler<any, string, BodyInput<S>> {
  if (!isStandardSchema(schema)) {
    throw new TypeError(
      "body(): the first argument must be a Standard Schema, such as z.object({ … }) of zod, " +
        `not ${schema === null ? "null" : typeof schema}`,
    );
  }
  checkOptions("body()", options, RULES);
  const { maxBytes = DEFAULT_MAX_BYTES } = options;

  return async function body(c, next) {
    if (!isJsonType(c.req.header("Content-Type"))) {
      const issues = [{ path: [], code: "invalid_type", message: "Send application/json." }];
      return respond(c, "validation_failed", { source: "handler", issues });
    }
    requireUnreadBody("body()", c);
    let value: unknown;
    try {
      const text = await readText(c, maxBytes);
      if (text === null || isTooComplex(text)) {
        return respond(c, "request_entity_too_large", { source: "handler" });
      }
      value = JSON.parse(text);
    } catch {
      return respond(c, "bad_json", { source: "handler" });
    }
    const parsed = await keepAbandonedRejections(
      () => runSchema(schema, value),
      (reason) => logRejection(getRequestId(c), reason),
    );
    if (parsed.issues !== undefined) {
      const issues = toIssues(parsed.issues);
      return respond(c, "validation_failed", { source: "handler", issues });
    }
    c.req.addValidatedData("json", parsed.value as object);
    await next();
    return;
  };
}
