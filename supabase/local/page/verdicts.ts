/** What a signature check says about the last token used, beside what Auth says about its session. */

import { supabase } from "./client.ts";
import { byId, type Tone } from "./dom.ts";
import { bearerOf, codeOf, type Exchange, isFunction, isSuccess } from "./exchange.ts";

function show(id: string, tone: Tone, verdict: string, reason: string): void {
  const cell = byId(id);
  cell.dataset.tone = tone;
  const [first, second] = cell.querySelectorAll("p");
  if (first) first.textContent = verdict;
  if (second) second.textContent = reason;
}

/** Shows what a token is worth by itself. */
export async function showSignature(token: string): Promise<void> {
  try {
    // supabase-js' own local check: signature and `exp`, and no request to Auth.
    const { data, error } = await supabase.auth.getClaims(token);
    if (!data) return show("signature", "bad", "Not valid", `getClaims(): ${error?.message}`);
    const minutes = Math.round((data.claims.exp - Date.now() / 1000) / 60);
    show("signature", "ok", "Valid", `getClaims(): signed here, ${minutes} min left`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    show("signature", "bad", "Not valid", `getClaims(): ${reason}`);
  }
}

/** Refusals that say something about the session, in a word. */
const WORDS: Readonly<Record<string, string>> = {
  session_not_found: "Ended",
  token_expired: "Not asked",
  user_banned: "Banned",
  user_not_found: "No such user",
  insufficient_aal: "Alive",
  authentication_too_old: "Alive",
};

function showSession(exchange: Exchange): void {
  const { status } = exchange;
  const code = codeOf(exchange) ?? "no code";
  if (isSuccess(exchange)) return show("session", "ok", "Alive", "getUser(): let in");
  if (status === 429) return show("session", "wait", "Limited", `429 ${code}`);
  if (status === 0 || status >= 500) {
    return show("session", "wait", "No answer", status ? `${status} ${code}` : "");
  }
  const word = WORDS[code];
  if (word) show("session", word === "Alive" ? "ok" : "bad", word, `${status} ${code}`);
}

/** Somebody signed in: there is a token of which nobody has asked Auth yet. */
export function showNewToken(token: string): void {
  show("session", "info", "Not asked yet", "call a function");
  void showSignature(token);
}

/** The user signed out, here or in another tab; Auth may not know. The token does not either. */
export function showSignedOut(isTold = true): void {
  if (isTold) show("session", "bad", "Ended", "signed out; a token cannot be taken back");
  else show("session", "wait", "Not told", "signed out here only");
}

/** Looks at the answer of a function. Its token stays on show when the client has dropped it. */
export function showVerdicts(exchange: Exchange): void {
  const token = bearerOf(exchange.request);
  if (token === undefined || !isFunction(exchange.request)) return;
  showSession(exchange);
  void showSignature(token);
}
