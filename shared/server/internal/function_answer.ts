import { getDeclared } from "../../problems/declared_error.ts";
import type { Problems } from "../../problems/define_problems.ts";
import { CODE_PATTERN, pickDetails, type ProblemDetails } from "../../problems/problem.ts";
import { isProblemCode, outcomeOf, type ProblemCode } from "../../problems/table.ts";
import { type AuthAnswer, retryAfterSeconds } from "../core/auth_answer.ts";
import { deadline, fetchAnswer, TIMED_OUT } from "../core/bounded_fetch.ts";
import type { HandlerProblem } from "./handler_error.ts";

/** What another function answered, as a problem of this one. */
export interface PassedOn extends HandlerProblem {
  /** For the log, where somebody has to look at it: what was answered, and its request's id. */
  readonly note: string;
}

/**
 * The answer of another function in what a handler threw: the error of `functions.invoke`, or a
 * Response that is not a success.
 */
export function findFunctionAnswer(thrown: unknown): Response | undefined {
  try {
    if (thrown instanceof Response) return thrown.ok ? undefined : thrown;
    const isInvokeError = thrown instanceof Error && "context" in thrown &&
      /^Functions(?:Http|Relay)Error$/.test(thrown.name);
    return isInvokeError && thrown.context instanceof Response ? thrown.context : undefined;
  } catch { // a getter of what was thrown throws
    return undefined;
  }
}

/** Milliseconds that the rest of the answer's body may take. */
const TIMEOUT_MS = 2000;

/**
 * What another function answered, as a problem of this one. The code is passed on where the caller
 * can do something about it, with the status, action and message that it has here. Text of the answer
 * is not: only the numbers that go with a code, and the members of a declared problem that fit its
 * schemas.
 *
 * If the other function refuses a credential, it is the one that this function sent. So this never
 * becomes a 401, nor an action that changes the caller's session.
 *
 * @param response The answer; its body is read, if nobody has read it.
 * @param problems The problems of an application that may be passed on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { problem } from "../../problems/problem.ts";
 *
 * const body = problem("not_found", "handler", { request_id: "r2" });
 * const passedOn = await readFunctionAnswer(Response.json(body, { status: body.status }));
 * assertEquals(passedOn.code, "not_found");
 * ```
 */
export async function readFunctionAnswer(
  response: Response,
  problems?: Problems,
): Promise<PassedOn> {
  const { status, headers } = response;
  const read = await deadline(
    TIMEOUT_MS,
    TIMED_OUT,
    (signal) => fetchAnswer(() => Promise.resolve(abortable(response, signal)), response.url, {}),
  );
  const answer: AuthAnswer = read.kind === "answer"
    ? read
    : { kind: "answer", status, headers, text: "", body: null };
  const body = isProblemBody(answer.body, status) ? answer.body : undefined;
  const seconds = retryAfterSeconds(answer);
  const passedOn = body === undefined
    ? fromOther(status, headers, seconds)
    : fromProblem(body, problems, seconds);
  const id = /^[\w.-]{1,64}$/.exec(body?.request_id ?? headers.get("x-request-id") ?? "")?.[0];
  const isUnknown = body !== undefined && passedOn.code !== body.code && !isProblemCode(body.code);
  const note = `another function answered ${status}${body === undefined ? "" : ` ${body.code}`}` +
    (id === undefined ? "" : ` (its request ${id})`) +
    (isUnknown
      ? ": to pass it on, declare it in the option `problems`, with details that fit"
      : "");
  return { ...passedOn, note };
}

/** The same response, whose body can be cancelled while it is read. */
function abortable(response: Response, signal: AbortSignal): Response {
  const body = response.body?.pipeThrough(new TransformStream(), { signal });
  return new Response(body ?? null, response);
}

/** Whether a body has the members of this library's problems. */
interface ProblemBody {
  readonly code: string;
  readonly status: number;
  readonly action: string;
  readonly request_id: string;
  readonly [member: string]: unknown;
}

