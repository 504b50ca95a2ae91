/** What the client did, as a list of lists: what was asked for, and its steps, the newest first. */

import { byId, make, type Tone } from "./dom.ts";
import type { Exchange } from "./recorder.ts";
import { showExchange } from "./exchange_view.ts";

/** What kind of step a line tells. */
export type StepKind = "request" | "problem" | "action" | "auth" | "replay" | "result";

/** One line. */
export interface Line {
  readonly kind: StepKind;
  readonly tone: Tone;
  readonly text: string;
  /** Can be looked at again. */
  readonly exchange?: Exchange;
}

/** How many runs stay in the list. */
const kept = 12;

/** Everything that one press of a button led to. */
export class Run {
  readonly #steps = make("ol", "steps");
  readonly #item: HTMLLIElement;
  readonly #state = make("span", "state", "under way");
  readonly #parallel: boolean;
  readonly #seen = new Map<string, { count: number; badge: HTMLElement }>();
  readonly #begin = performance.now();

  /**
   * Begins a run, at the top of the list.
   *
   * @param title What was asked for.
   * @param parallel Whether several calls run at once: then equal lines are counted.
   */
  constructor(title: string, parallel = false) {
    this.#parallel = parallel;
    const head = make("p", "run-title", make("b", "", title), " ", this.#state);
    this.#item = make("li", "run", head, this.#steps);
    this.#item.dataset.state = "open";
    const list = byId("timeline");
    list.prepend(this.#item);
    while (list.children.length > kept) list.lastElementChild?.remove();
  }

  /** Adds a line. */
  add({ kind, tone, text, exchange }: Line): void {
    const key = `${kind} ${text}`;
    const seen = this.#parallel ? this.#seen.get(key) : undefined;
    if (seen) {
      seen.count++;
      seen.badge.textContent = ` × ${seen.count}`;
      return;
    }
    const badge = make("span", "count");
    this.#seen.set(key, { count: 1, badge });
    const at = `${Math.round(performance.now() - this.#begin)} ms`;
    const step = make("li", "step", make("span", "kind", kind), this.#text(text, exchange), badge);
    step.append(make("span", "at", at));
    step.dataset.kind = kind;
    step.dataset.tone = tone;
    this.#steps.append(step);
  }

  #text(text: string, exchange: Exchange | undefined): HTMLElement {
    if (exchange === undefined) return make("span", "text", text);
    const button = make("button", "text", text);
    button.type = "button";
    button.title = "Show this request and its answer";
    button.addEventListener("click", () => showExchange(exchange));
    return button;
  }

  /** Closes the run with its result. */
  end(tone: Tone, text: string): void {
    this.add({ kind: "result", tone, text });
    this.#item.dataset.state = tone;
    this.#state.textContent = `${Math.round(performance.now() - this.#begin)} ms`;
  }
}
