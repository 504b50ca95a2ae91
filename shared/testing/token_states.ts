/** Every state of a caller's token that a function meets. */
export const TOKEN_STATES = [
  "alive",
  "expired",
  "forged",
  "not_a_jwt",
  "no_session",
  "signed_out",
  "user_deleted",
  "user_banned",
  "anon_key",
  "publishable_key",
] as const;

/**
 * A state of a caller's token.
 *
 * | state | what it is |
 * | --- | --- |
 * | `alive` | Auth answers with the user |
 * | `expired` | its `exp` is an hour ago |
 * | `forged` | Auth does not accept its signature |
 * | `not_a_jwt` | any other text |
 * | `no_session` | a token without `session_id`, which Auth cannot revoke |
 * | `signed_out` | its session has ended |
 * | `user_deleted` | its user does not exist any more |
 * | `user_banned` | its user is banned |
 * | `anon_key`, `publishable_key` | an API key of the project, as clients send where nobody is signed in |
 */
export type TokenState = typeof TOKEN_STATES[number];
