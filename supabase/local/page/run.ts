/** The story of each press of a button: which requests and steps came of it, the newest run first. */

import type { RecoveryEvent } from "../../../shared/browser/mod.ts";
import { byId, make, type Tone } from "./dom.ts";
import { type Exchange, isAuth, isSuccess, type Observer, type SentRequest } from "./exchange.ts";
import { answerLine, authLine, type Line, requestLine, stepLine } from "./lines.ts";
import { transcript } from "./transcript.ts";

/** How many runs stay in the list. */
const MAX_RUNS = 10;

/** What belongs to a run. */
export interface RunOptions {
  /** What was asked for. */
  readonly title: string;
  /** The beginnings, as `METHOD /path`, of the requests that it makes. */
  readonly requests?: readonly string[];
  /** It calls this many times at once: then equal lines are counted. */
  readonly times?: number;
  /** Nobody pressed a button. */
  readonly isBackground?: boolean;
}

interface Step {
  readonly key: string;
  readonly item: HTMLElement;
  readonly badge: HTMLElement;
  readonly body: HTMLElement;
  readonly kind: string;
  count: number;
}

const underWay = new Set<Run>();
let newest: Run | undefined;

/** One run, from the press of a button to its result. */
export class Run {
  /** Its calls to functions and tables carry this signal, which tells them from those of other runs. */
  readonly #stop = new AbortController();
  readonly #options: RunOptions;
  readonly #item: HTMLLIElement;
  readonly #list = make("ol", "steps");
  readonly #toggle: HTMLButtonElement;
  readonly #state = make("span", "state");
  readonly #stopButton = make("button", "stop", "Stop");
  readonly #steps: Step[] = [];
  readonly #from = performance.now();
  /** From which step on a line that repeats one is only counted. */
  #countFrom: number;
  #hideAnswer = () => {};
  /** supabase-js or recovery talks to Auth for it: while a session is loaded, renewed or asked about. */
  waitsForAuth: boolean;

  constructor(options: RunOptions) {
    this.#options = options;
    // Of one call only the rounds of waiting are counted: what leads to them is a story of its own.
    this.#countFrom = options.times === undefined ? Infinity : 0;
    this.waitsForAuth = this.requests.some((one) => !one.includes("/auth/"));
    this.#toggle = make("button", "toggle", options.title);
    this.#toggle.type = "button";
    this.#toggle.addEventListener("click", () => this.show(this.#list.hidden === true));
    this.#stopButton.type = "button";
    this.#stopButton.addEventListener("click", () => {
      this.#toggle.focus();
      this.#stop.abort(new Error("You stopped it."));
    });
    this.#stopButton.hidden = !this.waitsForAuth;
    const head = make("div", "run-head", this.#toggle, this.#state, this.#stopButton);
    this.#item = make("li", "run", head, this.#list);
    this.#item.dataset.state = "under-way";
    this.#state.textContent = "under way";
    this.#list.id = `run-${Math.random().toString(36).slice(2)}`;
    this.#toggle.setAttribute("aria-controls", this.#list.id);
    const runs = byId("timeline");
    if (options.isBackground) this.#item.dataset.background = "";
    else if (newest) newest.show(false);
    runs.prepend(this.#item);
    this.show(!options.isBackground);
    if (!options.isBackground) newest = this;
    while (runs.children.length > MAX_RUNS) runs.lastElementChild?.remove();
    underWay.add(this);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Shows its steps, or its title only. */
  show(isOpen: boolean): void {
    this.#list.hidden = !isOpen;
    this.#toggle.setAttribute("aria-expanded", String(isOpen));
  }

  /** The beginnings of the requests that it makes, as `METHOD /path`. */
  get requests(): readonly string[] {
    return this.#options.requests ?? [];
  }

  makes({ method, path }: { readonly method: string; readonly path: string }): boolean {
    return this.requests.some((one) => `${method} ${path}`.startsWith(one));
  }

  #elapsed(): string {
    const ms = performance.now() - this.#from;
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
  }

  /** Adds a line, or counts it where it repeats one. */
  add(line: Line): void {
    const key = `${line.kind} ${line.key ?? line.text}`;
    const known = this.#steps.slice(this.#countFrom).find((step) => step.key === key);
    const step = known ?? this.#append(key, line);
    if (known) {
      known.count++;
      known.badge.textContent = ` × ${known.count}`;
    }
    if (line.key === "wait" && !known) {
      const from = this.#steps.findLastIndex(({ kind }) => kind === "request" || kind === "auth");
      this.#countFrom = Math.max(0, from);
    }
    if (known === undefined || this.#options.times === undefined) {
      step.body.replaceChildren(this.#text(line, step), step.badge);
    }
  }

  #append(key: string, { kind, tone }: Line): Step {
    const badge = make("span", "count");
    const body = make("div", "body");
    const at = make("span", "at", this.#elapsed());
    const item = make("li", "step", make("span", "kind", kind), body, at);
    item.dataset.kind = kind;
    item.dataset.tone = tone;
    const step = { key, item, badge, body, kind, count: 1 };
    this.#steps.push(step);
    this.#list.append(item);
    return step;
  }

  /** The text of a line; of an exchange it opens what went over the wire. */
  #text({ kind, text, exchange }: Line, { item }: Step): HTMLElement {
    if (exchange === undefined) return make("span", "text", text);
    const button = make("button", "text", text);
    const detail = transcript(exchange);
    const show = (isOpen: boolean) => {
      detail.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
    };
    button.type = "button";
    button.addEventListener("click", () => show(detail.hidden === true));
    item.querySelector(".transcript")?.remove();
    item.append(detail);
    show(false);
    if (kind === "answer") {
      // The last refusal is what the story is about.
      this.#hideAnswer();
      show(!isSuccess(exchange));
      this.#hideAnswer = () => show(false);
    }
    return button;
  }

  /** Closes the run with its result. */
  end(tone: Tone, text: string): void {
    this.add({ kind: "result", tone, text });
    this.#item.dataset.state = tone;
    this.#state.textContent = this.#elapsed();
    this.#stopButton.hidden = true;
    underWay.delete(this);
  }
}

