/** Where the links of mails lead: it posts on a click, and then lets the user choose a password. */

import type { EmailOtpType, Session } from "@supabase/supabase-js";
import type { Problem } from "../../../shared/browser/mod.ts";
import { problemOf } from "../../../shared/browser/mod.ts";
import { parseAuthRedirect } from "../../../shared/problems/auth_redirect.ts";
import { callFunction, changePassword, hasFunction } from "./calls.ts";
import { changeSession, supabase } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import { publishableKey, rememberUser } from "./user.ts";

const query = new URLSearchParams(location.search);

/** Whether the page was opened by the link of a mail. */
export const isLink = location.pathname === "/auth/confirm" && query.has("token_hash");

/** What Auth wrote into the address, if it led here with an error; the address is cleaned of it. */
export function takeRedirectProblem(): Problem | null {
  const { problem, url } = parseAuthRedirect(location.href);
  if (problem) history.replaceState(null, "", url);
  return problem;
}

/** Says that a link does not work, why, and what to do. */
export function showInvalidLink(problem: Problem | undefined): void {
  const isUsedUp = problem?.code === "otp_expired";
  byId("link").hidden = false;
  byId("link-title").textContent = isUsedUp ? "This link is used up" : "This link did not work";
  byId("link-text").textContent = isUsedUp
    ? "A link of a mail works once, and only for a while. Ask for a new mail on the page."
    : "Nothing has changed. Try the link again, or ask for a new mail on the page.";
  byId("link-continue").hidden = isUsedUp;
  say(problem?.message ?? "The link could not be used.", "bad");
  byId("link-title").focus();
}

/** What Auth put into the address when it took the link of a mail by itself. */
export interface RedirectSession {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly type: string | null;
}

/**
 * The session in the address, if Auth led here with one, as the links of its own templates do; the
 * address is cleaned of it.
 */
export function takeRedirectSession(): RedirectSession | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const access_token = fragment.get("access_token");
  const refresh_token = fragment.get("refresh_token");
  if (access_token === null || refresh_token === null) return null;
  history.replaceState(null, "", location.pathname);
  return { access_token, refresh_token, type: fragment.get("type") };
}

/** Signs in with the session in the address, and goes on as after a link of this page. */
export async function acceptRedirect(redirect: RedirectSession): Promise<void> {
  showLinkTaken(redirect.type, await signIn(redirect));
}

async function signIn(tokens: Omit<RedirectSession, "type">): Promise<Session | null> {
  const { access_token, refresh_token } = tokens;
  const set = () => supabase.auth.setSession({ access_token, refresh_token });
  const { data: { session }, error } = await changeSession(set);
  if (error) throw error;
  return session;
}

/** Uses a link up, through the function that does so where there is one, and signs its user in. */
async function useLink(token_hash: string, type: EmailOtpType) {
  if (!hasFunction("auth-callback")) {
    const { data: { session }, error } = await changeSession(() =>
      supabase.auth.verifyOtp({ token_hash, type })
    );
    return { session, error };
  }
  const body = { token_hash, type };
  // Without the session of this browser: the link may be another user's.
  const headers = { Authorization: `Bearer ${publishableKey}` };
  const title = "The link of the mail";
  const { data, error } = await callFunction("POST auth-callback", { title, body, headers });
  if (error) return { session: null, error };
  return { session: await signIn(Object(data)), error: null };
}

async function confirmLink(): Promise<void> {
  const type = query.get("type") as EmailOtpType | null;
  const tokenHash = query.get("token_hash") ?? "";
  const { session, error } = await useLink(tokenHash, type ?? "email");
  if (error) return showInvalidLink(problemOf(error));
  history.replaceState(null, "", "/");
  byId("link").hidden = true;
  showLinkTaken(type, session);
}

function showLinkTaken(type: string | null, session: Session | null): void {
  byId("verdicts").hidden = type === "recovery";
  if (session?.user.email) rememberUser({ email: session.user.email });
  if (type !== "recovery") {
    byId("account-title").focus();
    return say("Your address is confirmed, and you are signed in.", "ok");
  }
  byId("new-password").hidden = false;
  byId("new-password-title").focus();
  say("You are signed in. Choose a new password.", "ok");
}

async function setPassword(form: HTMLFormElement): Promise<void> {
  if (!form.reportValidity()) return;
  if (!await changePassword(String(new FormData(form).get("password")))) return;
  byId("new-password").hidden = true;
  byId("verdicts").hidden = false;
  byId("account-title").focus();
  say("The new password is set. Every other session of yours has ended.", "ok");
}

/** Takes the link's button and the form for the new password into use. */
export function startMailLink(): void {
  byId("link").hidden = !isLink;
  byId("verdicts").hidden = isLink; // there is one thing to do here
  onClick(byId("link-continue"), confirmLink);
  const form = byId<HTMLFormElement>("new-password-form");
  form.addEventListener("submit", (event) => event.preventDefault());
  onClick(byId("new-password-set"), () => setPassword(form));
}
