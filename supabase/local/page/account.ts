/** Who is signed in on this device: sign up, sign in, sign out, and the mail for a forgotten password. */

import type { AuthError } from "@supabase/supabase-js";
import { onSession } from "../../../shared/browser/mod.ts";
import {
  changeSession,
  hooks,
  isOfAnotherTab,
  isStorageClean,
  storedToken,
  supabase,
  visitor,
} from "./client.ts";
import { byId, onClick, say, sayLater } from "./dom.ts";
import { Run } from "./run.ts";
import { currentUser, newUser, rememberUser, startUser } from "./user.ts";
import { showNewToken, showSignature, showSignedOut } from "./verdicts.ts";

/** Whether somebody was signed in since the page was opened. */
let wasSignedIn = false;

/** What went wrong with a sign-in; supabase-js has no message for an outage or a limit of Auth. */
function messageOf({ message, status = 0 }: AuthError): string {
  if (status === 429) return "Too many tries. Auth limits them: wait a moment, then try again.";
  if (status === 0 || status >= 500) return "Auth does not answer. Try again when it is back.";
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/**
 * Sends a request to Auth as a run of its own.
 *
 * @throws {Error} Auth refused it; the message says why.
 */
async function runRequest(
  title: string,
  path: string,
  send: () => Promise<{ error: AuthError | null }>,
  done: string,
): Promise<void> {
  const run = new Run({ title, requests: [`POST /auth/v1${path}`] });
  sayLater(`${title} is under way.`);
  const { error } = await changeSession(send);
  run.end(error ? "bad" : "ok", error ? messageOf(error) : done);
  if (error) throw new Error(messageOf(error));
}

async function signUp(): Promise<void> {
  const user = currentUser();
  const done = `signed in as ${user.email}`;
  await runRequest("Sign up", "/signup", () => supabase.auth.signUp(user), done);
  say(`Signed in as ${user.email}. That account is new.`, "ok");
}

async function signIn(): Promise<void> {
  const user = currentUser();
  const path = "/token?grant_type=password";
  const send = () => supabase.auth.signInWithPassword(user);
  await runRequest("Sign in", path, send, `signed in as ${user.email}`);
  say(`Signed in as ${user.email}.`, "ok");
}

/** Signs in, if nobody is: the user of before, else a new one. */
export async function ensureSignedIn(): Promise<void> {
  const { data } = await supabase.auth.getSession();
  if (data.session) return;
  if (visitor === undefined && !wasSignedIn) return await signUp();
  try {
    await signIn();
  } catch {
    rememberUser(newUser());
    await signUp();
  }
}

async function sendRecoveryMail(): Promise<void> {
  const { email } = currentUser();
  // The link leads to this page, because this page asks for it; see siteOf() in mail/outbox.ts.
  const redirectTo = location.origin;
  const send = () => supabase.auth.resetPasswordForEmail(email, { redirectTo });
  await runRequest("Password forgotten", "/recover", send, "a mail was sent");
  const accept = { headers: { accept: "application/json" } };
  const mails: { to: string; link?: string }[] = await (await fetch("/_local/mail", accept)).json();
  const link = mails.findLast(({ to }) => to === email)?.link;
  byId("mail").hidden = link === undefined;
  byId<HTMLAnchorElement>("mail-link").href = link ?? "/_local/mail";
  say("Auth has sent a mail. Its link is below the form.", "info");
  byId("mail-link").focus();
}

async function signOut(scope: "local" | "global"): Promise<void> {
  const title = scope === "local" ? "Sign out here" : "Sign out everywhere";
  try {
    await runRequest(title, "/logout", () => supabase.auth.signOut({ scope }), "signed out");
    say("You signed out.");
  } catch (error) {
    if (storedToken() !== undefined) throw error;
    showSignedOut(false);
    say("You signed out on this device. Auth could not be told, so the session itself goes on.");
  }
}

/** Shows who is signed in, or the form; the focus follows, if it was in what goes. */
export function showAccount(email: string | undefined): void {
  const isSignedOut = email === undefined;
  const [form, account] = [byId("sign-in"), byId("account")];
  const appears = form.hidden && isSignedOut && wasSignedIn;
  const wasInForm = form.contains(document.activeElement);
  form.hidden = !isSignedOut;
  account.hidden = isSignedOut;
  byId("to-sign-in").hidden = !isSignedOut;
  if (isSignedOut) byId("new-password").hidden = true;
  else byId("mail").hidden = true;
  const who = byId("who");
  who.textContent = isSignedOut ? "Signed out" : `Signed in as ${email}`;
  who.dataset.tone = isSignedOut ? "bad" : "ok";
  if (appears) byId("sign-in-title").focus({ preventScroll: true });
  else if (wasInForm && !isSignedOut) byId("account-title").focus({ preventScroll: true });
}

/**
 * Takes form and buttons into use.
 *
 * @param isNew Whether somebody will be signed in at once: then no form comes up before.
 */
export function startAccount(isNew: boolean): void {
  startUser(visitor);
  const form = byId<HTMLFormElement>("sign-in-form");
  const actions: Record<string, () => Promise<void>> = {
    in: signIn,
    up: signUp,
    forgot: sendRecoveryMail,
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of form.querySelectorAll<HTMLButtonElement>("button")) {
    onClick(button, async () => {
      if (button.value !== "forgot" && !form.checkValidity()) return;
      const { email, password } = Object.fromEntries(new FormData(form));
      rememberUser({ email: String(email), password: String(password) });
      await actions[button.value]?.();
    });
  }
  onClick(byId("sign-out"), () => signOut("local"));
  onClick(byId("sign-out-all"), () => signOut("global"));
  hooks.onSignedOut = (problem) => {
    if (problem.code === "no_authorization") {
      showSignedOut();
      if (isOfAnotherTab()) say("Signed out in another tab.", "bad");
    } else {
      const clean = isStorageClean() ? "its storage is clean" : "its storage still holds something";
      say(`${problem.message} This page has signed out by itself, and ${clean}.`, "bad");
    }
  };
  let isUnknown = true;
  onSession(supabase, ({ kind, session }) => {
    const isFirst = isUnknown;
    isUnknown = false;
    wasSignedIn ||= session !== null;
    if (kind === "signed_in") showNewToken(session.access_token);
    if (kind === "signed_in" && !isFirst && isOfAnotherTab()) {
      say(`Signed in as ${session.user.email} in another tab.`, "ok");
    }
    if (kind === "refreshed") void showSignature(session.access_token);
    if (wasSignedIn || !isNew) {
      showAccount(session ? session.user?.email ?? currentUser().email : undefined);
    }
  });
}
