/** The buttons that end or change the session as time, other devices and admins do, and Auth's faults. */

import { callFunction, firstCall, hasFunction } from "./calls.ts";
import { changeStoredSession, control, storedToken } from "./client.ts";
import { byId, onClick, say, type Tone } from "./dom.ts";
import { Run } from "./run.ts";
import { newPassword, rememberUser } from "./user.ts";

/** What a button does. */
interface Change {
  /** The control route. */
  readonly path: string;
  /** The title of its run. */
  readonly title: string;
  /** What has happened, and what to do now. */
  readonly text: string;
  /** What to change in the stored session, given the token that the route returned. */
  readonly store?: (access_token: string) => Parameters<typeof changeStoredSession>[0];
  /** The text where the user has signed out; without it, the button needs a session. */
  readonly signedOut?: string;
}

/** The calls that ask for a recent sign-in or a second factor. */
const ASKING = hasFunction("account")
  ? "PUT account/password or DELETE account/other-sessions"
  : "A function with requireRecentAuth() or requireAal()";

const CHANGES: Readonly<Record<string, Change>> = {
  end: {
    path: "session/end",
    title: "Elsewhere: the session ends",
    text: "The session was ended elsewhere. This page does not know yet: call a function.",
  },
  password: {
    path: "user/password",
    title: "Elsewhere: a new password",
    text: "The password was changed elsewhere, which ended every session. Call a function.",
  },
  ban: {
    path: "user/ban",
    title: "Elsewhere: the user is banned",
    text: "The user is banned. Call a function: nobody is signed out for a ban.",
  },
  unban: {
    path: "user/unban",
    title: "Elsewhere: the ban is lifted",
    text: "The ban is lifted. The same session works again, within five seconds.",
    signedOut: "The ban is lifted. Sign in.", // which a ban prevents
  },
  delete: {
    path: "user/delete",
    title: "Elsewhere: the user is deleted",
    text: "The user is deleted. Call a function.",
  },
  expire: {
    path: "session/expire",
    title: "Here: the token runs out",
    text: "The token has run out, and this device knows. Call something: it is renewed first.",
    store: (access_token) => ({ access_token, expires_at: Math.floor(Date.now() / 1000) - 60 }),
  },
  // The stored expiry stays, as on a device whose clock is behind.
  "expire-unnoticed": {
    path: "session/expire",
    title: "Here: the token runs out unnoticed",
    text: "The token has run out, and this device does not know. Call a function.",
    store: (access_token) => ({ access_token }),
  },
  age: {
    path: "session/age",
    title: "Here: the sign-in becomes a day old",
    text: `The sign-in is 25 hours old. ${ASKING} now asks who you are.`,
    store: (access_token) => ({ access_token }),
  },
  factor: {
    path: "user/factor",
    title: "Here: a second factor, simulated",
    text:
      `The user has a second factor. It is simulated: its code is always the same. ${ASKING} now ` +
      "asks for it.",
  },
};

/** What Auth does in each mode, for the header and as a headline. */
const MODES: Readonly<Record<string, readonly [chip: string, tone: Tone, text: string]>> = {
  on: ["Auth is on", "ok", "Auth is on."],
  off: ["Auth is off", "bad", "Auth is off. Call a function: it waits, and nobody is signed out."],
  slow: [
    "Auth is slow",
    "wait",
    "Auth takes five seconds. Functions wait for three, then they answer 503.",
  ],
  limited: [
    "Auth limits us",
    "wait",
    "Auth answers 429. Functions pass that on, with a time to wait.",
  ],
  no_refresh: [
    "Auth renews nothing",
    "bad",
    "No session is renewed: a firewall answers 403. Let the token run out, then call something.",
  ],
};

/** The token that was stored last, for a change of a user who is signed out already. */
let lastToken: string | undefined;

async function apply(change: Change): Promise<void> {
  lastToken = storedToken() ?? lastToken;
  const { path, title, store } = change;
  const text = storedToken() === undefined ? change.signedOut : change.text;
  if (lastToken === undefined || text === undefined) {
    throw new Error("Nobody is signed in here. Sign in first.");
  }
  const password = newPassword();
  const run = new Run({ title });
  try {
    const body = path === "user/password" ? { password } : {};
    const { access_token } = await control(path, { token: lastToken, ...body });
    if (path === "user/password") rememberUser({ password });
    if (store) changeStoredSession(store(String(access_token)));
    run.end("info", text.replace(/\. .*/, "."));
    say(text, "info");
  } catch (error) {
    run.end("bad", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function showMode(mode: string): void {
  const [chip = `Auth: ${mode}`, tone = "info"] = MODES[mode] ?? [];
  byId("auth").textContent = chip;
  byId("auth").dataset.tone = tone;
  const radio = byId("modes").querySelector<HTMLInputElement>(`[value="${mode}"]`);
  if (radio) radio.checked = true;
}

/** Another tab may have set another mode. */
async function loadMode(): Promise<void> {
  const { mode } = await (await fetch("/_local/auth")).json();
  showMode(mode);
}

/**
 * Takes the buttons into use.
 *
 * @param ensureSignedIn Signs somebody in, if nobody is.
 */
export async function startStackControls(ensureSignedIn: () => Promise<void>): Promise<void> {
  for (const button of document.querySelectorAll<HTMLElement>("[data-change]")) {
    const change = CHANGES[button.dataset.change ?? ""];
    if (change) onClick(button, () => apply(change));
  }
  onClick(byId("show"), async () => {
    await ensureSignedIn();
    if (CHANGES.end) await apply(CHANGES.end);
    if (firstCall) await callFunction(firstCall);
  });
  byId("show").hidden = firstCall === undefined;
  const tabs = new BroadcastChannel("edge-auth-page");
  byId("modes").addEventListener("change", async (event) => {
    const { value } = event.target as HTMLInputElement;
    await control("auth", { mode: value });
    showMode(value);
    const [, tone = "info", text = ""] = MODES[value] ?? [];
    say(text, tone === "bad" ? "wait" : tone);
    tabs.postMessage(value);
  });
  tabs.addEventListener("message", ({ data }) => showMode(String(data)));
  addEventListener("focus", () => void loadMode().catch(() => {}));
  await loadMode();
}
