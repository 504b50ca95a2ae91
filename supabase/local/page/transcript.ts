/** A request and its answer as text, as they went over the wire. */

import { make } from "./dom.ts";
import { bearerOf, type Exchange } from "./exchange.ts";
import { toneOf } from "./lines.ts";

/** The members of an answer that the client acts on. */
const ACTED_ON = /^\s*"(code|action|replay|retry_after|max_age)"/;

const SHOWN_HEADERS = ["www-authenticate", "retry-after"];

/** Lines of a body that are shown. */
const MAX_LINES = 24;

function bodyLines(text: string): string[] {
  let lines: string[];
  try {
    lines = JSON.stringify(JSON.parse(text), null, 2).split("\n");
  } catch {
    lines = text === "" ? [] : text.split("\n");
  }
  const more = lines.length - MAX_LINES;
  return more > 1 ? [...lines.slice(0, MAX_LINES), `… ${more} more lines`] : lines;
}

function block(className: string, head: string, headers: string[], body: string): HTMLElement {
  const pre = make("pre", className, make("b", "", head));
  for (const header of headers) pre.append("\n", make("span", "header", header));
  for (const line of bodyLines(body)) {
    pre.append("\n", ACTED_ON.test(line) ? make("mark", "", line) : line);
  }
  return pre;
}

/** Shows an exchange, without its secrets. */
export function transcript(exchange: Exchange): HTMLElement {
  const { request, status, statusText, headers, body, milliseconds } = exchange;
  const token = bearerOf(request);
  const sent = token === undefined
    ? []
    : [`authorization: Bearer ${token.slice(0, 10)}…${token.slice(-6)}`];
  const hidden = request.body.replace(
    /"([^"]*(?:password|token|nonce)[^"]*)":"[^"]*"/g,
    '"$1":"…"',
  );
  const named = SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [`${name}: ${value}`];
  });
  const head = status === 0 ? "No answer" : `${status} ${statusText}`;
  const safe = body.replace(
    /"((?:access|refresh|provider)_token)":"([^"]{0,10})[^"]*"/g,
    '"$1":"$2…"',
  );
  const answer = block("answer", `${head}, ${Math.round(milliseconds)} ms`, named, safe);
  answer.dataset.tone = toneOf(exchange);
  return make(
    "div",
    "transcript",
    block("request", `${request.method} ${request.path}`, sent, hidden),
    answer,
  );
}
