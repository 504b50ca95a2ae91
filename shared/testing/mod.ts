/**
 * What tests of your own functions need: a Supabase Auth in memory that answers like the real one,
 * callers in every state, and a clock that stands still. For every test runner: `deno test`,
 * `node --test`, vitest, jest.
 *
 * @module
 */
export { type AuthFault, FAULTS } from "./auth_answers.ts";
export {
  type FakeAuth,
  fakeAuth,
  type FakeAuthOptions,
  type FakeCaller,
  type SignInOptions,
  type UpstreamCall,
} from "./fake_auth.ts";
export { FakeTime } from "./fake_time.ts";
export type { FakeSession, FakeUser } from "./sessions.ts";
export { TOKEN_STATES, type TokenState } from "./token_states.ts";
export { encodeToken, type TokenClaims } from "./tokens.ts";
export { signWebhook, type SignWebhookOptions } from "./webhook.ts";
