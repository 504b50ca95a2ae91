/**
 * The browser part: a client whose calls recover from auth problems, and one subscription to the
 * session.
 *
 * @module
 */
export type { AnyClient } from "./client.ts";
export type { Dialog } from "./dialogs.ts";
export type { Outage } from "./outage.ts";
export { problemOf } from "./problem_of.ts";
export type { RecoveryEvent, RecoveryOptions } from "./options.ts";
export { createRecovery, type Recovery } from "./recovery.ts";
export { onSession, type SessionChange } from "./session.ts";
export type { Issue, Problem, ProblemDetails } from "../problems/problem.ts";
export type { Action, ProblemCode } from "../problems/table.ts";
