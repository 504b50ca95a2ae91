/** The words of the story: one line per request, answer and step of recovery. */

import type { RecoveryEvent } from "../../../shared/browser/mod.ts";
import type { Tone } from "./dom.ts";
import { codeOf, type Exchange, isSuccess, type SentRequest } from "./exchange.ts";

/** Who does what a line tells. */
export type LineKind = "request" | "answer" | "client" | "auth" | "result";

/** One line. */
export interface Line {
  readonly kind: LineKind;
  readonly tone: Tone;
  readonly text: string;
  /** What makes two lines the same line, if it is not the text. */
  readonly key?: string;
  /** Can be looked at. */
  readonly exchange?: Exchange;
}

/** The tone of an answer: who has to wait is told nothing bad about the session. */
export function toneOf(exchange: Exchange): Tone {
  if (isSuccess(exchange)) return "ok";
  const { status } = exchange;
  return status === 0 || status === 429 || status >= 500 ? "wait" : "bad";
}

/** A request to a function or to the database, when it is sent. */
export function requestLine({ method, path }: SentRequest): Line {
  const short = path.replace(/^\/functions\/v1\//, "").replace(/\?.*/, "");
  return { kind: "request", tone: "info", text: `${method} ${short}` };
}

function said(exchange: Exchange): string {
  const { status } = exchange;
  if (status === 0) return "no answer";
  return isSuccess(exchange) ? `${status}` : `${status} ${codeOf(exchange) ?? "no code"}`;
}

/** What was answered. */
export function answerLine(exchange: Exchange): Line {
  return { kind: "answer", tone: toneOf(exchange), text: said(exchange), exchange };
}

/** A request to Auth, and what it answered. */
export function authLine(exchange: Exchange): Line {
  const { method, path } = exchange.request;
  const short = path.slice("/auth/v1".length).replace(/[?&]redirect_to=[^&]*/, "")
    .replace(/^\/factors\/[^/]+/, "/factors/…");
  const text = `${method} ${short} → ${said(exchange)}`;
  return { kind: "auth", tone: toneOf(exchange), text, exchange };
}

/** What the client does next. */
export function stepLine({ step, code, ms = 0 }: RecoveryEvent): Line | undefined {
  const line = (text: string, tone: Tone = "info"): Line => ({ kind: "client", tone, text });
  switch (step) {
    case "refresh":
      return line("refresh: renews the session, once for all calls");
    case "confirm":
      return line("sign_in: first asks Auth about this very token");
    case "wait": {
      const text = `retry: waits ${(ms / 1000).toFixed(1)} s, stays signed in`;
      return { ...line(text, "wait"), key: "wait" };
    }
    case "step_up":
      return line(
        code === "insufficient_aal"
          ? "step_up: asks for the second factor"
          : "step_up: asks the user to sign in anew",
      );
    case "reauthenticate":
      return line("reauthenticate: asks for the password, and for a code that Auth mails");
    case "replay":
      return line("sends the same request again");
    case "signed_out":
      return line("signs out, on this device only", "bad");
    case "give_up":
      return undefined; // The result says it.
  }
}
