/**
 * What the doctor shares with the library, so that both read a token, a key set and an answer of
 * Auth in the same way. The doctor takes it from here only.
 *
 * @module
 */
export {
  type AuthAnswer,
  bodyOf,
  isApiKeyRefusal,
  readAuthError,
} from "../../shared/server/core/auth_answer.ts";
export { boundedFetch } from "../../shared/server/core/bounded_fetch.ts";
export { decodeJsonPart, decodeToken, readSession } from "../../shared/server/core/claims.ts";
export { EnvironmentError, readKeySet, readProject } from "../../shared/server/core/project.ts";
