import type { AuthError } from "@supabase/supabase-js";
import { type Declared, getDeclared } from "../../problems/declared_error.ts";
import { isProblemCode, type ProblemCode } from "../../problems/table.ts";
import { CODE_PATTERN, pickDetails, type ProblemDetails } from "../../problems/problem.ts";
import { createProblemError, ProblemError } from "../../problems/problem_error.ts";
import { namesApiKey } from "../core/auth_answer.ts";

/** What a handler threw, as an answer. */
export interface HandlerProblem {
  readonly code: string;
  readonly details: ProblemDetails;
  /** Where it is not the one that goes with the code. */
  readonly status?: number;
  /** The WWW-Authenticate header of a scheme of the handler's own. */
  readonly challenge?: string;
  /** What it means, where the code is not of the table. */
  readonly declared?: Declared;
}

/**
 * What a handler threw, as a problem: supabase-js' Auth, database and storage errors, Hono's, the
 * platform's, our own. Nothing of the thrown text goes into the answer.
 *
 * A schema's error is not among these: a handler may have parsed another service's answer, and only
 * `body()` parses what the caller sent.
 *
 * @param thrown Anything.
 * @param isAdmitted Whether the check has admitted somebody: a 401 of the handler is then a 403.
 * @returns The problem; `internal_error` for what is none of these.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const thrown = { code: "PGRST116", message: "…", details: null, hint: null };
 * assertEquals(fromThrown(thrown).code, "not_found");
 * assertEquals(fromThrown(new Error("boom")).code, "internal_error");
 * ```
 */
export function fromThrown(thrown: unknown, isAdmitted = true): HandlerProblem {
  try {
    return read(thrown, isAdmitted);
  } catch { // a getter of what was thrown throws
    return new ProblemError("internal_error");
  }
}

function read(thrown: unknown, isAdmitted: boolean): HandlerProblem {
  if (thrown instanceof ProblemError) {
    const { code } = thrown;
    const details = pickDetails(thrown.details);
    const declared = getDeclared(thrown);
    if (declared !== undefined) return { code, details, declared };
    // A code that nobody knows is Auth's, new, or a mistake in the handler.
    const isKnown = isProblemCode(code) || relayed.has(thrown);
    return isKnown ? { code, details } : new ProblemError("internal_error");
  }
  if (isHttpException(thrown)) return fromHttpException(thrown, isAdmitted);
  if (isAuthError(thrown)) return fromAuth(thrown);
  if (isPostgrestError(thrown)) return new ProblemError(fromDatabaseCode(thrown.code));
  if (isStorageError(thrown)) return new ProblemError(fromStorage(thrown));
  if (isRateLimitError(thrown)) return fromRateLimit(thrown);
  if (isFunctionsFetchError(thrown)) return fromFunctionsFetch(thrown.context);
  if (isGatewayError(thrown)) {
    const ours = namesApiKey(thrown.message);
    return new ProblemError(ours ? "auth_misconfigured" : "unexpected_failure");
  }
  return new ProblemError("internal_error");
}

const relayed = new WeakSet<ProblemError>();

/** A refusal of Auth for a handler, under Auth's own code, which may be newer than the table. */
export function relay(code: string, details: ProblemDetails = {}): ProblemError {
  const error = createProblemError(code, details);
  relayed.add(error);
  return error;
}

/** Recognizes Hono's HTTPException by its shape, because it may come from another copy of Hono. */
interface HttpException extends Error {
  readonly status: number;
  readonly res?: unknown;
}

function isHttpException(thrown: unknown): thrown is HttpException {
  return thrown instanceof Error && "getResponse" in thrown &&
    typeof thrown.getResponse === "function" && "status" in thrown &&
    Number.isInteger(thrown.status) && Number(thrown.status) >= 400 && Number(thrown.status) < 600;
}

