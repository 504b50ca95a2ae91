/** The words for what recovery does. */

import type { RecoveryEvent } from "../../../shared/browser/mod.ts";
import type { Exchange } from "./recorder.ts";
import type { Line } from "./timeline.ts";

/** A step of recovery. */
export function stepLine({ step, ms = 0 }: RecoveryEvent): Line | undefined {
  switch (step) {
    case "refresh":
      return { kind: "action", tone: "info", text: "refresh: gets a new token, one for all calls" };
    case "confirm":
      return {
        kind: "action",
        tone: "info",
        text: "sign_in: first asks Auth about this very token",
      };
    case "wait":
      return { kind: "action", tone: "wait", text: `retry: waits ${seconds(ms)}, stays signed in` };
    case "step_up":
      return { kind: "action", tone: "info", text: "step_up: asks for the second factor" };
    case "reauthenticate":
      return { kind: "action", tone: "info", text: "reauthenticate: asks you" };
    case "replay":
      return { kind: "replay", tone: "info", text: "the same request again" };
    case "signed_out":
      return { kind: "action", tone: "bad", text: "signs out, on this device only" };
    case "give_up":
      return undefined; // The result says it.
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A request of supabase-js or of recovery to Auth. */
export function authLine(exchange: Exchange): Line | undefined {
  const { method, path, status } = exchange;
  if (!path.startsWith("/auth/v1/") || path.includes("/.well-known/")) return undefined;
  const short = path.slice("/auth/v1".length).replace(/[?&]redirect_to=[^&]*/, "");
  const text = `${method} ${short} → ${status || "no answer"}`;
  return { kind: "auth", tone: status >= 200 && status < 300 ? "ok" : "bad", text, exchange };
}

/** A request to a function, and what is wrong with its answer. */
export function callLines(exchange: Exchange): Line[] {
  const { method, path, status, answer } = exchange;
  const ok = status >= 200 && status < 300;
  const text = `${method} ${path.slice("/functions/v1/".length)} → ${status || "no answer"}`;
  const request: Line = { kind: "request", tone: ok ? "ok" : "bad", text, exchange };
  if (ok) return [request];
  const { code, message } = parse(answer);
  const problem = typeof code === "string" ? `${code}: ${message}` : "an answer without a code";
  return [request, { kind: "problem", tone: "bad", text: problem }];
}

function parse(text: string): { code?: unknown; message?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
