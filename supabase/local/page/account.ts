/** Who is signed in on this device: sign up, sign in, sign out, and the mail for those who forgot. */

import type { AuthError } from "@supabase/supabase-js";
import { onSession } from "../../../shared/browser/mod.ts";
import { begin } from "./calls.ts";
import { hooks, isStorageClean, supabase, visitor } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import { newPerson, type Person, remember } from "./person.ts";
import type { Run } from "./timeline.ts";
import { expect, showSignedOut } from "./verdicts.ts";

let person: Person = visitor ?? newPerson();
/** Whether there was a session since the page was opened. */
let was = false;

/** What supabase-js says about a call of its own; it has no words for an Auth that is away. */
function words({ message, status = 0 }: AuthError): string {
  return status === 0 || status >= 500
    ? "Auth does not answer. Try again when it is back."
    : message;
}

/** Ends a run with what supabase-js said; throws it for the status. */
function conclude(run: Run, error: AuthError | null, done: string): void {
  run.end(error ? "bad" : "ok", error ? words(error) : done);
  if (error) throw new Error(words(error));
}

/** Takes down what is now known of the person, who may sign in with it again. */
export function know(change: Partial<Person>): void {
  person = { ...person, ...change };
  remember(person);
  const form = byId<HTMLFormElement>("sign-in-form");
  for (const [name, value] of Object.entries(person)) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = value;
  }
}

/** Signs up, which signs in: this stack confirms no addresses. */
export async function signUp(): Promise<void> {
  const run = begin("Sign up");
  const { error } = await supabase.auth.signUp(person);
  conclude(run, error, `signed in as ${person.email}`);
}

async function signIn(): Promise<void> {
  const run = begin("Sign in");
  const { error } = await supabase.auth.signInWithPassword(person);
  conclude(run, error, `signed in as ${person.email}`);
  say(`Signed in as ${person.email}.`);
}

/** Makes sure that somebody is signed in, whoever it was, else somebody new. */
export async function ensureSignedIn(): Promise<void> {
  const { data } = await supabase.auth.getSession();
  if (data.session) return;
  if (visitor === undefined && !was) return await signUp();
  try {
    await signIn();
  } catch {
    know(newPerson());
    await signUp();
  }
}

async function forgot(): Promise<void> {
  const run = begin("Password forgotten");
  // The link leads to this page, because this page asks for it; see siteOf() in mail/outbox.ts.
  const redirectTo = location.origin;
  const { error } = await supabase.auth.resetPasswordForEmail(person.email, { redirectTo });
  conclude(run, error, "a mail was sent");
  const accept = { headers: { accept: "application/json" } };
  const mails: { to: string; link?: string }[] = await (await fetch("/_local/mail", accept)).json();
  const link = mails.findLast(({ to }) => to === person.email)?.link;
  byId("mail").hidden = link === undefined;
  byId<HTMLAnchorElement>("mail-link").href = link ?? "/_local/mail";
  say("Auth has sent a mail. Its link is below the form.");
}

/** Shows who is signed in, or the form. */
export function show(email: string | undefined): void {
  const signedOut = email === undefined;
  const form = byId("sign-in");
  // After a sign-out the focus goes where the user goes on.
  const appears = form.hidden && signedOut && was;
  form.hidden = !signedOut;
  byId("account").hidden = signedOut;
  if (signedOut) byId("new-password").hidden = true;
  const chip = byId("who");
  chip.textContent = signedOut ? "Signed out" : `Signed in as ${email}`;
  chip.dataset.tone = signedOut ? "bad" : "ok";
  if (appears) byId("sign-in-title").focus({ preventScroll: true });
}

/**
 * Takes form and buttons into use.
 *
 * @param expected Whether somebody will be signed in at once: then no form comes up before.
 */
export function startAccount(expected: boolean): void {
  know({});
  const form = byId<HTMLFormElement>("sign-in-form");
  const actions: Record<string, () => Promise<void>> = { in: signIn, up: signUp, forgot };
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of form.querySelectorAll<HTMLButtonElement>("button")) {
    onClick(button, async () => {
      if (button.value !== "forgot" && !form.checkValidity()) return;
      const { email, password } = Object.fromEntries(new FormData(form));
      know({ email: String(email), password: String(password) });
      await actions[button.value]?.();
    });
  }
  for (const [id, scope] of [["sign-out", "local"], ["sign-out-all", "global"]] as const) {
    onClick(byId(id), async () => {
      const run = begin(`Sign out, ${scope}`);
      const { error } = await supabase.auth.signOut({ scope });
      conclude(run, error, "signed out");
      showSignedOut();
      say("You signed out.");
    });
  }
  hooks.onSignedOut = (problem) => {
    const clean = isStorageClean() ? "its storage is clean" : "its storage still holds something";
    say(`${problem.message} This page has signed out by itself, and ${clean}.`);
  };
  let told = false;
  onSession(supabase, ({ kind, session }) => {
    was ||= session !== null;
    if (kind === "signed_in" && session) expect(session.access_token);
    if (was || !expected) show(session ? session.user?.email ?? person.email : undefined);
    if (kind === "signed_out" && told && document.hidden) say("Signed out in another tab.");
    told = true;
  });
}
