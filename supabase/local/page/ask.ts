/** The dialog for what Auth wants to know before it changes a password. */

import type { Problem } from "../../../shared/browser/mod.ts";
import { byId } from "./dom.ts";

/** What to ask for, by the problem's code. */
function field(code: string): { name: "nonce" | "current_password"; label: string } {
  return code.startsWith("reauth")
    ? { name: "nonce", label: "Code from the mail" }
    : { name: "current_password", label: "Current password" };
}

/** Asks the user; gives the body with the proof in it, or nothing if it was cancelled. */
export async function askForProof(problem: Problem, body: unknown): Promise<unknown> {
  const { name, label } = field(problem.code);
  const dialog = byId<HTMLDialogElement>("ask");
  const input = dialog.querySelector("input");
  if (input === null) return undefined;
  byId("ask-why").textContent = problem.message;
  byId("ask-label").textContent = label;
  input.value = "";
  input.type = name === "nonce" ? "text" : "password";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const fields = typeof body === "object" && body !== null ? body : {};
  return dialog.returnValue === "ok" ? { ...fields, [name]: input.value } : undefined;
}
