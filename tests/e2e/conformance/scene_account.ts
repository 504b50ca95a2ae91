import { newAddress, password, sessionId, signIn, signUp } from "./person.ts";
import type { Scene } from "./scenes.ts";

const signUpAndIn: Scene = {
  name: "sign-up and sign-in that are refused",
  ids: [
    "password/wrong",
    "password/unknown-user",
    "password/email-not-confirmed",
    "token/unsupported-grant",
    "signup/exists",
    "signup/weak",
    "signup/invalid-email",
    "signup/bad-json",
  ],
  async play({ stack, play }) {
    const { user } = await signUp(stack);
    await play("password/wrong", { body: { email: user.email, password: "wrong" } });
    await play("password/unknown-user");
    // Recorded after a sign-up that a limit refused: that user never came to be.
    await play("password/email-not-confirmed");
    await play("token/unsupported-grant");
    await play("signup/exists", { body: { email: user.email, password } });
    await play("signup/weak");
    await play("signup/invalid-email");
    await play("signup/bad-json");
  },
};

const passwordChange: Scene = {
  name: "a new password, by the user and by an admin",
  ids: [
    "password-change/own",
    "after-password-change/own",
    "after-password-change/other-device",
    "admin/password-change",
    "after-admin-password-change",
  ],
  async play({ stack, play }) {
    const own = await signUp(stack);
    const other = await signIn(stack, own);
    await play("password-change/own", { token: own.access_token });
    await play("after-password-change/own", { token: own.access_token });
    await play("after-password-change/other-device", { token: other.access_token });
    const user = await signUp(stack);
    await play("admin/password-change", { path: `/admin/users/${user.user.id}` });
    await play("after-admin-password-change", { token: user.access_token });
  },
};

const changes: Scene = {
  name: "changes to an account",
  ids: [
    "account/same-password",
    "account/weak-password",
    "account/email-exists",
    "account/change-email",
  ],
  async play({ stack, play }) {
    const own = await signUp(stack);
    const other = await signUp(stack);
    const token = own.access_token;
    await play("account/same-password", { token });
    await play("account/weak-password", { token });
    await play("account/email-exists", { token, body: { email: other.user.email } });
    await play("account/change-email", { token, body: { email: newAddress() } });
  },
};

const rules: Scene = {
  name: "the rules for a new password",
  ids: [
    "account/current-password-required",
    "account/current-password-mismatch",
    "account/reauthentication-needed",
    "account/reauthentication-not-valid",
  ],
  async play({ strict, play }) {
    const own = await signUp(strict);
    const token = own.access_token;
    await play("account/current-password-required", { token }, strict);
    await play("account/current-password-mismatch", { token }, strict);
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    await strict.store.setCreatedAt(sessionId(own), twoDaysAgo);
    await play("account/reauthentication-needed", { token }, strict);
    await play("account/reauthentication-not-valid", { token }, strict);
  },
};

export const account: readonly Scene[] = [signUpAndIn, passwordChange, changes, rules];