function fromHttpException({ status, res }: HttpException, isAdmitted: boolean): HandlerProblem {
  const code = fromStatus(status);
  if (status >= 500) return new ProblemError(code);
  // A handler that refuses a caller whom Auth admitted lacks a permission, not a sign-in.
  if (status === 401 && isAdmitted) return new ProblemError(code);
  const challenge = status === 401 && res instanceof Response
    ? res.headers.get("WWW-Authenticate")
    : null;
  return { code, details: {}, status, ...(challenge === null ? {} : { challenge }) };
}

/** The platform's limit on calls from function to function: `Deno.errors.RateLimitError`. */
function isRateLimitError(thrown: unknown): thrown is Error & { readonly retryAfterMs?: unknown } {
  return thrown instanceof Error && thrown.name === "RateLimitError";
}

function fromRateLimit({ retryAfterMs }: { readonly retryAfterMs?: unknown }): ProblemError {
  const seconds = typeof retryAfterMs === "number" ? Math.ceil(retryAfterMs / 1000) : NaN;
  const isUsable = seconds >= 0 && seconds <= 3600;
  return new ProblemError("over_request_rate_limit", isUsable ? { retry_after: seconds } : {});
}

/** What `functions.invoke` returns where its fetch rejects, with that rejection in `context`. */
function isFunctionsFetchError(thrown: unknown): thrown is Error & { readonly context: unknown } {
  return thrown instanceof Error && thrown.name === "FunctionsFetchError" && "context" in thrown;
}

function fromFunctionsFetch(context: unknown): ProblemError {
  if (isRateLimitError(context)) return fromRateLimit(context);
  const isTimeout = context instanceof Error && /^(?:Abort|Timeout)Error$/.test(context.name);
  return new ProblemError(isTimeout ? "request_timeout" : "unexpected_failure");
}

/** A password that Auth finds too weak; a reason is `length`, `characters` or `pwned`. */
export function weakPassword(reasons: readonly unknown[]): ProblemError {
  const isCode = (reason: unknown) => typeof reason === "string" && CODE_PATTERN.test(reason);
  const issues = (reasons.filter(isCode) as string[]).map((reason) => ({
    path: ["password"],
    code: reason,
    message: WEAK.get(reason) ?? "Choose a stronger password.",
  }));
  return new ProblemError("weak_password", issues.length > 0 ? { issues } : {});
}

const WEAK: ReadonlyMap<string, string> = new Map(Object.entries({
  length: "The password is too short.",
  characters: "The password lacks a kind of character that is required.",
  pwned: "The password is known from a data leak.",
}));

function fromStatus(status: number): ProblemCode {
  return BY_STATUS.get(status) ?? (status < 500 ? "validation_failed" : "internal_error");
}

