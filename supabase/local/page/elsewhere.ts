/** The buttons that do to this session what other devices and admins do, and how Auth is. */

import { begin, call, newPassword } from "./calls.ts";
import { control, replaceToken, storedToken } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import type { Person } from "./person.ts";

/** What has happened, and what to do now. */
const sentences: Record<string, string> = {
  "session/end": "The session was ended elsewhere. This page does not know yet: call a function.",
  "session/expire": "The token has run out, and this page's clock does not know. Call a function.",
  "user/password":
    "The password was changed elsewhere, which ended every session. Call a function.",
  "user/ban": "The user is banned. Call a function: nobody is signed out for a ban.",
  "user/unban": "The ban is lifted. The same session works again, within five seconds.",
  "user/delete": "The user is gone. Call a function.",
};

/** What the timeline calls it. */
const titles: Record<string, string> = {
  "session/end": "the session ends",
  "session/expire": "the token runs out",
  "user/password": "a new password",
  "user/ban": "the user is banned",
  "user/unban": "the ban is lifted",
  "user/delete": "the user is deleted",
};

/** What Auth does in each mode, in a word for the chip and a sentence for the status. */
const modes: Record<string, readonly [tone: string, sentence: string]> = {
  on: ["ok", "Auth is on."],
  off: ["bad", "Auth is off. Call a function: it waits, and nobody is signed out."],
  slow: ["wait", "Auth takes five seconds. Functions wait for three, then they answer 503."],
  limited: ["wait", "Auth answers 429. Functions pass that on, with a time to wait."],
};

/** The token that was stored last, for what happens to a user who is signed out already. */
let lastToken: string | undefined;

/** Does one of the things. */
export async function happen(what: string, known: (person: Partial<Person>) => void) {
  lastToken = storedToken() ?? lastToken;
  if (lastToken === undefined) throw new Error("Sign in first.");
  const password = newPassword();
  const run = begin(`Elsewhere: ${titles[what] ?? what}`);
  try {
    const body = what === "user/password" ? { password } : {};
    const { access_token: token } = await control(what, { token: lastToken, ...body });
    if (what === "user/password") known({ password });
    if (what === "session/expire" && storedToken()) replaceToken(String(token));
    run.end("info", sentences[what] ?? "Done.");
    say(sentences[what] ?? "Done.");
  } catch (error) {
    run.end("bad", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function showMode(mode: string): void {
  const [tone = "ok"] = modes[mode] ?? [];
  const chip = byId("auth-chip");
  chip.textContent = `Auth is ${mode}`;
  chip.dataset.tone = tone;
  const radio = byId("modes").querySelector<HTMLInputElement>(`[value="${mode}"]`);
  if (radio) radio.checked = true;
}

/** Takes the buttons into use. */
export async function startElsewhere(
  known: (person: Partial<Person>) => void,
  signedIn: () => Promise<void>,
): Promise<void> {
  for (const button of byId("elsewhere").querySelectorAll<HTMLElement>("[data-do]")) {
    onClick(button, () => happen(button.dataset.do ?? "", known));
  }
  onClick(byId("show"), async () => {
    await signedIn();
    await happen("session/end", known);
    await call("GET me");
  });
  byId("modes").addEventListener("change", async (event) => {
    const { value } = event.target as HTMLInputElement;
    await control("auth", { mode: value });
    showMode(value);
    say(modes[value]?.[1] ?? "");
  });
  const { mode } = await (await fetch("/_local/auth")).json();
  showMode(mode);
}
