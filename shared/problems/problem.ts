/**
 * The one shape of every failure, and how it is built from the table.
 *
 * @module
 */
import { type Action, outcomeOf, type ProblemCode, type Source } from "./table.ts";

/** One thing that is wrong with a request's body, or one reason why a password is weak. */
export interface Issue {
  /** Where: the keys and indexes that lead to the value; empty for the body as a whole. */
  readonly path: readonly (string | number)[];
  /** What kind, for programs. */
  readonly code: string;
  /** What is wrong, for people. */
  readonly message: string;
}

/** The members that only some problems have. */
export interface ProblemDetails {
  /** Seconds to wait before the next try; every `retry` has it. */
  readonly retry_after?: number;
  /** The assurance level that a `step_up` has to reach. */
  readonly required_aal?: "aal1" | "aal2";
  /** How many seconds ago the sign-in or second factor may have been, at most. */
  readonly max_age?: number;
  /** What is wrong with the body. */
  readonly issues?: readonly Issue[];
}

/** The JSON body of every failure. */
export interface Problem extends ProblemDetails {
  /** The stable name; one that the table does not know is the application's own, or a newer Auth's. */
  readonly code: ProblemCode | (string & Record<never, never>);
  /** For the end user, in our words. */
  readonly message: string;
  /** The HTTP status again, for clients that see only the body. */
  readonly status: number;
  /** The client's next step. */
  readonly action: Action;
  /** Whether the handler never ran, so that the same request can be sent again. */
  readonly replay: boolean;
  /** The id under which the operator finds it. */
  readonly request_id: string;
}

/** What {@linkcode problem} cannot take from the table. */
export type ProblemFields =
  & { readonly request_id: string; readonly replay?: boolean | undefined }
  & { readonly [K in keyof ProblemDetails]?: ProblemDetails[K] | undefined };

/** What a code looks like. Any other text came from upstream by mistake and is not passed on. */
export const CODE_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;

/** Seconds to wait when nobody said how many; Auth's limits come without a Retry-After. */
const RETRY_AFTER = { message: 60, limit: 10, fault: 2 };

/**
 * Builds the body of a failure.
 *
 * `retry_after` goes with `retry` and nothing else: what is given, if it is a whole number of
 * seconds from 0, else 60 for the limits of mails and text messages, 10 for other limits (429)
 * and 2 for the rest. A text that is no code at all becomes
 * `auth_unavailable` from the credential check and `internal_error` from a handler.
 *
 * @param code One of Auth's codes or of our own.
 * @param source Whether the check of the caller's token says it, or something after that.
 * @param fields The request's id, and what only this case has. `replay` counts only from the
 * credential check: what a handler did may have happened.
 * @returns The body, without undefined members.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(problem("session_not_found", "credential", { request_id: "r1", replay: true }), {
 *   code: "session_not_found",
 *   message: "This session has ended. Sign in again.",
 *   status: 401,
 *   action: "sign_in",
 *   replay: true,
 *   request_id: "r1",
 * });
 * ```
 */
export function problem(code: string, source: Source, fields: ProblemFields): Problem {
  const name = CODE_PATTERN.test(code)
    ? code
    : source === "credential"
    ? "auth_unavailable"
    : "internal_error";
  const { status, action, message, retryable } = outcomeOf(name, source);
  const { required_aal, max_age, issues } = fields;
  return {
    code: name,
    message,
    status,
    action,
    replay: source === "credential" && fields.replay === true,
    request_id: fields.request_id,
    ...(retryable && { retry_after: seconds(fields.retry_after, name, status) }),
    ...(required_aal !== undefined && { required_aal }),
    ...(max_age !== undefined && { max_age }),
    ...(issues !== undefined && { issues }),
  };
}

function seconds(given: number | undefined, code: string, status: number): number {
  if (given !== undefined && Number.isSafeInteger(given) && given >= 0) return given;
  // Auth sends one mail or text message per user and minute, unless configured otherwise.
  if (/^over_(?:email|sms)_send_rate_limit$/.test(code)) return RETRY_AFTER.message;
  return status === 429 ? RETRY_AFTER.limit : RETRY_AFTER.fault;
}

const DETAILS = ["retry_after", "required_aal", "max_age", "issues"] as const;

/**
 * The details that every problem may have, of those that a handler gave. What else is among them, such
 * as a member `headers` of an application's own problem, means nothing to whoever answers.
 */
export function pickDetails(details: ProblemDetails): ProblemDetails {
  return Object.fromEntries(
    DETAILS.filter((name) => details[name] !== undefined).map((name) => [name, details[name]]),
  );
}
