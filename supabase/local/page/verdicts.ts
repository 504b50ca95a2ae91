/** What a signature check says about the last token used, beside what Auth says about its session. */

import { supabase } from "./client.ts";
import { byId, type Tone } from "./dom.ts";
import { bearerOf, type Exchange, isCall } from "./recorder.ts";

function show(id: string, tone: Tone, big: string, small: string): void {
  const card = byId(id);
  card.dataset.tone = tone;
  const [first, second] = card.querySelectorAll("p");
  if (first) first.textContent = big;
  if (second) second.textContent = small;
}

async function showSignature(token: string): Promise<void> {
  try {
    // supabase-js' own local check: signature and `exp`, no question to Auth.
    const { data, error } = await supabase.auth.getClaims(token);
    if (data) {
      const minutes = Math.round((data.claims.exp - Date.now() / 1000) / 60);
      const small = `getClaims(): signed by this project, ends in ${minutes} min`;
      return show("signature", "ok", "Valid", small);
    }
    if (error) return show("signature", "bad", "Not valid", `getClaims(): ${error.message}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return show("signature", "bad", "Not valid", `getClaims(): ${reason}`);
  }
}

function showSession({ status, answer }: Exchange): void {
  const refusal = /"code":\s*"(\w+)"/.exec(answer)?.[1] ?? "no code";
  if (status >= 200 && status < 300) {
    return show("session", "ok", "Alive", `edge-auth asked: the call was let in`);
  }
  if (status === 0 || status === 429 || status >= 500) {
    const small = `edge-auth: ${status || "no answer"} ${refusal}; nobody is signed out for that`;
    return show("session", "wait", "No answer", small);
  }
  if (status === 401 || status === 403) {
    const words: Record<string, string> = {
      token_expired: "Run out",
      user_banned: "Banned",
      user_not_found: "No such user",
    };
    return show("session", "bad", words[refusal] ?? "Ended", `edge-auth: ${status} ${refusal}`);
  }
}

/** Somebody signed in: there is a token of which nobody has asked Auth yet. */
export function expect(token: string): void {
  show("session", "info", "Not asked yet", "call a function");
  void showSignature(token);
}

/** The user signed out: the token does not know. */
export function showSignedOut(): void {
  show("session", "bad", "Ended", "you signed out; the token was not taken back, no token can be");
}

/** Looks at the answer of a call. Its token stays on show when the client has dropped it. */
export function judge(exchange: Exchange): void {
  const token = bearerOf(exchange);
  if (token === undefined || !isCall(exchange)) return;
  showSession(exchange);
  void showSignature(token);
}
