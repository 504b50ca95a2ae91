/**
 * The auth layer of Supabase Edge Functions: asks Supabase Auth whether the session is alive, and
 * answers every failure in one JSON shape that names the next step.
 *
 * @module
 */
export {
  type Auth,
  auth,
  type AuthEnv,
  type AuthMiddleware,
  type AuthOptions,
  type AuthOptionsFor,
  type AuthVariables,
} from "./server/auth.ts";
export { authHealth } from "./server/auth_health.ts";
export { body, type BodyInput, type BodyOptions } from "./server/body.ts";
export { type AuthCall, callAuth } from "./server/call_auth.ts";
export type { AllowMode, CallerKind } from "./server/core/allow.ts";
export type { Claims, Session } from "./server/core/claims.ts";
export type {
  AuthContext,
  NoneContext,
  PublishableContext,
  SecretContext,
  UserContext,
} from "./server/internal/context_types.ts";
export type { RecheckResult } from "./server/internal/recheck.ts";
export type { CorsOptions } from "./server/internal/cors.ts";
export type { Decision, DecisionSource, OnDecision } from "./server/core/decision.ts";
export {
  type EdgeEnv,
  type EdgeFunction,
  edgeFunction,
  type EdgeFunctionOptions,
} from "./server/edge_function.ts";
export { forbidAnonymous } from "./server/forbid_anonymous.ts";
export { guard, type GuardOptions, type GuardTest } from "./server/guard.ts";
export type { Guard } from "./server/internal/guard.ts";
export type { OnError } from "./server/internal/respond_to_error.ts";
export { limitRequests, type LimitRequestsOptions } from "./server/limit_requests.ts";
export { requireAal, type RequireAalOptions, type RequiredAal } from "./server/require_aal.ts";
export { type ClaimPath, type ClaimTest, requireClaim } from "./server/require_claim.ts";
export { requireConfirmedEmail } from "./server/require_confirmed_email.ts";
export { requireOrigin } from "./server/require_origin.ts";
export { requireRecentAuth } from "./server/require_recent_auth.ts";
export { requireRole, type RequireRoleOptions, type RolePath } from "./server/require_role.ts";
export { type DeclaredProblem, defineProblems, type Problems } from "./problems/define_problems.ts";
export type { ProblemDefinition } from "./problems/problem_definition.ts";
export type { Issue, Problem, ProblemDetails } from "./problems/problem.ts";
export { ProblemError } from "./problems/problem_error.ts";
export type { StandardSchema } from "./problems/standard_schema.ts";
export type { Action, AuthErrorCode, OwnCode, ProblemCode } from "./problems/table.ts";
