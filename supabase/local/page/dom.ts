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

/** Says one sentence to everybody, also to those who listen. */
export function say(sentence: string): void {
  byId("status").textContent = sentence;
}

/** Good, bad, or to be waited for; never told by colour alone. */
export type Tone = "ok" | "bad" | "wait" | "info";

/** Runs something for a button, which cannot be pressed twice meanwhile. */
export function onClick(button: HTMLElement, run: () => Promise<void>): void {
  button.addEventListener("click", async () => {
    // Not `disabled`, which would take the focus away.
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await run();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
