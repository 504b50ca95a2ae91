/**
 * What a client has to know of the table: the steps that touch the session, which it takes from
 * nobody's word, and what it says itself. A test holds it against the table, of which a browser need
 * not load the rest.
 *
 * @module
 */
import type { Problem, ProblemFields } from "./problem.ts";
import type { Action, ProblemCode, Source } from "./table.ts";

/** Source, status, action, and the message of what a client says itself. */
type Row = readonly [Source, status: number, Action, message?: string];

/** The client's part of the table. A code that both sources say is the credential check's here. */
// deno-fmt-ignore
export const CLIENT_PROBLEMS = {
  no_authorization:         ["credential", 401, "sign_in", "You are not signed in. Sign in to continue."],
  session_not_found:        ["credential", 401, "sign_in", "This session has ended. Sign in again."],
  session_expired:          ["credential", 401, "sign_in", "This session has run out. Sign in again."],
  user_not_found:           ["credential", 401, "sign_in", "This account no longer exists. Sign in with another one."],
  bad_jwt:                  ["credential", 401, "refresh", "Your sign-in could not be confirmed. Try again."],
  token_expired:            ["credential", 401, "refresh", "Your sign-in needs to be renewed. Try again."],
  insufficient_aal:         ["credential", 401, "step_up"],
  authentication_too_old:   ["credential", 401, "step_up"],
  user_banned:              ["credential", 403, "contact_support", "Your account is suspended. Contact support."],
  insufficient_scope:       ["credential", 403, "none", "You are not allowed to do this."],
  over_request_rate_limit:  ["credential", 429, "retry", "There were too many attempts. Wait a moment, then try again."],
  auth_misconfigured:       ["credential", 500, "contact_support", "Signing in is not set up correctly on our side. Contact support."],
  auth_unavailable:         ["credential", 503, "retry", "Your sign-in cannot be checked right now. Try again shortly."],
  validation_failed:        ["handler",    400, "fix_request", "Something in this request is missing or not right. Check what you entered."],
  not_found:                ["handler",    404, "fix_request", "There is nothing at this address."],
  request_entity_too_large: ["handler",    413, "fix_request", "This is too large to be sent. Make it smaller."],
  internal_error:           ["handler",    500, "contact_support", "Something broke on our side. Contact support if it happens again."],
  unexpected_failure:       ["handler",    503, "retry", "Something went wrong on our side. Try again shortly."],
} as const satisfies { readonly [code in ProblemCode]?: Row };

/** A code that is not known here is about the token if it comes with a 401. */
const UNKNOWN: readonly [Source, number, Action?] = ["credential", 401];

/** What a handler's code cannot ask for. */
const TOUCHES_SESSION: readonly Action[] = ["sign_in", "refresh", "step_up"];

/**
 * A problem that a client says itself.
 *
 * @param code One of the codes that have a message here.
 * @param fields What the table cannot know. @default {replay} whether the credential check says it
 * @returns The problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { action, retry_after } = clientProblem("auth_unavailable", { request_id: "" });
 * assertEquals([action, retry_after], ["retry", 2]);
 * ```
 */
export function clientProblem(
  code: keyof typeof CLIENT_PROBLEMS,
  fields: ProblemFields = { request_id: "" },
): Problem {
  const [source, status, action, message = ""]: Row = CLIENT_PROBLEMS[code];
  const { request_id, replay = source === "credential", retry_after = status === 429 ? 10 : 2 } =
    fields;
  const wait = action === "retry" ? { retry_after } : {};
  return { code, message, status, action, replay, request_id, ...wait };
}

/**
 * Takes what touches the session from the table, whatever an answer says.
 *
 * - The status tells the source: no code has the same status from both sources and two actions.
 * - `replay` counts only from the credential check, as in the table.
 * - A code that is not known here may ask for a refresh with a 401, and for nothing else that touches
 *   the session; otherwise its own action counts.
 *
 * @param body A problem as it was answered.
 * @returns The problem with the action to take, and who refuses.
 *
 * @example A handler cannot sign anybody out
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const body = { code: "user_not_found", message: "…", request_id: "r1", replay: true } as const;
 * assertEquals(classifyProblem({ ...body, status: 404, action: "sign_in" }).problem.action, "fix_request");
 * assertEquals(classifyProblem({ ...body, status: 401, action: "none" }).problem.action, "sign_in");
 * ```
 */
export function classifyProblem(
  body: Problem,
): { readonly problem: Problem; readonly source: Source } {
  const rows: Readonly<Record<string, Row>> = CLIENT_PROBLEMS;
  const row = rows[body.code];
  const [, status, own] = row?.[0] === "credential" ? row : UNKNOWN;
  const isCredential = body.status === status;
  let { action } = body;
  if (isCredential && own) action = own;
  else if (TOUCHES_SESSION.includes(action)) action = isCredential ? "refresh" : "fix_request";
  const problem = { ...body, action, replay: isCredential && body.replay };
  return { problem, source: isCredential ? "credential" : "handler" };
}
