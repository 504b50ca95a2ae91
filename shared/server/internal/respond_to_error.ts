import type { Context } from "hono";
import type { Problems } from "../../problems/define_problems.ts";
import { ProblemError } from "../../problems/problem_error.ts";
import { outcomeOf } from "../../problems/table.ts";
import { callHook } from "./call_hook.ts";
import { getAdmission } from "./context.ts";
import { findFunctionAnswer, type PassedOn, readFunctionAnswer } from "./function_answer.ts";
import { fromThrown } from "./handler_error.ts";
import { logHandlerError } from "./log.ts";
import { getRequestId } from "./request_id.ts";
import { respond } from "./respond.ts";

/**
 * Receives what a handler threw, unchanged and unmasked: an Error, or a plain object such as
 * supabase-js' database errors. If it returns `false`, the error is not logged. The response does not
 * wait for it, and what it throws changes nothing; its first failure is logged.
 */
export type OnError = (
  error: unknown,
  about: { readonly request_id: string; readonly code: string },
) => unknown;

/** What a function says about its errors. */
export interface ErrorHandling {
  readonly onError?: OnError | undefined;
  readonly problems?: Problems | undefined;
}

/** The options of the function that a request belongs to, which a guard does not know. */
const optionsOf = new WeakMap<Context, ErrorHandling>();

/** Sets the options by which the errors of one request are answered. */
export function setErrorHandling(c: Context, options: ErrorHandling): void {
  optionsOf.set(c, options);
}

/** Answers what a handler threw, and logs it if it is not a refusal. */
export async function respondToError(c: Context, thrown: unknown): Promise<Response> {
  return (await answerThrown(c, thrown)).response;
}

/** The same, with the code of the answer, for a guard that threw. */
export async function answerThrown(
  c: Context,
  thrown: unknown,
): Promise<{ readonly response: Response; readonly code: string }> {
  const { onError, problems } = optionsOf.get(c) ?? {};
  const admission = getAdmission(c.get("auth"), c);
  // For a caller who is not signed in, a handler's own 401 stays a 401.
  const isAdmitted = admission?.kind === "user" || admission?.kind === "secret";
  const answer = findFunctionAnswer(thrown);
  const passedOn = answer && await readFunctionAnswer(answer, problems);
  const { code, details, status, challenge, declared } = passedOn ?? fromThrown(thrown, isAdmitted);
  const answered = status ?? declared?.definition.status ?? outcomeOf(code, "handler").status;
  if (code === "internal_error" || (answered >= 500 && isUnreported(thrown))) {
    const requestId = getRequestId(c);
    if (reportError(onError, thrown, { request_id: requestId, code })) {
      logHandlerError(requestId, passedOn === undefined ? thrown : describe(thrown, passedOn));
    }
  }
  const response = respond(c, code, {
    source: "handler",
    ...details,
    declared,
    ...(status === undefined ? {} : { status }),
    ...(challenge === undefined ? {} : { headers: { "WWW-Authenticate": challenge } }),
  });
  return { response, code };
}

/** What the log says of an error whose answer is that of another function. */
function describe(thrown: unknown, { note }: PassedOn): { name: string; message: string } {
  return { name: thrown instanceof Error ? thrown.name : "Response", message: note };
}

/**
 * Whether the error still has to be logged: `callAuth` and the library's own code log by themselves,
 * and a handler that throws a problem gives a `cause` if there is something to log.
 */
function isUnreported(thrown: unknown): boolean {
  return !(thrown instanceof ProblemError) || thrown.cause !== undefined;
}

/** Hands an error to its hook, if there is one; `false` if it is not to be logged. */
function reportError(
  hook: OnError | undefined,
  thrown: unknown,
  about: { readonly request_id: string; readonly code: string },
): boolean {
  return callHook("onError", () => hook?.(thrown, Object.freeze(about))) !== false;
}
