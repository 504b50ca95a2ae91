/**
 * The error table: every code a caller can be answered with, and what it means. The runtime, the
 * types, the schema of the body, the reference and the browser client all come from it.
 *
 * A code has one meaning a {@linkcode Source}: `user_not_found` about the caller ends the sign-in,
 * about somebody whom a handler looked up it is a 404.
 *
 * @module
 */

/** The step a client takes next: a closed set that it can execute. */
export type Action = typeof ACTIONS[number];

/** Every {@linkcode Action}, in the order of the reference. */
export const ACTIONS = [
  "sign_in",
  "refresh",
  "reauthenticate",
  "step_up",
  "retry",
  "restart_flow",
  "fix_request",
  "contact_support",
  "none",
] as const;

/** Who speaks: the check of the caller's own token (and guards on it), or everything after it. */
export type Source = "credential" | "handler";

/**
 * The challenge of a refusal (RFC 6750, RFC 9470); `bare` is `Bearer realm` and nothing else, and
 * `webhook` no Bearer challenge at all: no token helps there.
 */
export type Challenge =
  | "bare"
  | "webhook"
  | "invalid_request"
  | "invalid_token"
  | "insufficient_user_authentication"
  | "insufficient_scope";

/** What a code means when it comes from one {@linkcode Source}. */
export interface Outcome {
  /** HTTP status of the answer. */
  readonly status: number;
  /** The client's next step. */
  readonly action: Action;
  /** What WWW-Authenticate says; `null` for none. */
  readonly challenge: Challenge | null;
  /** Whether the same request can succeed later: the action is `retry`. */
  readonly retryable: boolean;
  /** For the end user, in our words; safe inside an `error_description` too. */
  readonly message: string;
}

type CredentialOutcome = readonly [status: number, Action, Challenge | null, message: string];

/** From a handler; then from the credential check, where that is not {@linkcode UNCONFIRMED}. */
type Row = readonly [status: number, Action, message: string, credential?: CredentialOutcome];

const TRY_AGAIN = "Your sign-in could not be confirmed. Try again.";

/** A code that GET /user is not known to give: a fresh token may heal it, signing out would not. */
const UNCONFIRMED: CredentialOutcome = [401, "refresh", "invalid_token", TRY_AGAIN];

const TRY_LATER = "Your sign-in cannot be checked right now. Try again shortly.";
const SLOW_DOWN = "There were too many requests. Wait a moment, then try again.";

/** A fault or a limit of Auth says nothing about the caller's token, so it is never a 401. */
const FAULT: CredentialOutcome = [503, "retry", null, TRY_LATER];
const LIMIT: CredentialOutcome = [429, "retry", null, SLOW_DOWN];

