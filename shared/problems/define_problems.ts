import { CODE_PATTERN, type Issue, type Problem, type ProblemDetails } from "./problem.ts";
import { createProblemError, type ProblemError } from "./problem_error.ts";
import {
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from "./standard_schema.ts";
import { type Action, ACTIONS, isProblemCode, type ProblemCode } from "./table.ts";

/** The actions that only the check of the caller's own credential may ask for. */
type CredentialAction = "sign_in" | "refresh" | "step_up";

/** The actions that an application's own problem may ask for. */
export type HandlerAction = Exclude<Action, CredentialAction>;

/** The schemas of a problem's own members, by their name in the body. */
export type DetailSchemas = Readonly<Record<string, StandardSchema>>;

interface DefinitionBase {
  /** The HTTP status: 400 to 599, without 401 and 407, which are about credentials. */
  readonly status: number;
  /** For the end user, on one line of at most 300 characters. */
  readonly message: string;
  /**
   * Further members of the body: a schema of zod, valibot, arktype or another library of the
   * Standard Schema for each. A name has 3 to 64 letters, digits or underscores (RFC 9457, section
   * 3.2), and must not be one that the body has already.
   */
  readonly details?:
    | (DetailSchemas & { readonly [name in ReservedMember]?: never })
    | undefined;
  /** The names of response headers that come with it, such as `Link` or `RateLimit`. */
  readonly headers?: readonly string[] | undefined;
  /** An absolute URI for `type` in an `application/problem+json` answer (RFC 9457, section 3.1.1). */
  readonly type?: string | undefined;
}

/** What one problem means. */
export type ProblemDefinition =
  & DefinitionBase
  & (
    | {
      /** The client's next step. */
      readonly action: Exclude<HandlerAction, "retry">;
      readonly retry_after?: undefined;
    }
    | {
      /** The client's next step. */
      readonly action: "retry";
      /** Seconds to wait, if an error does not say how many: 0 to 86400. */
      readonly retry_after: number;
    }
  );

/** Every member of a definition, and what it may be. */
const RULES: Readonly<Record<keyof ProblemDefinition, (value: unknown) => string | undefined>> = {
  status: (value) =>
    isInteger(value, 400, 599) && !CREDENTIAL_STATUSES.includes(value)
      ? undefined
      : "must be a whole number from 400 to 599, and neither 401 nor 407",
  action: (value) =>
    HANDLER_ACTIONS.some((action) => action === value)
      ? undefined
      : CREDENTIAL_ACTIONS.some((action) => action === value)
      ? "must not be sign_in, refresh or step_up, which only the check of the caller may ask for"
      : `must be one of ${HANDLER_ACTIONS.join(", ")}`,
  message: (value) =>
    typeof value === "string" && value.trim() !== "" && value.length <= MAX_MESSAGE_LENGTH &&
      // deno-lint-ignore no-control-regex
      !/[\x00-\x1f\x7f\u2028\u2029]/.test(value)
      ? undefined
      : `must be one line of 1 to ${MAX_MESSAGE_LENGTH} characters`,
  retry_after: (value) =>
    isInteger(value, 0, MAX_RETRY_AFTER_SECONDS)
      ? undefined
      : `must be a whole number of seconds from 0 to ${MAX_RETRY_AFTER_SECONDS}`,
  details: checkDetailSchemas,
  headers: checkHeaderNames,
  type: (value) =>
    typeof value === "string" && /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(value)
      ? undefined
      : "must be an absolute URI",
};

const CREDENTIAL_ACTIONS: readonly CredentialAction[] = ["sign_in", "refresh", "step_up"];
const HANDLER_ACTIONS = ACTIONS.filter((action) =>
  !CREDENTIAL_ACTIONS.some((other) => other === action)
);
/** A client refreshes its token for a 401, and a browser hides a 407 from the page. */
const CREDENTIAL_STATUSES: readonly unknown[] = [401, 407];
const MAX_MESSAGE_LENGTH = 300;
const MAX_RETRY_AFTER_SECONDS = 86_400;

/**
 * The members that every problem or RFC 9457 defines, those that would make a body look like a
 * failure of Supabase Auth, and the method that `JSON.stringify` would call.
 */
const RESERVED_MEMBERS = [
  "code",
  "message",
  "status",
  "action",
  "replay",
  "request_id",
  "retry_after",
  "required_aal",
  "max_age",
  "issues",
  "type",
  "title",
  "detail",
  "instance",
  "error",
  "error_code",
  "error_description",
  "msg",
  "toJSON",
] as const;

type ReservedMember = typeof RESERVED_MEMBERS[number];

/** RFC 9457, section 3.2. */
const MEMBER_PATTERN = /^[A-Za-z][A-Za-z0-9_]{2,63}$/;

function checkDetailSchemas(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "must be an object of schemas";
  }
  for (const [name, schema] of Object.entries(value)) {
    if (RESERVED_MEMBERS.some((reserved) => reserved === name) || name in Object.prototype) {
      return `cannot have ${name}, which has a meaning already: choose another name`;
    }
    if (!MEMBER_PATTERN.test(name)) {
      return `cannot have ${name}: a name is 3 to 64 letters, digits or underscores`;
    }
    if (!isStandardSchema(schema)) return `needs a Standard Schema for ${name}`;
  }
  return undefined;
}

