/** Whether anybody may sign up: lite always allows it. */

import { AuthError, type Difference, text } from "./call.ts";

/** `enable_signup` of `[auth]` and of `[auth.email]` in config.toml. */
export const disabledSignUp: Difference = {
  auth: "a project can refuse new users",
  rows: [],
  async before(call, auth) {
    if (call.method !== "POST") return;
    // A mail link signs up whom Auth does not know yet.
    const isNew = call.path === "/signup" ||
      /^\/(?:otp|magiclink)$/.test(call.path) && call.body.create_user !== false &&
        !await auth.store.userByEmail(text(call.body.email) ?? "");
    if (!isNew) return;
    const { signUpEnabled, emailSignUpEnabled } = auth.settings;
    if (!signUpEnabled) {
      throw new AuthError(422, "signup_disabled", "Signups not allowed for this instance");
    }
    if (!emailSignUpEnabled) {
      throw new AuthError(422, "email_provider_disabled", "Email signups are disabled");
    }
  },
};
