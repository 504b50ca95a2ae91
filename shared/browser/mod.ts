/**
 * The browser's half: calls that recover, and one subscription to who is signed in.
 *
 * @module
 */
export type { AnyClient, Invoke, StoredSession } from "./client.ts";
export type { RecoveryEvent, RecoveryOptions } from "./options.ts";
export { problemOf } from "./problem_of.ts";
export { type Recovery, withRecovery } from "./recovery.ts";
export { onSession, type SessionChange } from "./session.ts";
export { type AuthRedirect, parseAuthRedirect } from "../problems/auth_redirect.ts";
export type { Issue, Problem, ProblemDetails } from "../problems/problem.ts";
export type { Action, ProblemCode } from "../problems/table.ts";
