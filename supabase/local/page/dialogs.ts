/** The dialog for what Auth wants to know anew: the password, and perhaps a code that it mails. */

import type { Dialog, Problem } from "../../../shared/browser/mod.ts";
import { changeSession, hooks, supabase } from "./client.ts";
import { byId, say } from "./dom.ts";
import { currentUser } from "./user.ts";

/** What the user gave. */
interface Proof {
  readonly current_password: string;
  readonly nonce?: string;
}

/** The code was sent in with the last answer: Auth uses it up before it looks at the password. */
let isNonceUsed = false;

async function mailedCode(): Promise<string> {
  const accept = { headers: { accept: "application/json" } };
  const mails: { to: string; type: string; code: string }[] =
    await (await fetch("/_local/mail", accept)).json();
  const { email } = currentUser();
  const mail = mails.findLast(({ to, type }) => to === email && type === "reauthentication");
  return mail?.code ?? "in the mails of this stack";
}

/** Shows the dialog. */
async function show(
  title: string,
  why: string,
  code: string | undefined,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const dialog = byId<HTMLDialogElement>("dialog");
  const form = byId<HTMLFormElement>("dialog-form");
  const nonce = form.elements.namedItem("nonce") as HTMLInputElement;
  form.reset();
  byId("dialog-title").textContent = title;
  byId("dialog-why").textContent = why;
  byId("dialog-code").hidden = code === undefined;
  nonce.required = code !== undefined;
  byId("code-hint").textContent = code ? `In this stack's mails: ${code}` : "";
  byId("password-hint").textContent = `In this demo: ${currentUser().password}`;
  dialog.returnValue = "";
  const close = () => dialog.close("");
  signal.addEventListener("abort", close);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  signal.removeEventListener("abort", close);
  if (dialog.returnValue !== "ok") return undefined;
  const { current_password, nonce: given } = Object.fromEntries(new FormData(form));
  return { current_password: String(current_password), ...(code ? { nonce: String(given) } : {}) };
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
  const mailed = needsMail || isMistyped ? await mailedCode() : undefined;
  const proof = await show("Is it you?", message, mailed, signal);
  isNonceUsed = proof?.nonce !== undefined;
  return proof;
}

/** A sign-in that is too old is made anew, in place: for users without a second factor too. */
async function signInAnew({ code, message }: Problem, { signal }: Dialog<true | void>) {
  if (code !== "authentication_too_old") return false;
  let why = message;
  for (;;) {
    const proof = await show("Sign in anew", why, undefined, signal);
    if (proof === undefined) return false;
    const { email } = currentUser();
    const password = proof.current_password;
    const send = () => supabase.auth.signInWithPassword({ email, password });
    const { error } = await changeSession(send);
    if (error === null) return true;
    why = `${error.message}. Try again.`; // one mistyped password is not the end
  }
}

/** Takes the dialog into use. */
export function startDialogs(): void {
  hooks.onReauthenticate = reauthenticate;
  hooks.onStepUp = signInAnew;
}
