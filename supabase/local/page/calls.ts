/** The buttons that call functions and the database. */

import { problemOf } from "../../../shared/browser/mod.ts";
import { hooks, supabase } from "./client.ts";
import { byId, onClick, say, sayLater, type Tone } from "./dom.ts";
import { observeRequests } from "./exchange.ts";
import { isUnderWay, observeRuns, observeStep, Run } from "./run.ts";
import { newPassword, rememberUser } from "./user.ts";
import { showVerdicts } from "./verdicts.ts";
import { endLimit, noteAnswer, sayWaiting, showLimit } from "./waiting.ts";

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What came of a call; `error` as supabase-js gives it. */
interface Outcome {
  readonly data: unknown;
  readonly error: unknown;
  readonly status: number;
}

/** Options of {@linkcode callFunction}. */
export interface CallOptions {
  readonly title?: string;
  /** An object, which is sent as JSON, or a text. */
  readonly body?: Record<string, unknown> | string;
  readonly headers?: Record<string, string>;
}

/** The tone of a call that did not succeed: not bad, if it may succeed later. */
function toneOf(error: unknown): Tone {
  return problemOf(error)?.action === "retry" ? "wait" : "bad";
}

/** Ends a run with what its call came to, and says so. */
function conclude(run: Run, { error, status }: Outcome, title: string): void {
  for (const request of run.requests) endLimit(request);
  if (run.signal.aborted) {
    run.end("info", "stopped");
    return say(`${title} was stopped.`);
  }
  if (!error) {
    run.end("ok", `done, ${status}`);
    return say(`${title} was answered with ${status}.`, "ok");
  }
  const problem = problemOf(error);
  run.end(toneOf(error), problem ? `${problem.code}, action ${problem.action}` : String(error));
  // onSignedOut has told that the session ended, but nobody that there was none.
  if (problem?.action !== "sign_in" || problem.code === "no_authorization") {
    say(`${title}: ${problem?.message ?? String(error)}`, toneOf(error));
  }
}

async function invoke(call: string, run: Run, options: CallOptions): Promise<Outcome> {
  const [method = "GET", name = ""] = call.split(" ");
  const { body, headers } = options;
  const { data, error, response } = await supabase.functions.invoke(name, {
    method: method as Method,
    signal: run.signal,
    ...(body ? { body } : {}),
    ...(headers ? { headers } : {}),
  });
  return { data, error, status: response?.status ?? 0 };
}

/** The first call that the page has a button for; none in a project without functions. */
export const firstCall: string | undefined = byId("calls").querySelector<HTMLElement>("[data-call]")
  ?.dataset.call;

/** Whether the project has a function of this name. */
export function hasFunction(name: string): boolean {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="functions"]');
  return (meta?.content ?? "").split(" ").includes(name);
}

/** Calls a function once, as a run of its own. */
export async function callFunction(call: string, options: CallOptions = {}): Promise<Outcome> {
  const { title = call } = options;
  const run = begin(title, call.replace(" ", " /functions/v1/"));
  const outcome = await invoke(call, run, options);
  conclude(run, outcome, title);
  return outcome;
}

/** The field with the JSON body of POST, which only the page of another project has. */
const postBody = document.querySelector<HTMLInputElement>("#post-body");

/** Why the field holds no JSON; `undefined` where it does, or is empty. */
function postBodyProblem({ value }: HTMLInputElement): string | undefined {
  try {
    if (value.trim() !== "") JSON.parse(value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function showPostBodyProblem(field: HTMLInputElement): void {
  const isInvalid = postBodyProblem(field) !== undefined;
  field.setAttribute("aria-invalid", String(isInvalid));
  byId("post-body-hint").hidden = !isInvalid;
}

/**
 * The body of a POST, as the field has it; none where there is no field, or nothing in it.
 *
 * @throws {Error} It is not JSON; the field then has the focus.
 */
function postOptions(): CallOptions {
  if (postBody === null || postBody.value.trim() === "") return {};
  const problem = postBodyProblem(postBody);
  if (problem !== undefined) {
    postBody.focus();
    throw new Error(`The body of POST is not JSON. ${problem}`);
  }
  return { body: postBody.value, headers: { "Content-Type": "application/json" } };
}

function begin(title: string, request: string, times?: number): Run {
  if (isUnderWay(request)) throw new Error(`${title} is still under way. Stop it, or wait for it.`);
  sayLater(`${title} is under way.`);
  return new Run({ title, requests: [request], ...(times ? { times } : {}) });
}

async function callAtOnce(call: string, times: number): Promise<void> {
  const run = begin(`${call}, ${times} at once`, call.replace(" ", " /functions/v1/"), times);
  const outcomes = await Promise.all(
    Array.from({ length: times }, () => invoke(call, run, {})),
  );
  const failed = outcomes.find(({ error }) => error);
  conclude(run, failed ?? { data: null, error: null, status: 200 }, `${call}, ${times} at once,`);
}

async function selectTodos(): Promise<void> {
  const run = begin("SELECT todos", "GET /rest/v1/todos");
  const answer = await supabase.from("todos").select("title").abortSignal(run.signal);
  conclude(run, answer, "SELECT todos");
}

/** Sets a password, through the function that does so where there is one, and remembers it. */
export async function changePassword(password: string): Promise<boolean> {
  const { error } = hasFunction("account")
    ? await callFunction("PUT account/password", { body: { password } })
    : await updatePassword(password);
  if (!error) rememberUser({ password });
  return !error;
}

async function updatePassword(password: string): Promise<Outcome> {
  const title = "The new password";
  const run = begin(title, "PUT /auth/v1/user");
  const { data, error } = await supabase.auth.updateUser({ password });
  const outcome = { data, error, status: error?.status ?? 200 };
  conclude(run, outcome, title);
  return outcome;
}

/** Makes the call that a button names. */
async function callByName(call: string, times: number): Promise<void> {
  if (times > 1) return await callAtOnce(call, times);
  if (call === "SELECT todos") return await selectTodos();
  if (call === "PUT account/password") return void await changePassword(newPassword());
  if (postBody !== null) {
    return void await callFunction(call, call.startsWith("POST ") ? postOptions() : {});
  }
  const title = `Tea at ${new Date().toLocaleTimeString("en-GB")}`;
  await callFunction(call, call === "POST todos" ? { body: { title } } : {});
}

/** Takes the buttons into use. */
export function startCalls(): void {
  observeRequests((request) => {
    const tell = observeRuns(request);
    return (exchange) => {
      noteAnswer(exchange);
      tell(exchange);
      showVerdicts(exchange);
    };
  });
  hooks.onStep = (event) => {
    observeStep(event);
    endLimit(event.request);
    if (event.step !== "wait") return;
    const isLimit = event.code === "over_request_rate_limit";
    if (isLimit) showLimit(event.request, event.ms ?? 0);
    sayWaiting(isLimit, "You stay signed in, and the call waits.");
  };
  postBody?.addEventListener("input", () => showPostBodyProblem(postBody));
  for (const button of byId("calls").querySelectorAll<HTMLElement>("[data-call]")) {
    const { call = "", times = "1" } = button.dataset;
    onClick(button, () => callByName(call, Number(times)));
  }
}