/**
 * Headers that this library or the runtime sets, that the credential check or Auth uses, or with which
 * an error would change what a browser stores.
 */
const RESERVED_HEADERS = new RegExp(
  "^(?:access-control-.*|authorization|apikey|cookie|set-cookie2?|www-authenticate|proxy-.*|" +
    "content-(?!language$).*|cache-control|(?:.*-)?cdn-cache-control|surrogate-.*|pragma|expires|" +
    "age|etag|last-modified|vary|retry-after|server-timing|x-request-id|clear-site-data|location|" +
    "strict-transport-security|alt-svc|nel|report-to|reporting-endpoints|" +
    "refresh|connection|upgrade|keep-alive|transfer-encoding|trailer|te|host|date|sec-.*|sb-.*|x-sb-.*|" +
    "x-supabase-.*|x-relay-error)$",
);

function checkHeaderNames(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "must be a list of header names";
  for (const name of value) {
    // A token (RFC 9110, section 5.1).
    if (typeof name !== "string" || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      return "must be a list of header names";
    }
    if (RESERVED_HEADERS.test(name.toLowerCase())) {
      return `cannot have ${name}, which handlers must not set`;
    }
  }
  return undefined;
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

/** Any set of definitions. */
export type ProblemDefinitions = Readonly<Record<string, ProblemDefinition>>;

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

/** A problem as an error has it: its definition, and what the error was given. */
export interface Declared {
  readonly code: string;
  readonly definition: ProblemDefinition;
  /** The own members of the body, as they are sent. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

const declaredErrors = new WeakMap<ProblemError, Declared>();
const sets = new WeakSet<object>();

/** The problem of an error made by {@linkcode Problems.error}; `undefined` for any other error. */
export function getDeclared(error: ProblemError): Declared | undefined {
  return declaredErrors.get(error);
}

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
  const read = Object.entries(definitions).map(([code, definition]) =>
    [code, readDefinition(definition)] as const
  );
  const wrong = read.flatMap(([code, definition]) => checkDefinition(code, definition));
  if (wrong.length > 0) throw new TypeError(`defineProblems(): ${wrong.join("; ")}`);
  const copies = new Map(read as readonly (readonly [string, ProblemDefinition])[]);
  function error(code: string, details: object = {}, options: AnyErrorOptions = {}): ProblemError {
    const definition = copies.get(code);
    if (definition === undefined) {
      throw new TypeError(
        `problems.error(): the code ${code} is not declared: add it to defineProblems()`,
      );
    }
    return createError(code, definition, details, options);
  }
  const problems = Object.freeze({
    definitions: Object.freeze(Object.fromEntries(copies)),
    error,
  }) as unknown as Problems<D>;
  sets.add(problems);
  return problems;
}

interface AnyErrorOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Copies the definition, so that what is sent is what was checked. It reads each member by name,
 * because a spread would leave out the getters of a class.
 */
function readDefinition(definition: unknown): unknown {
  if (typeof definition !== "object" || definition === null) return definition;
  const copy: Record<string, unknown> = { ...definition };
  for (const member of Object.keys(RULES)) {
    const value: unknown = (definition as Record<string, unknown>)[member];
    if (Array.isArray(value)) copy[member] = Object.freeze([...value]);
    else if (typeof value === "object" && value !== null) {
      copy[member] = Object.freeze({ ...value });
    } else if (value !== undefined) copy[member] = value;
  }
  return Object.freeze(copy);
}

function checkDefinition(code: string, definition: unknown): string[] {
  if (!CODE_PATTERN.test(code)) {
    return [`${code} must match ${CODE_PATTERN.source}`];
  }
  if (isProblemCode(code)) {
    return [`${code} is a code of the table: throw new ProblemError("${code}")`];
  }
  if (typeof definition !== "object" || definition === null) return [`${code} must be an object`];
  const wrong: string[] = [];
  const { action, retry_after } = definition as Partial<ProblemDefinition>;
  for (const [member, rule] of Object.entries(RULES)) {
    const value: unknown = (definition as Record<string, unknown>)[member];
    const isRequired = ["status", "action", "message"].includes(member);
    const problem = value === undefined && !isRequired ? undefined : rule(value);
    if (problem !== undefined) wrong.push(`${code}.${member} ${problem}`);
  }
  if (action === "retry" && retry_after === undefined) {
    wrong.push(`${code}.retry_after must say how many seconds to wait, as the action is retry`);
  }
  if (action !== "retry" && retry_after !== undefined) {
    wrong.push(`${code}.retry_after goes with the action retry only`);
  }
  for (const member of Object.keys(definition)) {
    if (!Object.hasOwn(RULES, member)) {
      wrong.push(`${code}.${member} is not a member of a definition`);
    }
  }
  return wrong;
}

/** The most characters of JSON for the details of a problem; clients read 64 KiB of a body. */
const MAX_DETAILS_LENGTH = 16_384;
const MAX_HEADER_LENGTH = 4096;

function createError(
  code: string,
  definition: ProblemDefinition,
  details: object,
  { headers = {}, ...options }: AnyErrorOptions,
): ProblemError {
  const fail = (what: string): never => {
    throw new TypeError(`problems.error("${code}"): ${what}`);
  };
  const schemas: DetailSchemas = definition.details ?? {};
  const given = details as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    const isKnown = Object.hasOwn(schemas, name) || name === "issues" ||
      (name === "retry_after" && definition.action === "retry");
    if (!isKnown) fail(`details.${name} is not declared: add a schema for it to the definition`);
  }
  const members: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const result = schema["~standard"].validate(given[name]);
    if ("then" in result) {
      Promise.resolve(result).catch(() => {}); // a rejection that nobody handles ends the process
      return fail(`the schema of details.${name} must be synchronous`);
    }
    if (result.issues !== undefined) {
      return fail(`details.${name}: ${result.issues[0]?.message ?? "is not valid"}`);
    }
    if (result.value !== undefined) members[name] = result.value;
  }
  const { issues, retry_after } = given as ProblemDetails;
  const standard = {
    ...(issues === undefined ? {} : { issues }),
    ...(retry_after === undefined ? {} : { retry_after }),
  };
  const sent = toJson({ ...members, ...standard });
  if (sent === undefined) return fail("details must be JSON values");
  if (sent.length > MAX_DETAILS_LENGTH) {
    return fail(`details must be at most ${MAX_DETAILS_LENGTH} characters of JSON`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!definition.headers?.includes(name)) {
      fail(`headers.${name} is not declared: add it to headers of the definition`);
    }
    if (value === undefined) continue;
    if (typeof value !== "string" || !/^[ -~]*$/.test(value) || value.length > MAX_HEADER_LENGTH) {
      fail(`headers.${name} must be ASCII text of at most ${MAX_HEADER_LENGTH} characters`);
    }
  }
  const { issues: _, retry_after: __, ...own } = JSON.parse(sent);
  const error = createProblemError(code, { ...own, ...standard }, options);
  declaredErrors.set(error, {
    code,
    definition,
    members: own,
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]]
      ),
    ),
  });
  return error;
}

/** The JSON of an object; `undefined` if a value is not JSON: a bigint, a cycle, a function. */
function toJson(members: object): string | undefined {
  try {
    const text = JSON.stringify(members);
    return Object.keys(JSON.parse(text)).length === Object.keys(members).length ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Builds the body of a declared problem.
 *
 * @param declared The problem of the error.
 * @param details The details of the error.
 * @param requestId The id of the request.
 */
export function declaredProblem(
  { code, definition, members }: Declared,
  { issues, retry_after }: ProblemDetails,
  requestId: string,
): Problem {
  const { status, action, message } = definition;
  const isUsable = Number.isSafeInteger(retry_after) && Number(retry_after) >= 0;
  return {
    code,
    message,
    status,
    action,
    replay: false,
    request_id: requestId,
    ...(action === "retry" && {
      retry_after: isUsable ? Number(retry_after) : definition.retry_after,
    }),
    ...(issues !== undefined && { issues }),
    ...members,
  };
}
