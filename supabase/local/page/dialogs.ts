/** The dialog for what Auth wants to know anew: the password, a code that it mails, a second factor. */

import type { Dialog, Problem } from "../../../shared/browser/mod.ts";
import { SIMULATED_CODE } from "../auth/simulated_code.ts";
import { changeSession, hooks, supabase } from "./client.ts";
import { byId, say } from "./dom.ts";
import { currentUser } from "./user.ts";

/** What the dialog asks for. */
interface Question {
  readonly title: string;
  readonly why: string;
  /** A code, and where it is found. */
  readonly code?: { readonly label: string; readonly hint: string } | undefined;
  readonly password: boolean;
}

/** What the user gave; empty where it was not asked for. */
interface Proof {
  readonly password: string;
  readonly code: string;
}

/** The code was sent in with the last answer: Auth uses it up before it looks at the password. */
let isNonceUsed = false;

async function mailedCode(): Promise<string> {
  const accept = { headers: { accept: "application/json" } };
  const mails: { to: string; type: string; code: string }[] =
    await (await fetch("/_local/mail", accept)).json();
  const { email } = currentUser();
  const mail = mails.findLast(({ to, type }) => to === email && type === "reauthentication");
  return `In this stack's mails: ${mail?.code ?? "none yet"}`;
}

/** Shows an input and its label, or hides both. */
function ask(name: "code" | "password", isAsked: boolean): void {
  const input = byId<HTMLFormElement>("dialog-form").elements.namedItem(name) as HTMLInputElement;
  byId(`dialog-${name}`).hidden = !isAsked;
  input.required = isAsked;
}

/** Shows the dialog. */
async function show(
  { title, why, code, password }: Question,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const dialog = byId<HTMLDialogElement>("dialog");
  const form = byId<HTMLFormElement>("dialog-form");
  form.reset();
  byId("dialog-title").textContent = title;
  byId("dialog-why").textContent = why;
  ask("code", code !== undefined);
  ask("password", password);
  byId("code-label").textContent = code?.label ?? "";
  byId("code-hint").textContent = code?.hint ?? "";
  byId("password-hint").textContent = `In this demo: ${currentUser().password}`;
  dialog.returnValue = "";
  const close = () => dialog.close("");
  signal.addEventListener("abort", close);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  signal.removeEventListener("abort", close);
  if (dialog.returnValue !== "ok") return undefined;
  const given = new FormData(form);
  return { password: String(given.get("password")), code: String(given.get("code")) };
}

async function reauthenticate(
  { code, message }: Problem,
  { signal }: Dialog<object>,
): Promise<object | undefined> {
  const isMistyped = code === "reauthentication_not_valid";
  const needsMail = code === "reauthentication_needed" ||
    (code === "current_password_invalid" && isNonceUsed);
  if (needsMail) {
    const { error } = await supabase.auth.reauthenticate();
    if (error) {
      say(`Auth could not send the code: ${error.message}`, "bad");
      return undefined;
    }
  }
  const mailed = needsMail || isMistyped
    ? { label: "Code from the mail", hint: await mailedCode() }
    : undefined;
  const question = { title: "Is it you?", why: message, code: mailed, password: true };
  const proof = await show(question, signal);
  isNonceUsed = proof !== undefined && mailed !== undefined;
  if (proof === undefined) return undefined;
  const { password: current_password, code: nonce } = proof;
  return mailed ? { current_password, nonce } : { current_password };
}

/** Asks until what was given is right, or the dialog is cancelled: one mistake is not the end. */
async function askUntil(
  question: Question,
  signal: AbortSignal,
  send: (proof: Proof) => Promise<{ readonly error: Error | null }>,
): Promise<boolean> {
  let { why } = question;
  for (;;) {
    const proof = await show({ ...question, why }, signal);
    if (proof === undefined) return false;
    const { error } = await changeSession(() => send(proof));
    if (error === null) return true;
    why = `${error.message}. Try again.`;
  }
}

async function confirmFactor({ message }: Problem, signal: AbortSignal): Promise<boolean> {
  const { data } = await supabase.auth.mfa.listFactors();
  const factorId = data?.totp[0]?.id;
  if (factorId === undefined) return false;
  const hint = `This stack simulates the factor: its code is always ${SIMULATED_CODE}`;
  const code = { label: "Code of the second factor", hint };
  return await askUntil(
    { title: "Confirm the second factor", why: message, code, password: false },
    signal,
    ({ code }) => supabase.auth.mfa.challengeAndVerify({ factorId, code }),
  );
}

/** A sign-in that is too old is made anew, in place: for users without a second factor too. */
async function stepUp(problem: Problem, { signal }: Dialog<true | void>): Promise<boolean> {
  const { code, message } = problem;
  if (code === "insufficient_aal") return await confirmFactor(problem, signal);
  if (code !== "authentication_too_old") return false;
  return await askUntil(
    { title: "Sign in anew", why: message, password: true },
    signal,
    ({ password }) => supabase.auth.signInWithPassword({ email: currentUser().email, password }),
  );
}

/** Takes the dialog into use. */
export function startDialogs(): void {
  hooks.onReauthenticate = reauthenticate;
  hooks.onStepUp = stepUp;
}
