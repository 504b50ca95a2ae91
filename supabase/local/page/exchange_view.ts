/** Request and answer, side by side. */

import { byId, make } from "./dom.ts";
import { bearerOf, type Exchange } from "./recorder.ts";

/** The members of an answer that the client acts on. */
const telling = /^\s*"(code|action|replay|retry_after)"/;

const shownHeaders = ["www-authenticate", "retry-after", "server-timing", "x-request-id"];

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function short(token: string): string {
  return `${token.slice(0, 12)}…${token.slice(-6)}`;
}

function lines(pre: HTMLElement, head: string, headers: string[], body: string): void {
  pre.replaceChildren(make("b", "", head), "\n");
  for (const line of body === "" ? [] : pretty(body).split("\n")) {
    pre.append(telling.test(line) ? make("mark", "", line) : line, "\n");
  }
  if (headers.length > 0) pre.append("\n");
  for (const header of headers) pre.append(make("span", "header", header), "\n");
}

/** Shows an exchange in the two panes. */
export function showExchange(exchange: Exchange): void {
  const { method, path, body, status, statusText, answerHeaders, answer } = exchange;
  const token = bearerOf(exchange);
  const sent = token === undefined ? [] : [`authorization: Bearer ${short(token)}`];
  const key = exchange.headers.get("idempotency-key");
  if (key !== null) sent.push(`idempotency-key: ${key}`);
  lines(
    byId("request"),
    `${method} ${path}`,
    sent,
    body.replace(/("[^"]*password"):"[^"]*"/g, '$1:"…"'),
  );
  const came = shownHeaders.flatMap((name) => {
    const value = answerHeaders.get(name);
    return value === null ? [] : [`${name}: ${value}`];
  });
  const pane = byId("answer");
  pane.dataset.tone = status >= 200 && status < 300 ? "ok" : "bad";
  const head = status === 0 ? "No answer" : `${status} ${statusText}`;
  lines(pane, `${head}, ${Math.round(exchange.milliseconds)} ms`, came, answer);
}
