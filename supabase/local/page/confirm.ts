/** Where the links of mails lead: it posts on a click, and then lets the user choose a password. */

import { type Problem, problemOf } from "../../../shared/browser/mod.ts";
import { parseAuthRedirect } from "../../../shared/problems/auth_redirect.ts";
import { begin } from "./calls.ts";
import { invoke, supabase } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import type { Person } from "./person.ts";
import { publishableKey } from "./person.ts";

const proof = new URLSearchParams(location.search);

/** Whether the page was opened by the link of a mail. */
export const isLink = location.pathname === "/auth/confirm" && proof.has("token_hash");

/** What Auth wrote into the address, if it led here with an error; the address is cleaned of it. */
export function takeRedirectProblem(): Problem | null {
  const { problem, url } = parseAuthRedirect(location.href);
  if (problem) history.replaceState(null, "", url);
  return problem;
}

async function follow(): Promise<void> {
  const run = begin("The link of the mail");
  const body = { token_hash: proof.get("token_hash"), type: proof.get("type") };
  // As nobody: whoever is signed in here has nothing to do with whose link this is.
  const headers = { Authorization: `Bearer ${publishableKey}` };
  const { data, error } = await invoke("auth-callback", { body, headers });
  const problem = problemOf(error);
  if (error) {
    run.end("bad", problem ? `${problem.code}, action ${problem.action}` : String(error));
    return say(problem?.message ?? "The link could not be used.");
  }
  run.end("ok", "the link became a session");
  history.replaceState(null, "", "/");
  byId("confirm").hidden = true;
  byId("verdicts").hidden = body.type === "recovery";
  const { access_token, refresh_token } = data;
  const { error: refused } = await supabase.auth.setSession({ access_token, refresh_token });
  if (refused) throw refused;
  if (body.type !== "recovery") return say("Your address is confirmed, and you are signed in.");
  byId("new-password").hidden = false;
  byId("new-password-title").focus();
  say("You are signed in. Choose a new password.");
}

/** Takes the link's button and the form for the new password into use. */
export function startConfirm(known: (person: Partial<Person>) => void): void {
  byId("confirm").hidden = !isLink;
  byId("verdicts").hidden = isLink; // there is one thing to do here
  onClick(byId("confirm-go"), follow);
  const form = byId<HTMLFormElement>("new-password-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const password = String(new FormData(form).get("password"));
    const run = begin("PUT account/password");
    const { error } = await invoke("account/password", { method: "PUT", body: { password } });
    const problem = problemOf(error);
    run.end(error ? "bad" : "ok", problem?.code ?? "the new password is set");
    if (error) return say(problem?.message ?? "The password could not be set.");
    const { data } = await supabase.auth.getUser();
    known({ password, ...(data.user?.email ? { email: data.user.email } : {}) });
    byId("new-password").hidden = true;
    byId("verdicts").hidden = false;
    say("The new password is set. Every other session of yours has ended.");
  });
}
