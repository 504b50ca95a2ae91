import { CODE_PATTERN } from "./problem.ts";
import { isStandardSchema, type StandardSchema } from "./standard_schema.ts";
import { type Action, ACTIONS, isProblemCode } from "./table.ts";

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
   * Standard Schema for each, whose checks are synchronous. A name has 3 to 64 letters, digits or
   * underscores (RFC 9457, section 3.2), and must not be one that the body has already.
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

/** Any set of definitions. */
export type ProblemDefinitions = Readonly<Record<string, ProblemDefinition>>;

/**
 * Copies definitions, frozen, so that what is sent is what was checked.
 *
 * @returns The copies, by their codes.
 * @throws {TypeError} A definition is wrong; the message names each code and member.
 */
export function readDefinitions(
  definitions: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, ProblemDefinition> {
  const copies = Object.entries(definitions).map(([code, definition]) =>
    [code, readDefinition(definition)] as const
  );
  const wrong = copies.flatMap(([code, definition]) => checkDefinition(code, definition));
  if (wrong.length > 0) throw new TypeError(`defineProblems(): ${wrong.join("; ")}`);
  return new Map(copies as readonly (readonly [string, ProblemDefinition])[]);
}

/** Reads each member by its name, because a spread would leave out the getters of a class. */
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
    if (isAsynchronous(schema)) return `needs a synchronous schema for ${name}`;
  }
  return undefined;
}

/** As far as a schema says so: valibot's do. zod's show it when they run. */
function isAsynchronous(schema: StandardSchema): boolean {
  return "async" in schema && schema.async === true;
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
