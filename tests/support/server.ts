// What the tests of shared/server and of functions/ share, in one import.
export * from "./async.ts";
export * from "./deployed.ts";
export * from "./fake_auth.ts";
export * from "./fake_time.ts";
export * from "./refusals.ts";
export { newSigningKey, now, SESSION_ID, type SigningKey, token, USER_ID } from "./tokens.ts";