/** Whether a run that makes such a request is under way: it could not be told from another one. */
export function isUnderWay(request: string): boolean {
  const [method = "", path = ""] = request.split(" ");
  return [...underWay].some((run) => run.makes({ method, path }));
}

/** The runs that a request belongs to. */
function runsOf(request: SentRequest): Run[] {
  const all = [...underWay];
  if (!isAuth(request)) return all.filter(({ signal }) => signal === request.signal);
  const own = all.filter((run) => run.makes(request));
  return own.length > 0 ? own : all.filter(({ waitsForAuth }) => waitsForAuth);
}

/** Nobody pressed a button: supabase-js renews a session by itself. */
function observeBackground(): (exchange: Exchange) => void {
  const run = new Run({ title: "In the background", isBackground: true });
  return (exchange) => {
    run.add(authLine(exchange));
    if (exchange.status === 200) run.end("ok", "the session was renewed");
    else run.end("wait", "not renewed");
  };
}

/** Puts what goes over the wire into the runs that it belongs to, and into no other. */
export const observeRuns: Observer = (request) => {
  const runs = runsOf(request);
  if (isAuth(request)) {
    const isRenewal = request.path.includes("grant_type=refresh_token");
    if (runs.length === 0 && isRenewal) return observeBackground();
    return (exchange) => {
      for (const run of runs) if (underWay.has(run)) run.add(authLine(exchange));
    };
  }
  for (const run of runs) {
    run.waitsForAuth = false;
    run.add(requestLine(request));
  }
  return (exchange) => {
    for (const run of runs) if (underWay.has(run)) run.add(answerLine(exchange));
  };
};

/** The same for what recovery does. */
export function observeStep(event: RecoveryEvent): void {
  const line = stepLine(event);
  const [method = "", path = ""] = event.request.split(" ");
  const isOfAll = event.step === "signed_out";
  for (const run of underWay) {
    if (isOfAll ? !run.waitsForAuth : !run.makes({ method, path })) continue;
    if (event.step !== "wait" && !isOfAll) run.waitsForAuth = event.step !== "replay";
    if (line) run.add(line);
  }
}
