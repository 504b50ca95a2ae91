/**
 * What zod 3 and 4, zod/mini, valibot, arktype and others have in common.
 *
 * @see {@link https://standardschema.dev | Standard Schema, version 1}
 *
 * @module
 */
import { logLaterRejections } from "./abandoned_rejections.ts";

/** A schema of any of these libraries. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | PromiseLike<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema makes of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema finds wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The value that a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** The value that a schema gives. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];

/**
 * Runs a schema that has to be synchronous.
 *
 * @returns `undefined` if it is asynchronous.
 */
export function validateSync<S extends StandardSchema>(
  schema: S,
  value: unknown,
): SchemaResult<SchemaOutput<S>> | undefined {
  const result = schema["~standard"].validate(value);
  if (!("then" in result)) return result;
  logLaterRejections(logAsynchronous);
  Promise.resolve(result).catch(() => {}); // a rejection that nobody handles ends the process
  return undefined;
}

/** A reason may hold what a caller sent, so that the line has its name only. */
function logAsynchronous(reason: unknown): void {
  const name = reason instanceof Error ? reason.name : typeof reason;
  console.error(
    `edge-auth: a promise was rejected and not awaited (${name}), within a minute after ` +
      "the details of a problem were refused, because their schema is asynchronous.",
  );
}

/** Whether a value is a Standard Schema; arktype's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const { validate } = (value as { "~standard"?: { validate?: unknown } })["~standard"] ?? {};
  return typeof validate === "function";
}