// A handler never says `sign_in`, `refresh`, `step_up` or 401: only the check of the caller's token
// may send a client there. Its status is Auth's own 4xx, or a 5xx where the fault is on our side.
// deno-fmt-ignore
const AUTH = {
  // The caller's token and session.
  no_authorization:                           [500, "contact_support", "Something went wrong on our side. Contact support if it happens again.", [401, "sign_in", "bare", "You are not signed in. Sign in to continue."]],
  bad_jwt:                                    [400, "fix_request",     "The token in this request cannot be used.", [401, "refresh", "invalid_token", TRY_AGAIN]],
  session_not_found:                          [404, "fix_request",     "That session does not exist or has already ended.", [401, "sign_in", "invalid_token", "This session has ended. Sign in again."]],
  session_expired:                            [400, "restart_flow",    "That session has run out. Begin the sign-in again.", [401, "sign_in", "invalid_token", "This session has run out. Sign in again."]],
  refresh_token_not_found:                    [400, "restart_flow",    "This sign-in can no longer be renewed. Begin the sign-in again."],
  refresh_token_already_used:                 [400, "restart_flow",    "This sign-in was already renewed elsewhere. Begin the sign-in again."],
  unexpected_audience:                        [403, "fix_request",     "The token in this request was made for another audience."],
  not_admin:                                  [403, "none",            "Only an administrator can do this.", [403, "none", "insufficient_scope", "Only an administrator can do this."]],
  // Only the guard asks for a step up, because there nothing has run yet and the request can be sent
  // again. After a handler began, that would be a promise nobody can keep: so it names no step.
  insufficient_aal:                           [403, "none",            "This needs a sign-in that was confirmed with a second factor.", [401, "step_up", "insufficient_user_authentication", "Confirm your second factor to continue."]],

  // The account.
  user_not_found:                             [404, "fix_request",     "There is no such account.", [401, "sign_in", "invalid_token", "This account no longer exists. Sign in with another one."]],
  user_banned:                                [403, "contact_support", "This account is suspended. Contact support.", [403, "contact_support", null, "Your account is suspended. Contact support."]],
  user_already_exists:                        [422, "fix_request",     "An account with these details already exists. Sign in to it, or use other details."],
  user_sso_managed:                           [422, "none",            "Your organization manages this account. These details can only be changed there."],
  invalid_credentials:                        [400, "fix_request",     "These sign-in details are not right. Check them and try again."],
  email_exists:                               [422, "fix_request",     "This e-mail address is already in use. Choose another one."],
  phone_exists:                               [422, "fix_request",     "This phone number is already in use. Choose another one."],
  // The guard says `none`, as for `anonymous_not_allowed`: the user alone can take the step.
  email_not_confirmed:                        [400, "restart_flow",    "This e-mail address is not confirmed yet. Ask for a new confirmation mail.", [403, "none", "insufficient_scope", "Confirm your e-mail address first. Ask for a new confirmation mail if you have none."]],
  phone_not_confirmed:                        [400, "restart_flow",    "This phone number is not confirmed yet. Ask for a new confirmation code."],
  email_address_invalid:                      [400, "fix_request",     "This e-mail address cannot be used. Check it, or choose another one."],
  email_address_not_provided:                 [400, "fix_request",     "An e-mail address is missing. Enter one."],
  email_address_not_authorized:               [400, "contact_support", "We cannot send mail to this address. Contact support."],
  identity_not_found:                         [422, "fix_request",     "This sign-in method is not linked to the account."],
  identity_already_exists:                    [422, "none",            "This sign-in method is already linked to an account."],
  single_identity_not_deletable:              [422, "none",            "This is the only way to sign in to the account, so it stays."],
  email_conflict_identity_not_deletable:      [422, "none",            "This sign-in method stays, because another account uses the remaining e-mail address."],

  // Passwords, and proving that it is still you.
  weak_password:                              [422, "fix_request",     "This password is too easy to guess. Choose a stronger one."],
  same_password:                              [422, "fix_request",     "This is the password you already have. Choose another one."],
  reauthentication_needed:                    [400, "reauthenticate",  "Confirm that it is you before you change this."],
  reauthentication_not_valid:                 [422, "reauthenticate",  "This confirmation code is wrong or too old. Ask for a new one."],
  reauth_nonce_missing:                       [400, "reauthenticate",  "The confirmation code is missing. Enter the one that was sent to you."],
  current_password_required:                  [400, "reauthenticate",  "Enter your current password as well to set a new one."],
  current_password_invalid:                   [400, "reauthenticate",  "The current password is not right. Enter it again."],
  captcha_failed:                             [400, "fix_request",     "We could not tell that you are a person. Solve the challenge again."],

  // Links, one-time codes and sign-in attempts that are used up.
  otp_expired:                                [403, "restart_flow",    "This link or code is used up or too old. Ask for a new one."],
  invite_not_found:                           [404, "contact_support", "This invitation is no longer valid. Ask for a new one."],
  flow_state_not_found:                       [404, "restart_flow",    "This sign-in attempt is no longer known. Begin the sign-in again."],
  flow_state_expired:                         [422, "restart_flow",    "This sign-in attempt took too long. Begin the sign-in again."],
  flow_state_already_used:                    [400, "restart_flow",    "This sign-in attempt is already used up. Begin the sign-in again."],
  bad_code_verifier:                          [400, "restart_flow",    "This sign-in was begun somewhere else. Begin the sign-in again here."],
  bad_oauth_state:                            [400, "restart_flow",    "The sign-in came back changed or too late. Begin the sign-in again."],
  bad_oauth_callback:                         [400, "restart_flow",    "The sign-in came back incomplete. Begin the sign-in again."],
  oauth_invalid_state:                        [400, "restart_flow",    "This sign-in attempt does not fit the answer that came back. Begin the sign-in again."],
  oauth_client_state_not_found:               [422, "restart_flow",    "This sign-in attempt is no longer known to us. Begin the sign-in again."],
  oauth_client_state_expired:                 [422, "restart_flow",    "The sign-in at the other service took too long. Begin the sign-in again."],
  provider_email_needs_verification:          [422, "restart_flow",    "Confirm your e-mail address first, then begin the sign-in again."],
  saml_relay_state_not_found:                 [404, "restart_flow",    "The sign-in of your organization is no longer known. Begin the sign-in again."],
  saml_relay_state_expired:                   [422, "restart_flow",    "The sign-in of your organization took too long. Begin the sign-in again."],

  // Second factors and passkeys.
  mfa_factor_not_found:                       [404, "fix_request",     "This second factor does not exist."],
  mfa_factor_name_conflict:                   [422, "fix_request",     "You already have a second factor of this name. Choose another name."],
  mfa_verified_factor_exists:                 [422, "none",            "This second factor is already set up."],
  too_many_enrolled_mfa_factors:              [422, "none",            "You have as many second factors as are allowed. Remove one to add another."],
  mfa_challenge_expired:                      [422, "restart_flow",    "The time to confirm your second factor is over. Begin the confirmation again."],
  mfa_ip_address_mismatch:                    [422, "restart_flow",    "This confirmation was begun elsewhere or is already used. Begin the confirmation again."],
  mfa_verification_failed:                    [422, "fix_request",     "This code is not right. Check it and enter it again."],
  // Auth ends every session of the user with it: the check of the next request will say `sign_in`.
  mfa_verification_rejected:                  [403, "restart_flow",    "Your second factor was turned down. Begin the sign-in again."],
  mfa_recovery_codes_locked:                  [422, "contact_support", "Your recovery codes are locked. Contact support."],
  mfa_recovery_codes_sole_factor:             [422, "none",            "Recovery codes cannot be your only second factor. Add another one first."],
  too_many_passkeys:                          [422, "none",            "You have as many passkeys as are allowed. Remove one to add another."],
  webauthn_credential_not_found:              [404, "fix_request",     "This passkey is not known. Use another one."],
  webauthn_credential_exists:                 [422, "none",            "This passkey is already registered."],
  webauthn_challenge_not_found:               [400, "restart_flow",    "This passkey request is no longer known. Begin again."],
  webauthn_challenge_expired:                 [400, "restart_flow",    "The time to use your passkey is over. Begin again."],
  // An answer uses up its challenge, also a wrong one, so the same request can never succeed.
  webauthn_verification_failed:               [400, "restart_flow",    "Your passkey could not be confirmed. Begin again."],

  // What the project has switched off or not set up.
  signup_disabled:                            [422, "contact_support", "New accounts cannot be made here. Contact support."],
  otp_disabled:                               [422, "contact_support", "New accounts cannot be made with a link or a code. Contact support."],
  email_provider_disabled:                    [422, "contact_support", "Signing in by e-mail is switched off. Use another way, or contact support."],
  phone_provider_disabled:                    [422, "contact_support", "Signing in by phone is switched off. Use another way, or contact support."],
  anonymous_provider_disabled:                [422, "contact_support", "Using the app without an account is switched off. Sign up, or contact support."],
  provider_disabled:                          [400, "contact_support", "This way to sign in is switched off. Use another way, or contact support."],
  web3_provider_disabled:                     [422, "contact_support", "Signing in with a wallet is switched off. Use another way, or contact support."],
  web3_unsupported_chain:                     [400, "fix_request",     "Wallets of this network cannot be used. Choose another one."],
  oauth_provider_not_supported:               [400, "fix_request",     "This way to sign in is not known here. Choose another one."],
  manual_linking_disabled:                    [404, "contact_support", "Linking another sign-in method is switched off. Contact support."],
  passkey_disabled:                           [404, "contact_support", "Passkeys are switched off. Contact support."],
  mfa_totp_enroll_not_enabled:                [422, "contact_support", "Authenticator apps cannot be added. Contact support."],
  mfa_totp_verify_not_enabled:                [422, "contact_support", "Authenticator apps cannot be used. Contact support."],
  mfa_phone_enroll_not_enabled:               [422, "contact_support", "Phone numbers cannot be added as a second factor. Contact support."],
  mfa_phone_verify_not_enabled:               [422, "contact_support", "Phone numbers cannot be used as a second factor. Contact support."],
  mfa_webauthn_enroll_not_enabled:            [422, "contact_support", "Security keys cannot be added. Contact support."],
  mfa_webauthn_verify_not_enabled:            [422, "contact_support", "Security keys cannot be used. Contact support."],
  mfa_recovery_codes_enroll_not_enabled:      [422, "contact_support", "Recovery codes cannot be made. Contact support."],
  mfa_recovery_codes_verify_not_enabled:      [422, "contact_support", "Recovery codes cannot be used. Contact support."],
  feature_disabled:                           [404, "contact_support", "This feature is switched off. Contact support."],

  // Single sign-on of organizations, and Auth as an OAuth server.
  saml_provider_disabled:                     [404, "contact_support", "Signing in through an organization is switched off. Contact support."],
  saml_idp_not_found:                         [404, "contact_support", "This organization is not set up for signing in. Contact support."],
  saml_idp_already_exists:                    [422, "none",            "This identity provider is already set up."],
  saml_assertion_no_user_id:                  [400, "contact_support", "Your organization did not say who you are. Contact its support."],
  saml_assertion_no_email:                    [400, "contact_support", "Your organization did not send your e-mail address. Contact its support."],
  saml_metadata_fetch_failed:                 [503, "retry",           "The organization's sign-in service does not answer. Try again shortly.", FAULT],
  saml_entity_id_mismatch:                    [400, "fix_request",     "This metadata belongs to another identity provider."],
  sso_provider_not_found:                     [404, "contact_support", "There is no single sign-on for this organization. Contact support."],
  sso_provider_disabled:                      [404, "contact_support", "Single sign-on of this organization is switched off. Contact support."],
  sso_domain_already_exists:                  [400, "none",            "This domain already belongs to an identity provider."],
  custom_provider_not_found:                  [404, "fix_request",     "This sign-in provider does not exist."],
  over_custom_provider_quota:                 [400, "contact_support", "No more sign-in providers can be added. Contact support."],
  oauth_client_not_found:                     [404, "fix_request",     "The app that asks for access is not known here."],
  oauth_authorization_not_found:              [404, "restart_flow",    "This request for access is used up or too old. Begin again in the app that asked."],
  oauth_consent_not_found:                    [404, "none",            "This app has no access that could be taken away."],
  oauth_dynamic_client_registration_disabled: [403, "contact_support", "Apps cannot register themselves here. Contact support."],

  // The request itself, limits and faults.
  validation_failed:                          [400, "fix_request",     "Something in this request is missing or not right. Check what you entered."],
  bad_json:                                   [400, "fix_request",     "The body of this request is not valid JSON."],
  request_entity_too_large:                   [413, "fix_request",     "This is too large to be sent. Make it smaller."],
  conflict:                                   [409, "retry",           "Something else changed this at the same time. Try again.", FAULT],
  over_request_rate_limit:                    [429, "retry",           "There were too many attempts. Wait a moment, then try again.", LIMIT],
  over_email_send_rate_limit:                 [429, "retry",           "Too many mails were sent. Wait a while, then try again.", LIMIT],
  over_sms_send_rate_limit:                   [429, "retry",           "Too many text messages were sent. Wait a while, then try again.", LIMIT],
  sms_send_failed:                            [503, "retry",           "The text message could not be sent. Try again shortly.", FAULT],
  hook_timeout:                               [504, "retry",           "A step on our side took too long. Try again shortly.", FAULT],
  hook_timeout_after_retry:                   [504, "retry",           "A step on our side still takes too long. Try again shortly.", FAULT],
  hook_payload_over_size_limit:               [500, "contact_support", "A step on our side cannot handle this much data. Contact support."],
  hook_payload_invalid_content_type:          [500, "contact_support", "A step on our side gave an answer we cannot use. Contact support."],
  request_timeout:                            [504, "retry",           "This took too long. Try again shortly.", FAULT],
  unexpected_failure:                         [503, "retry",           "Something went wrong on our side. Try again shortly.", FAULT],
  unknown:                                    [500, "contact_support", "Something went wrong that we have no name for. Contact support.", FAULT],
} as const satisfies Record<string, Row>;

