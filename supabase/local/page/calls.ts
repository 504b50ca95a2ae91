/** The buttons that call functions, and the timeline of what came of it. */

import { problemOf } from "../../../shared/browser/mod.ts";
import { hooks, invoke } from "./client.ts";
import { byId, onClick, say } from "./dom.ts";
import { showExchange } from "./exchange_view.ts";
import { newPerson, type Person } from "./person.ts";
import { isCall, onExchange } from "./recorder.ts";
import { authLine, callLines, stepLine } from "./steps.ts";
import { Run } from "./timeline.ts";
import { judge } from "./verdicts.ts";

type Method = "GET" | "POST" | "PUT" | "DELETE";

let running: Run | undefined;

/** Begins a run that the next exchanges belong to. */
export function begin(title: string, parallel = false): Run {
  running = new Run(title, parallel);
  return running;
}

function bodyOf(call: string): Record<string, string> | undefined {
  if (call === "POST todos") return { title: `Tea at ${new Date().toLocaleTimeString("en-GB")}` };
  if (call === "PUT account/password") return { password: newPassword() };
  return undefined;
}

/** A new one each time: Auth refuses the old one. */
export function newPassword(): string {
  return `${newPerson().email.slice(4, 10)}-horse`;
}

/** Calls a function once. */
async function once(call: string, run: Run, done: (call: string, body: unknown) => void) {
  const [method = "GET", name = ""] = call.split(" ");
  const body = bodyOf(call);
  const options = { method: method as Method, ...(body === undefined ? {} : { body }) };
  const { error, response } = await invoke(name, options);
  if (!error) {
    run.end("ok", `${response?.status ?? 200}: done`);
    say(`${call} was answered with ${response?.status ?? 200}.`);
    return done(call, body);
  }
  const problem = problemOf(error);
  if (problem === undefined) run.end("bad", error instanceof Error ? error.message : "failed");
  else run.end("bad", `${problem.code}, action ${problem.action}`);
  // A sign-out has said its sentence already.
  if (problem && problem.action !== "sign_in") say(`${call}: ${problem.message}`);
}

/** Calls a function, perhaps several times at once. */
export async function call(
  call: string,
  times = 1,
  done: (call: string, body: unknown) => void = () => {},
): Promise<void> {
  const run = begin(times > 1 ? `${call}, ${times} at once` : call, times > 1);
  await Promise.all(Array.from({ length: times }, () => once(call, run, done)));
}

/** Takes the buttons into use. */
export function startCalls(onNewPassword: (change: Pick<Person, "password">) => void): void {
  onExchange((exchange) => {
    if (!isCall(exchange)) {
      const line = authLine(exchange);
      if (line) running?.add(line);
      return;
    }
    for (const line of callLines(exchange)) running?.add(line);
    showExchange(exchange);
    judge(exchange);
  });
  hooks.onStep = (event) => {
    const line = stepLine(event);
    if (line) running?.add(line);
    if (event.step === "wait") say("Auth does not answer. You stay signed in; the call waits.");
  };
  for (const button of byId("calls").querySelectorAll<HTMLElement>("[data-call]")) {
    const { call: which = "", times = "1" } = button.dataset;
    onClick(button, () =>
      call(which, Number(times), (call, body) => {
        if (call === "PUT account/password") onNewPassword(body as Pick<Person, "password">);
      }));
  }
}
