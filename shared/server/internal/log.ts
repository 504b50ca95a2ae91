import { readProcessVariable } from "../core/process_env.ts";
import { mask } from "./mask.ts";

const logged = new Set<string>();

/**
 * Logs a line for the operator once per isolate. The lines are the library's own: they name variables
 * and options, never values.
 */
export function logOnce(line: string): void {
  if (logged.has(line)) return;
  logged.add(line);
  console.error(`edge-auth: ${line}.`);
}

/** The longest entry that an error gets in the log, in bytes: UTF-8 takes up to 3 per character. */
export const MAX_LOG_BYTES = 8 * 1024;
const MAX_MESSAGE_LENGTH = 600;
const MAX_FRAME_LENGTH = 200;
const MAX_LINE_LENGTH = 2000;
const MAX_FRAMES = 6;
const MAX_CAUSES = 3;

/**
 * Logs an error that a handler threw, under the request's id: its name, message, where it happened,
 * and its causes. What looks like a token, a key or an address is masked, in at most 8 KB.
 */
export function logHandlerError(requestId: string, thrown: unknown): void {
  console.error(describe(`a handler failed (request ${requestId})`, thrown));
}

/** Logs the kind and the place of an error in this library; its message may hold upstream text. */
export function logBug(thrown: unknown): void {
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const line = `edge-auth: a bug in edge-auth (${name}), please report it to its maintainers`;
  console.error([line, ...frames(thrown, mask)].join("\n"));
}

/** Logs the first failure of a hook of the application per isolate, by the name of its option. */
export function logHookFailure(hook: string, thrown: unknown): void {
  if (logged.has(hook)) return;
  logged.add(hook);
  console.error(describe(`${hook}() failed, which changes no answer`, thrown));
}

/** Logs a rejection that nobody awaited, while a schema was run for this request or soon after. */
export function logRejection(requestId: string, reason: unknown): void {
  console.error(
    describe(
      `a promise was rejected that nobody awaited, perhaps by the schema of body() for request ${requestId}`,
      reason,
    ),
  );
}

function describe(what: string, thrown: unknown): string {
  const show = isUnmasked() ? (text: string) => text : mask;
  const lines = [`edge-auth: ${what}: ${headline(thrown, show)}`, ...frames(thrown, show)];
  let cause = causeOf(thrown);
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth++) {
    lines.push(`  caused by ${headline(cause, show)}`, ...frames(cause, show, 2));
    cause = causeOf(cause);
  }
  return isUnmasked() ? lines.join("\n") : cutBytes(lines.join("\n"), MAX_LOG_BYTES);
}

/** `deno task dev` sets it, so that a developer sees the text as it is. Never set it in production. */
function isUnmasked(): boolean {
  try {
    return readProcessVariable("EDGE_AUTH_UNMASKED_ERRORS") === "true";
  } catch { // no permission to read variables
    return false;
  }
}

function headline(thrown: unknown, show: (text: string) => string): string {
  const { name, code, message, hint } = parts(thrown);
  const cut = (text: string) => shorten(oneLine(show(text)), MAX_MESSAGE_LENGTH);
  const kind = [name, code].filter((part) => part !== "").map((part) => shorten(cut(part), 100));
  const text = [message, hint].filter((part) => part !== "").map(cut).join(" Hint: ");
  return text === "" ? kind.join(" ") : `${kind.join(" ")}: ${text}`;
}

/** What an error, or a plain object such as a database error, says of itself. Its getters may throw. */
function parts(thrown: unknown): { name: string; code: string; message: string; hint: string } {
  const text = (key: string): string => {
    try {
      const value: unknown = (thrown as Record<string, unknown>)[key];
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
    } catch {
      return "";
    }
  };
  if (typeof thrown !== "object" || thrown === null) {
    return { name: typeof thrown, code: "", message: primitive(thrown), hint: "" };
  }
  const name = text("name") || (thrown instanceof Error ? "Error" : "object");
  return { name, code: text("code"), message: text("message"), hint: text("hint") };
}

function primitive(thrown: unknown): string {
  return typeof thrown === "function" ? "" : String(thrown);
}

function causeOf(thrown: unknown): unknown {
  try {
    if (!(thrown instanceof Error)) return undefined;
    // functions-js keeps the error of its fetch in `context`.
    const context = "context" in thrown && thrown.context instanceof Error ? thrown.context : null;
    return thrown.cause ?? context ?? undefined;
  } catch {
    return undefined;
  }
}

/** A line of a stack as V8 writes it. A message can hold such lines too: so each is masked. */
const FRAME = /^ {4}at /;

function frames(thrown: unknown, show: (text: string) => string, most = MAX_FRAMES): string[] {
  let stack = "";
  try {
    if (thrown instanceof Error) stack = String(thrown.stack ?? "");
  } catch { /* a getter that throws */ }
  const { message } = parts(thrown);
  const begin = message === "" ? 0 : stack.indexOf(message);
  const rest = begin < 0 ? stack : stack.slice(begin + message.length);
  return rest.slice(0, 64 * 1024).split("\n").filter((line) => FRAME.test(line)).slice(0, most)
    .map((line) => line.slice(0, MAX_LINE_LENGTH)) // the pattern below takes quadratic time
    // A query can hold a key, and no file of a program has one.
    .map((line) =>
      shorten(show(line).replace(/[?#][^\s)]*?(?=(?::\d+){0,2}\)?$)/, ""), MAX_FRAME_LENGTH)
    );
}

/** A message of several lines would look like several entries, or like a stack. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, " ");
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function cutBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  return encoded.length <= bytes ? text : new TextDecoder().decode(encoded.subarray(0, bytes - 3));
}