// deno-fmt-ignore
const OWN = {
  token_expired:                [400, "fix_request",     "The token in this request is too old.", [401, "refresh", "invalid_token", "Your sign-in needs to be renewed. Try again."]],
  session_required:             [400, "fix_request",     "The token in this request has no session.", [401, "fix_request", "invalid_token", "This sign-in cannot be used here, because it has no session."]],
  invalid_authorization_header: [400, "fix_request",     "The Authorization header must be `Bearer`, one space and one token.", [400, "fix_request", "invalid_request", "The Authorization header must be `Bearer`, one space and one token."]],
  token_too_large:              [400, "fix_request",     "The token in this request is too large.", [400, "fix_request", "invalid_request", "Your sign-in holds too much data to be used here."]],
  user_too_large:               [500, "contact_support", "This account holds too much data to be handled. Contact support.", [500, "contact_support", null, "Your account holds too much data to be checked. Contact support."]],
  authentication_too_old:       [403, "none",            "This needs a more recent sign-in.", [401, "step_up", "insufficient_user_authentication", "You signed in a while ago. Confirm that it is you to continue."]],
  insufficient_scope:           [403, "none",            "You are not allowed to do this.", [403, "none", "insufficient_scope", "You are not allowed to do this."]],
  // `sign_in` would clear the anonymous session, and with it everything that its user made. Adding an
  // address or an identity makes the same user a full one; only the user can do that, so `none`.
  anonymous_not_allowed:        [403, "none",            "This needs a full account. Add an e-mail address to yours.", [403, "none", "insufficient_scope", "This needs a full account. Add an e-mail address to yours."]],
  // A token of an OAuth client is the user's session in that client: the user can do nothing about it.
  oauth_client_not_allowed:     [403, "none",            "The app that you use may not do this for you.", [403, "none", null, "The app that you use may not do this for you."]],
  // A key belongs to a program: signing in does not help, and no session is lost over it.
  invalid_api_key:              [400, "fix_request",     "This request needs a valid API key.", [401, "fix_request", "bare", "This request needs a valid API key."]],
  api_key_not_allowed:          [403, "none",            "The key in this request may not be used here.", [403, "none", null, "The key in this request may not be used here."]],
  auth_unavailable:             [503, "retry",           "The sign-in service does not answer right now. Try again shortly.", FAULT],
  auth_misconfigured:           [500, "contact_support", "Signing in is not set up correctly on our side. Contact support.", [500, "contact_support", null, "Signing in is not set up correctly on our side. Contact support."]],
  internal_error:               [500, "contact_support", "Something broke on our side. Contact support if it happens again.", [500, "contact_support", null, "Something broke on our side. Contact support if it happens again."]],
  // Only the sender has the secret, so there is no step that a client could take.
  webhook_signature_missing:    [400, "none",            "This request is not signed.", [401, "none", "webhook", "This request is not signed."]],
  webhook_signature_invalid:    [400, "none",            "The signature of this request is not right.", [401, "none", "webhook", "The signature of this request is not right."]],
  webhook_outside_window:       [400, "none",            "This request was signed too long ago, or in the future.", [401, "none", "webhook", "This request was signed too long ago, or in the future."]],
  not_found:                    [404, "fix_request",     "There is nothing at this address."],
  method_not_allowed:           [405, "fix_request",     "This address does not take requests of this kind."],
} as const satisfies Record<string, Row>;

