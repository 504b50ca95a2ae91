/**
 * What a client has to know of the table: the steps that touch the session, which it takes from
 * nobody's word, and what it says itself. A test holds it against the table, of which a browser need
 * not load the rest.
 *
 * @module
 */
import type { Problem, ProblemFields } from "./problem.ts";
import type { Action, ProblemCode, Source } from "./table.ts";

/** Status, action, and the message of what a client says itself. */
type Row = readonly [status: number, Action, message?: string];

const BROKEN = "Something broke on our side. Contact support if it happens again.";
const FORBIDDEN = "You are not allowed to do this.";

/** The client's part of the table, by source and code. */
// deno-fmt-ignore
export const CLIENT_PROBLEMS: Readonly<Record<Source, { readonly [code in ProblemCode]?: Row }>> = {
  credential: {
    no_authorization:          [401, "sign_in", "You are not signed in. Sign in to continue."],
    session_not_found:         [401, "sign_in", "This session has ended. Sign in again."],
    session_expired:           [401, "sign_in", "This session has run out. Sign in again."],
    user_not_found:            [401, "sign_in", "This account no longer exists. Sign in with another one."],
    user_banned:               [403, "contact_support", "Your account is suspended. Contact support."],
    bad_jwt:                   [401, "refresh", "Your sign-in could not be confirmed. Try again."],
    token_expired:             [401, "refresh", "Your sign-in needs to be renewed. Try again."],
    session_required:          [401, "fix_request"],
    invalid_api_key:           [401, "fix_request"],
    insufficient_aal:          [401, "step_up"],
    authentication_too_old:    [401, "step_up"],
    insufficient_scope:        [403, "none"], // with a 401 it is a handler's own refusal
    webhook_signature_missing: [401, "none"],
    webhook_signature_invalid: [401, "none"],
    webhook_outside_window:    [401, "none"],
    auth_unavailable:          [503, "retry", "Your sign-in cannot be checked right now. Try again shortly."],
    over_request_rate_limit:   [429, "retry"],
    auth_misconfigured:        [500, "contact_support", "Signing in is not set up correctly on our side. Contact support."],
  },
  handler: {
    internal_error:           [500, "contact_support", BROKEN],
    unexpected_failure:       [503, "retry", "Something went wrong on our side. Try again shortly."],
    request_timeout:          [504, "retry", "This took too long. Try again shortly."],
    over_request_rate_limit:  [429, "retry", "There were too many attempts. Wait a moment, then try again."],
    insufficient_scope:       [403, "none", FORBIDDEN],
    not_found:                [404, "fix_request", "There is nothing at this address."],
    method_not_allowed:       [405, "fix_request", "This address does not take requests of this kind."],
    request_entity_too_large: [413, "fix_request", "This is too large to be sent. Make it smaller."],
    validation_failed:        [400, "fix_request", "Something in this request is missing or not right. Check what you entered."],
  },
};

const UNKNOWN: Readonly<Record<Source, Row>> = {
  credential: [401, "refresh"],
  handler: [400, "fix_request"],
};

function rowOf(code: string, source: Source): Row {
  const rows: Readonly<Record<string, Row>> = CLIENT_PROBLEMS[source];
  return (Object.hasOwn(rows, code) ? rows[code] : undefined) ?? UNKNOWN[source];
}

/** What a handler's code cannot ask for. */
const TOUCHES_SESSION: readonly Action[] = ["sign_in", "refresh", "step_up"];

/**
 * A problem that a client says itself.
 *
 * @param code One of the codes that have a message here.
 * @param source Who would have said it.
 * @param fields What the table cannot know.
 * @returns The problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { action, retry_after } = clientProblem("auth_unavailable", "credential", { request_id: "" });
 * assertEquals([action, retry_after], ["retry", 2]);
 * ```
 */
export function clientProblem(code: ProblemCode, source: Source, fields: ProblemFields): Problem {
  const [status, action, message = ""] = rowOf(code, source);
  const { request_id, replay = false, retry_after = status === 429 ? 10 : 2 } = fields;
  const wait = action === "retry" ? { retry_after } : {};
  return { code, message, status, action, replay, request_id, ...wait };
}

/**
 * Takes what touches the session from the table, whatever an answer says.
 *
 * - The status tells the source: no code has the same status from both sources and two actions.
 * - `replay` counts only from the credential check, as in the table.
 * - A code that is not known here may ask for a refresh with a 401, and for nothing else that touches
 *   the session.
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
  const [status, own] = rowOf(body.code, "credential");
  const source = body.status === status ? "credential" : "handler";
  const action = source === "credential"
    ? own
    : TOUCHES_SESSION.includes(body.action)
    ? "fix_request"
    : body.action;
  return { problem: { ...body, action, replay: source === "credential" && body.replay }, source };
}
