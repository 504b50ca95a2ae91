/** The dialog for what Auth wants to know before it changes a password. */

import type { Problem } from "../../../shared/browser/mod.ts";
import { byId } from "./dom.ts";

/** What to ask for, by the problem's code, and where a visitor finds it. */
function field(code: string) {
  if (code.startsWith("reauth")) {
    const hint = "The mails of this stack hold it.";
    return { name: "nonce", label: "Code from the mail", hint } as const;
  }
  const known = byId("sign-in-form").querySelector<HTMLInputElement>("[name=password]")?.value;
  const hint = `In this demo it is ${known}`;
  return { name: "current_password", label: "Current password", hint } as const;
}

/** Asks the user; gives the proof, or nothing if it was cancelled. */
export async function askForProof(problem: Problem): Promise<object | undefined> {
  const { name, label, hint } = field(problem.code);
  const dialog = byId<HTMLDialogElement>("ask");
  const input = dialog.querySelector("input");
  if (input === null) return undefined;
  byId("ask-why").textContent = problem.message;
  byId("ask-label").textContent = label;
  byId("ask-hint").textContent = hint;
  input.value = "";
  input.type = name === "nonce" ? "text" : "password";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "ok" ? { [name]: input.value } : undefined;
}
