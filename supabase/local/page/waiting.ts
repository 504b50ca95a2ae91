/** What the page waits for, with a countdown: an outage, which can be tried now, or a limit, which not. */

import { hooks } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import { type Exchange, isAuth } from "./exchange.ts";
import type { Outage } from "../../../shared/browser/mod.ts";

let outage: Outage | null = null;
/** The status of the newest answer, if it came from where Auth is; 0 if nothing came. */
let authStatus = 0;

/** Looks at each answer, for what the waiting is about. */
export function noteAnswer(exchange: Exchange): void {
  authStatus = isAuth(exchange.request) ? exchange.status : 0;
}

/** Says what is waited for. */
export function sayWaiting(isLimit: boolean, rest: string): void {
  const why = isLimit || authStatus === 429
    ? "Auth limits how often it is asked."
    : authStatus >= 400 && authStatus < 500
    ? "Something else answers in the place of Auth."
    : "Auth does not answer.";
  say(`${why} ${rest}`, "wait");
}

/** Until when a call waits for Auth's limit, by its `METHOD /path`, in milliseconds since 1970. */
const limits = new Map<string, number>();

function show(): void {
  const now = Date.now();
  const until = outage?.nextTry ?? Math.min(...limits.values());
  byId("waiting").hidden = outage === null && limits.size === 0;
  byId("try-now").hidden = outage === null;
  const seconds = Math.ceil((until - now) / 1000);
  byId("countdown").textContent = seconds > 0 ? `Next try in ${seconds} s` : "Trying";
  const since = outage ? new Date(outage.since).toLocaleTimeString("en-GB") : "";
  byId("since").textContent = since ? `Since ${since}.` : "";
}

/** A call waits because Auth limits how often it is asked. */
export function showLimit(request: string, ms: number): void {
  limits.set(request, Date.now() + ms);
  show();
}

/** It waits no more. */
export function endLimit(request: string): void {
  if (limits.delete(request)) show();
}

/** Takes the countdown into use. */
export function startWaiting(): void {
  hooks.onOutage = (next) => {
    const isNew = outage === null && next !== null;
    const isOver = outage !== null && next === null;
    outage = next;
    if (isNew) sayWaiting(false, "You stay signed in.");
    // Not where a call has said more by now.
    if (isOver && byId("headline").dataset.tone === "wait") {
      say("Auth answers again. You stayed signed in.", "ok");
    }
    show();
  };
  onClick(byId("try-now"), () => {
    outage?.tryNow();
    // The button goes when Auth answers: the focus goes where the answer is told.
    byId("headline").focus({ preventScroll: true });
    return Promise.resolve();
  });
  setInterval(show, 500);
}