/** The table: a code's handler status, action and message, then what the credential check makes of it. */
export const PROBLEMS: typeof AUTH & typeof OWN = /* @__PURE__ */ Object.assign({}, AUTH, OWN);

/** A code of Supabase Auth. */
export type AuthErrorCode = keyof typeof AUTH;

/** A code of this library. */
export type OwnCode = keyof typeof OWN;

/** Every code in the table. */
export type ProblemCode = AuthErrorCode | OwnCode;

/** Whether a code is one of this library's own: Supabase Auth never says it. */
export function isOwnCode(code: string): code is OwnCode {
  return Object.hasOwn(OWN, code);
}

function outcome([status, action, challenge, message]: CredentialOutcome): Outcome {
  return Object.freeze({ status, action, challenge, retryable: action === "retry", message });
}

type Outcomes = Readonly<Record<Source, ReadonlyMap<string, Outcome>>>;

let outcomes: Outcomes | undefined;
let unknown: Readonly<Record<Source, Outcome>> | undefined;

/** Built when it is first asked for, so that a bundler can leave the table out of what needs none. */
function outcomesOf(source: Source): ReadonlyMap<string, Outcome> {
  if (outcomes === undefined) {
    // Maps, because they know no inherited names such as "constructor".
    const rows: readonly [string, Row][] = Object.entries(PROBLEMS);
    outcomes = {
      credential: new Map(rows.map(([code, row]) => [code, outcome(row[3] ?? UNCONFIRMED)])),
      handler: new Map(rows.map(([code, row]) => [code, outcome([row[0], row[1], null, row[2]])])),
    };
  }
  return outcomes[source];
}

