/** The recorded answers that the embedded stack does not give, each with the reason. */

/** Ids, or beginnings of ids that end in `*`, and why they are left out. */
export const notEmulated: Readonly<Record<string, string>> = {
  "mfa/*": "MFA is not emulated",
  "after-mfa-*": "MFA is not emulated",
  "user/aal1-with-mfa": "MFA is not emulated",
  "signup/anonymous": "anonymous users are not emulated",
  "user/anonymous": "anonymous users are not emulated",
  "admin/ok": "the admin API's list of users is not emulated",
  "user/past-timebox": "the embedded stack has no time-box",
  "refresh/past-timebox": "the embedded stack has no time-box",
  "account/email-not-authorized*": "no address is forbidden where no mail is sent",
  "signup/email-not-authorized": "no address is forbidden where no mail is sent",
  "account/reauthenticate": "recorded at a mail limit; the embedded stack has no limits",
  "signup/unconfirmed": "recorded at a mail limit; the embedded stack has no limits",
  "limit/*": "the embedded stack has no limits",
  "fault/*": "faults of a database server",
  "oauth/callback-forged-state": "needs a signed state; lite's states are ids",
  "oauth/callback-denied": "needs an OAuth provider",
};

/** The reason why an id is left out, if it is. */
export function whyNotEmulated(id: string): string | undefined {
  const found = Object.entries(notEmulated).find(([pattern]) =>
    pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern
  );
  return found?.[1];
}
