import type { Issue, Problem } from "./problem.ts";
import { createDeclaredError, type DeclaredErrorOptions } from "./declared_error.ts";
import {
  type DetailSchemas,
  type ProblemDefinition,
  type ProblemDefinitions,
  readDefinitions,
} from "./problem_definition.ts";
import type { ProblemError } from "./problem_error.ts";
import type { SchemaInput, SchemaOutput } from "./standard_schema.ts";
import type { ProblemCode } from "./table.ts";

/** Makes wrong definitions fail to compile, as far as types can tell. */
type Checked<D> = {
  readonly [Code in keyof D]: Code extends ProblemCode
    ? `${Code} is a code of the table: throw new ProblemError("${Code}")`
    : Readonly<Record<Exclude<keyof D[Code], keyof ProblemDefinition>, never>>;
};

type SchemasOf<Definition> = Definition extends { readonly details: infer S extends DetailSchemas }
  ? S
  : Record<never, never>;

type OptionalName<S extends DetailSchemas> = {
  [Name in keyof S]: undefined extends SchemaInput<S[Name]> ? Name : never;
}[keyof S];

type RequiredName<S extends DetailSchemas> = Exclude<keyof S, OptionalName<S>>;

type InputsOf<S extends DetailSchemas> =
  & { readonly [Name in RequiredName<S>]: SchemaInput<S[Name]> }
  & { readonly [Name in OptionalName<S>]?: SchemaInput<S[Name]> };

type OutputsOf<S extends DetailSchemas> =
  & { readonly [Name in RequiredName<S>]: SchemaOutput<S[Name]> }
  & { readonly [Name in OptionalName<S>]?: SchemaOutput<S[Name]> };

/** The second argument of {@linkcode Problems.error}. */
type DetailsInput<Definition> =
  & InputsOf<SchemasOf<Definition>>
  & { readonly issues?: readonly Issue[] | undefined }
  & (Definition extends { readonly action: "retry" } ? { readonly retry_after?: number | undefined }
    : unknown);

/** The members of a body that only this problem has. */
type DetailsOutput<Definition> = OutputsOf<SchemasOf<Definition>>;

/** The third argument of {@linkcode Problems.error}. */
interface ErrorOptionsOf<Definition> extends ErrorOptions {
  /** The headers that its definition names. */
  readonly headers?: HeadersOf<Definition> | undefined;
}

type HeadersOf<Definition> = Definition extends
  { readonly headers: readonly (infer Name extends string)[] }
  ? { readonly [Header in Name]?: string | undefined }
  : undefined;

type ErrorArguments<Definition> = [RequiredName<SchemasOf<Definition>>] extends [never]
  ? [details?: DetailsInput<Definition>, options?: ErrorOptionsOf<Definition>]
  : [details: DetailsInput<Definition>, options?: ErrorOptionsOf<Definition>];

/** The problems of an application. */
export interface Problems<D extends ProblemDefinitions = ProblemDefinitions> {
  /** The definitions, frozen; spread them into those of another set. */
  readonly definitions: D;
  /**
   * Creates the error that a handler throws.
   *
   * @param code One of the definitions.
   * @param details The members that the definition names, `issues`, and `retry_after` where the
   * action is `retry`.
   * @param options The headers that the definition names, and the cause, which is never sent.
   * @throws {TypeError} The details or headers do not fit the definition.
   */
  error<Code extends keyof D & string>(
    code: Code,
    ...rest: ErrorArguments<D[Code]>
  ): ProblemError & { readonly code: Code; readonly details: DetailsOutput<D[Code]> };
}

/** The body of a problem that {@linkcode defineProblems} declares: of one code, or of any. */
export type DeclaredProblem<
  P extends { readonly definitions: ProblemDefinitions },
  Code extends keyof P["definitions"] & string = keyof P["definitions"] & string,
> = Code extends unknown ?
    & Omit<Problem, "code" | "status" | "action">
    & Readonly<Pick<P["definitions"][Code], "status" | "action">>
    & { readonly code: Code }
    & DetailsOutput<P["definitions"][Code]>
  : never;

/** Everything that {@linkcode defineProblems} has returned. */
const sets = new WeakSet<object>();

/** Whether a value comes from {@linkcode defineProblems}. */
export function isProblems(value: unknown): value is Problems {
  return typeof value === "object" && value !== null && sets.has(value);
}

/**
 * Declares the problems of an application: codes beside those of the table, each with its status,
 * the client's next step and a message. A client that does not know a code goes by its action and
 * its status.
 *
 * @param definitions What each problem means, by its code: `^[a-z][a-z0-9_]{0,63}$`, and none of the
 * table.
 * @returns The set. Any function can throw its errors. Give it to `edgeFunction(name, { problems })`
 * if the function also passes on such errors of other functions.
 * @throws {TypeError} A definition is wrong; the message names each code and member.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const problems = defineProblems({
 *   payment_required: {
 *     status: 402,
 *     action: "none",
 *     message: "This needs a paid plan.",
 *     details: { plan: z.string() },
 *   },
 * });
 * const error = problems.error("payment_required", { plan: "pro" });
 * assertEquals([error.code, error.details.plan], ["payment_required", "pro"]);
 * ```
 */
export function defineProblems<const D extends ProblemDefinitions>(
  definitions: D & Checked<D>,
): Problems<D> {
  const copies = readDefinitions(definitions);
  function error(
    code: string,
    details: object = {},
    options: DeclaredErrorOptions = {},
  ): ProblemError {
    const definition = copies.get(code);
    if (definition === undefined) {
      throw new TypeError(
        `problems.error(): the code ${code} is not declared: add it to defineProblems()`,
      );
    }
    return createDeclaredError(code, definition, details, options);
  }
  const problems = Object.freeze({
    definitions: Object.freeze(Object.fromEntries(copies)),
    error,
  }) as unknown as Problems<D>;
  sets.add(problems);
  return problems;
}