function unknownOf(source: Source): Outcome {
  unknown ??= {
    credential: outcome(UNCONFIRMED),
    handler: outcome([400, "fix_request", null, "This did not work. Check what you entered."]),
  };
  return unknown[source];
}

/**
 * What a code means when it comes from `source`.
 *
 * A code that is not in the table is, from the credential check, a 401 that asks for a refresh
 * (never a sign-in), and from a handler a 400 `fix_request`.
 *
 * @param code One of Auth's codes or of our own.
 * @param source Whether the check of the caller's token says it, or something after that.
 * @returns The frozen outcome; the same object each time.
 *
 * @example One code, two sources
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(outcomeOf("user_not_found", "credential").action, "sign_in");
 * assertEquals(outcomeOf("user_not_found", "handler").status, 404);
 * ```
 */
export function outcomeOf(code: string, source: Source): Outcome {
  return outcomesOf(source).get(code) ?? unknownOf(source);
}

/**
 * Whether the table has a row for `code`.
 *
 * @param code Anything that claims to be a code.
 * @returns Whether it is one, and narrows its type.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isProblemCode("session_not_found"));
 * assert(!isProblemCode("toString"));
 * ```
 */
export function isProblemCode(code: string): code is ProblemCode {
  return outcomesOf("handler").has(code);
}
