import type { RecordedScenario } from "../scenario.ts";
import { newAddress, PASSWORD, sessionId, signIn, signUp } from "../users.ts";

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

const refusedSignIns: RecordedScenario = {
  name: "sign-up and sign-in that are refused",
  async run({ stack, compare }) {
    const { user: { email } } = await signUp(stack);
    await compare("password/wrong", { body: { email, password: "wrong" } });
    await compare("password/unknown-user");
    // Recorded after a rate limit had refused the sign-up: the user does not exist.
    await compare("password/email-not-confirmed");
    await compare("token/unsupported-grant");
    await compare("signup/exists", { body: { email, password: PASSWORD } });
    await compare("signup/weak");
    await compare("signup/invalid-email");
    await compare("signup/bad-json");
  },
};

const passwordChanges: RecordedScenario = {
  name: "a password set by the user and by an admin",
  async run({ stack, compare, compareAs }) {
    const own = await signUp(stack);
    const other = await signIn(stack, own);
    await compareAs(own, "password-change/own", "after-password-change/own");
    await compareAs(other, "after-password-change/other-device");
    const session = await signUp(stack);
    await compare("admin/password-change", { path: `/admin/users/${session.user.id}` });
    await compareAs(session, "after-admin-password-change");
  },
};

const refusedChanges: RecordedScenario = {
  name: "changes of password and e-mail address",
  async run({ stack, compare, compareAs }) {
    const own = await signUp(stack);
    const { user: { email } } = await signUp(stack);
    const token = own.access_token;
    await compareAs(own, "account/same-password", "account/weak-password");
    await compare("account/email-exists", { token, body: { email } });
    await compare("account/change-email", { token, body: { email: newAddress() } });
  },
};

const passwordRules: RecordedScenario = {
  name: "the optional rules for a password change",
  async run({ strict, compare }) {
    const own = await signUp(strict);
    const values = { token: own.access_token };
    await compare("account/current-password-required", values, strict);
    await compare("account/current-password-mismatch", values, strict);
    await strict.store.setCreatedAt(sessionId(own), new Date(Date.now() - TWO_DAYS_MS));
    await compare("account/reauthentication-needed", values, strict);
    await compare("account/reauthentication-not-valid", values, strict);
  },
};

export const accounts: readonly RecordedScenario[] = [
  refusedSignIns,
  passwordChanges,
  refusedChanges,
  passwordRules,
];