const BY_STATUS: ReadonlyMap<number, ProblemCode> = new Map([
  [401, "insufficient_scope"],
  [403, "insufficient_scope"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [409, "conflict"],
  [413, "request_entity_too_large"],
  [429, "over_request_rate_limit"],
  [502, "unexpected_failure"],
  [503, "unexpected_failure"],
  [504, "request_timeout"],
]);

/** By the member that supabase-js' own `isAuthError` looks at. */
function isAuthError(thrown: unknown): thrown is AuthError {
  return typeof thrown === "object" && thrown !== null && "__isAuthError" in thrown;
}

/** supabase-js keeps the code in only one of its error classes, AuthApiError. */
function fromAuth(error: AuthError): ProblemError {
  if ("reasons" in error && Array.isArray(error.reasons)) return weakPassword(error.reasons);
  const byClass = BY_CLASS.get(error.name);
  if (byClass !== undefined) return new ProblemError(byClass);
  if (error.code === "unknown") return fromUnknown(error.status);
  if (typeof error.code === "string") return relay(error.code);
  if (error.status === 429) return new ProblemError("over_request_rate_limit");
  // Auth always has a code: this is a gateway that refuses the API key, in whatever words.
  if (error.status === 401) return new ProblemError("auth_misconfigured");
  return new ProblemError((error.status ?? 500) < 500 ? "validation_failed" : "auth_unavailable");
}

/**
 * Auth has the code `unknown` for what it hands on: where a hook of the project refuses, the status
 * is the hook's own.
 *
 * @param status The status of Auth's answer.
 */
export function fromUnknown(status: number | undefined): ProblemError {
  if (status === undefined || status < 400 || status >= 500) return new ProblemError("unknown");
  return new ProblemError(fromStatus(status));
}

const BY_CLASS: ReadonlyMap<string, ProblemCode> = new Map(Object.entries({
  AuthSessionMissingError: "session_not_found",
  AuthRetryableFetchError: "auth_unavailable",
  AuthUnknownError: "auth_unavailable",
  AuthInvalidTokenResponseError: "auth_unavailable",
  AuthInvalidCredentialsError: "invalid_credentials",
  AuthInvalidJwtError: "bad_jwt",
  AuthPKCECodeVerifierMissingError: "bad_code_verifier",
}));

/** The client returns a plain object; `throwOnError()` throws a class of the same members. */
function isPostgrestError(thrown: unknown): thrown is { code: string } {
  return typeof thrown === "object" && thrown !== null && "details" in thrown && "hint" in thrown &&
    "code" in thrown && typeof thrown.code === "string";
}

/** By the member that storage-js' own `isStorageError` looks at. */
function isStorageError(thrown: unknown): thrown is StorageError {
  return typeof thrown === "object" && thrown !== null && "__isStorageError" in thrown;
}

interface StorageError {
  readonly message: string;
  /** Of the answer; none where there was no answer. */
  readonly status?: number;
  /** What Storage means by it: "404" in an answer of 400. */
  readonly statusCode?: string;
}

function fromStorage({ message, status, statusCode }: StorageError): ProblemCode {
  if (namesApiKey(message)) return "auth_misconfigured";
  const code = BY_STATUS.get(Number(statusCode)) ?? BY_STATUS.get(status ?? 503);
  return code ?? ((status ?? 500) < 500 ? "validation_failed" : "unexpected_failure");
}

/** What supabase-js makes of a gateway's answer: a page is `{ message }`, a wrong key has a hint. */
function isGatewayError(thrown: unknown): thrown is { message: string } {
  return typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) &&
    "message" in thrown && typeof thrown.message === "string" &&
    Object.keys(thrown).every((key) => key === "message" || key === "hint");
}

/** PostgREST's codes, else PostgreSQL's SQLSTATE, else its class (the first two characters). */
function fromDatabaseCode(code: string): ProblemCode {
  return BY_DATABASE.get(code) ?? BY_DATABASE.get(code.slice(0, 2)) ?? "internal_error";
}

const BY_DATABASE: ReadonlyMap<string, ProblemCode> = new Map(Object.entries({
  "": "unexpected_failure", // the call itself failed
  PGRST000: "unexpected_failure", // no connection to the database, in three kinds
  PGRST001: "unexpected_failure",
  PGRST002: "unexpected_failure",
  PGRST003: "request_timeout",
  PGRST103: "validation_failed", // a range that is not there
  PGRST116: "not_found", // not exactly one row
  PGRST301: "auth_misconfigured", // Auth accepts the token, the database API does not
  PGRST303: "unexpected_failure", // the token expired after the check: the next one says so
  "08": "unexpected_failure", // connection
  "22": "validation_failed", // a value that its type cannot hold
  "23": "validation_failed", // a constraint: unique, foreign key, not null, check
  "40": "conflict", // serialization, deadlock
  "42501": "insufficient_scope", // row level security, or a missing grant
  "53": "unexpected_failure", // out of resources
  "57014": "request_timeout", // statement time-out
  "57": "unexpected_failure", // shutting down
  P0001: "validation_failed", // RAISE EXCEPTION
  P0002: "not_found",
}));
