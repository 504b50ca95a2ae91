import type {
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "../../problems/standard_schema.ts";

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
