/**
 * What zod 3 and 4, zod/mini, valibot, arktype and others have in common.
 *
 * @see {@link https://standardschema.dev | Standard Schema, version 1}
 */
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

/** Whether a value is a Standard Schema; arktype's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const { validate } = (value as { "~standard"?: { validate?: unknown } })["~standard"] ?? {};
  return typeof validate === "function";
}

/** What zod has beside the standard. */
interface ZodLike<Output> {
  safeParseAsync(value: unknown): Promise<
    | { readonly success: true; readonly data: Output }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } }
  >;
}

/**
 * Runs a schema once. The standard's `validate` of zod tries synchronously first: it begins every
 * asynchronous check twice, and drops the promises of the first run. So zod's own method is called.
 *
 * @returns Rejects if a check of the schema throws or rejects.
 */
export async function runSchema<S extends StandardSchema>(
  schema: S,
  value: unknown,
): Promise<SchemaResult<SchemaOutput<S>>> {
  if (!isZodLike<SchemaOutput<S>>(schema)) return await schema["~standard"].validate(value);
  const parsed = await schema.safeParseAsync(value);
  return parsed.success ? { value: parsed.data } : { issues: parsed.error.issues };
}

function isZodLike<Output>(schema: StandardSchema): schema is StandardSchema & ZodLike<Output> {
  return schema["~standard"].vendor === "zod" && "safeParseAsync" in schema &&
    typeof schema.safeParseAsync === "function";
}