function isProblemBody(body: unknown, status: number): body is ProblemBody {
  const { code, action, message, request_id, status: said } = Object(body) as ProblemBody;
  return typeof code === "string" && CODE_PATTERN.test(code) && said === status &&
    typeof action === "string" && typeof message === "string" && typeof request_id === "string";
}

/** The session ended or the token expired after this function's own check; the next check says so. */
const ENDED: readonly string[] = [
  "session_not_found",
  "session_expired",
  "user_not_found",
  "token_expired",
] satisfies ProblemCode[];

/** A stronger sign-in, which the guard of a function asks for with a 401. */
const STRONGER: readonly string[] = [
  "insufficient_aal",
  "authentication_too_old",
] satisfies ProblemCode[];

/** Refusals that only the code that made the call can fix. */
const MISCALLED: readonly string[] = [
  "no_authorization",
  "invalid_authorization_header",
  "token_too_large",
  "invalid_api_key",
  "api_key_not_allowed",
  "method_not_allowed",
  "bad_json",
] satisfies ProblemCode[];

function fromProblem(
  body: ProblemBody,
  problems: Problems | undefined,
  seconds: number | undefined,
): HandlerProblem {
  const { code, status, action } = body;
  const declared = problems === undefined ? undefined : fromDeclared(body, problems, seconds);
  if (declared !== undefined) return declared;
  const wait = seconds === undefined ? {} : { retry_after: seconds };
  if (status === 401) {
    if (ENDED.includes(code)) return { code: "unexpected_failure", details: {} };
    if (!STRONGER.includes(code)) return { code: "internal_error", details: {} };
    return { code, details: strongerDetails(body) };
  }
  if (!isProblemCode(code)) {
    if (status === 429) return { code: "over_request_rate_limit", details: wait };
    const isOutage = status > 500 && action === "retry";
    return isOutage
      ? { code: "unexpected_failure", details: wait }
      : { code: "internal_error", details: {} };
  }
  if (MISCALLED.includes(code)) return { code: "internal_error", details: {} };
  const own = outcomeOf(code, "handler").status;
  // A handler can refuse with another 4xx than the one that goes with the code. A 407 is of a proxy.
  const isOther = status !== own && status >= 400 && status < 500 && status !== 407 && own < 500;
  return { code, details: wait, ...(isOther ? { status } : {}) };
}

function strongerDetails({ required_aal, max_age }: ProblemBody): ProblemDetails {
  return {
    ...(required_aal === "aal1" || required_aal === "aal2" ? { required_aal } : {}),
    ...(Number.isSafeInteger(max_age) && Number(max_age) >= 0 ? { max_age: Number(max_age) } : {}),
  };
}

/** The problem as `problems` declares it; `undefined` if it does not, or if details do not fit. */
function fromDeclared(
  body: ProblemBody,
  problems: Problems,
  seconds: number | undefined,
): HandlerProblem | undefined {
  if (!Object.hasOwn(problems.definitions, body.code)) return undefined;
  const { details = {}, action } = problems.definitions[body.code]!;
  const names = Object.keys(details).filter((name) => body[name] !== undefined);
  const given = {
    ...Object.fromEntries(names.map((name) => [name, body[name]])),
    ...(action === "retry" && seconds !== undefined ? { retry_after: seconds } : {}),
  };
  try {
    const error = problems.error(body.code, given);
    const declared = getDeclared(error);
    return declared && { code: error.code, details: pickDetails(error.details), declared };
  } catch {
    return undefined; // its details do not fit
  }
}

/** An answer without this library's shape: of the gateway, the platform or another function. */
function fromOther(
  status: number,
  headers: Headers,
  seconds: number | undefined,
): HandlerProblem {
  const wait = seconds === undefined ? {} : { retry_after: seconds };
  if (status === 429) return { code: "over_request_rate_limit", details: wait };
  if (status === 504) return { code: "request_timeout", details: wait };
  // 501 to 599 come from gateways and from the platform, which ends workers.
  const isOutage = status > 500 || headers.get("x-relay-error") === "true";
  return isOutage
    ? { code: "unexpected_failure", details: wait }
    : { code: "internal_error", details: {} };
}
