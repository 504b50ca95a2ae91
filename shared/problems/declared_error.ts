import type { ProblemDefinition } from "./problem_definition.ts";
import type { Problem, ProblemDetails } from "./problem.ts";
import { createProblemError, type ProblemError } from "./problem_error.ts";
import { type StandardSchema, validateSync } from "./standard_schema.ts";

/** A problem as an error has it: its definition, and what the error was given. */
export interface Declared {
  readonly code: string;
  readonly definition: ProblemDefinition;
  /** The own members of the body, as they are sent. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

const declaredErrors = new WeakMap<ProblemError, Declared>();

/** The problem of an error that `problems.error()` made; `undefined` for any other error. */
export function getDeclared(error: ProblemError): Declared | undefined {
  return declaredErrors.get(error);
}

/** The third argument of `problems.error()`, whatever the definition. */
export interface DeclaredErrorOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The most characters of JSON for the details of a problem; clients read 64 KiB of a body. */
const MAX_DETAILS_LENGTH = 16_384;
const MAX_HEADER_LENGTH = 4096;

/**
 * Creates the error of a declared problem.
 *
 * @param code Its code, for messages.
 * @param definition What it means.
 * @param details Its own members, `issues`, and `retry_after` where the action is `retry`.
 * @param options The headers that the definition names, and the cause.
 * @throws {TypeError} The details or headers do not fit the definition.
 */
export function createDeclaredError(
  code: string,
  definition: ProblemDefinition,
  details: object,
  { headers = {}, ...options }: DeclaredErrorOptions,
): ProblemError {
  const fail: Fail = (what) => {
    throw new TypeError(`problems.error("${code}"): ${what}`);
  };
  const { issues, retry_after } = details as ProblemDetails;
  const standard = {
    ...(issues === undefined ? {} : { issues }),
    ...(retry_after === undefined ? {} : { retry_after }),
  };
  const sent = toJson({ ...readMembers(details, definition, fail), ...standard });
  if (sent === undefined) return fail("details must be JSON values");
  if (sent.length > MAX_DETAILS_LENGTH) {
    return fail(`details must be at most ${MAX_DETAILS_LENGTH} characters of JSON`);
  }
  const { issues: _, retry_after: __, ...members } = JSON.parse(sent);
  const error = createProblemError(code, { ...members, ...standard }, options);
  const declared = { code, definition, members, headers: readHeaders(headers, definition, fail) };
  declaredErrors.set(error, declared);
  return error;
}

/** Throws, with the code before the message. */
type Fail = (what: string) => never;

/** The problem's own members, as its schemas give them. */
function readMembers(
  details: object,
  { details: schemas = {}, action }: ProblemDefinition,
  fail: Fail,
): Readonly<Record<string, unknown>> {
  const given = details as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    const isKnown = Object.hasOwn(schemas, name) || name === "issues" ||
      (name === "retry_after" && action === "retry");
    if (!isKnown) fail(`details.${name} is not declared: add a schema for it to the definition`);
  }
  const members: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries<StandardSchema>(schemas)) {
    const result = validateSync(schema, given[name]);
    if (result === undefined) {
      return fail(
        `the schema of details.${name} must be synchronous, and its checks must not throw`,
      );
    }
    if (result.issues !== undefined) {
      return fail(`details.${name}: ${result.issues[0]?.message ?? "is not valid"}`);
    }
    if (result.value !== undefined) members[name] = result.value;
  }
  return members;
}

function readHeaders(
  headers: Readonly<Record<string, string | undefined>>,
  definition: ProblemDefinition,
  fail: Fail,
): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!definition.headers?.includes(name)) {
      fail(`headers.${name} is not declared: add it to headers of the definition`);
    }
    if (value === undefined) continue;
    if (typeof value !== "string" || !/^[ -~]*$/.test(value) || value.length > MAX_HEADER_LENGTH) {
      fail(`headers.${name} must be ASCII text of at most ${MAX_HEADER_LENGTH} characters`);
    }
    read[name] = value;
  }
  return read;
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
