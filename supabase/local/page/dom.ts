/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The little that this page needs instead of a framework. Text is only ever set as text. */

/** The element of an id that index.html is known to have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found as T;
}

/** Makes an element. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...content);
  return element;
}

/** Good, bad, to be waited for, or none of these; never told by colour alone. */
export type Tone = "ok" | "bad" | "wait" | "info";

let pending: ReturnType<typeof setTimeout> | undefined;

/** Says something in half a second, unless something else was said by then. */
export function sayLater(text: string): void {
  clearTimeout(pending);
  pending = setTimeout(() => say(text), 500);
}

/** Says what happened: the headline of the page, read aloud too. The first sentence stands out. */
export function say(text: string, tone: Tone = "info"): void {
  clearTimeout(pending);
  const [first = ""] = /^.*?[.!?](?= [A-Z]|$)/.exec(text) ?? [text];
  const rest = text.slice(first.length).trim();
  byId("status").replaceChildren(
    make("strong", first.length > 46 ? "long" : "", first),
    ...(rest ? [" ", make("span", "", rest)] : []),
  );
  byId("headline").dataset.tone = tone;
}

/** Says what an error is about. */
export function sayError(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), "bad");
}

/** Runs something for a button, which cannot be pressed twice meanwhile. */
export function onClick(button: HTMLElement, run: () => Promise<void>): void {
  button.addEventListener("click", async () => {
    // Not `disabled`, which would take the focus away.
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await run();
    } catch (error) {
      sayError(error);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
