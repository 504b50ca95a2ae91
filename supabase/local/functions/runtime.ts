/** What a function finds where it runs: the part of the edge runtime that functions use. */

import { replaceListen } from "./legacy_serve.ts";

/** The handler of a function. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | Promise<Response>;

/** What the platform passes as the second argument of a handler. */
export const info = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 0 },
  completed: Promise.resolve(),
} as Deno.ServeHandlerInfo;

/** Lines of a stack that lead to this folder or into Deno, and not to the function. */
const OWN_FRAME = new RegExp(
  `^ +at .*(?:${RegExp.escape(new URL(".", import.meta.url).href)}|\\(ext:|\\bext:)`,
);

/** The whole of an error: its stack as far as it is the function's, and those of its causes. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const lines = (error.stack ?? error.message).split("\n");
  const text = lines.filter((line) => !OWN_FRAME.test(line)).join("\n");
  return cause === undefined ? text : `${text}\nCaused by: ${reasonOf(cause)}`;
}

/** Replaces `Deno.env` by the variables of the platform. */
function replaceEnv(env: Readonly<Record<string, string>>): void {
  const values = new Map(Object.entries(env));
  const value: Deno.Env = {
    get: (name) => values.get(name),
    set: (name, text) => void values.set(name, text),
    delete: (name) => void values.delete(name),
    has: (name) => values.has(name),
    toObject: () => Object.fromEntries(values),
  };
  Object.defineProperty(Deno, "env", { value, configurable: true });
}

/** Replaces `Deno.serve` by the platform's: it takes the handler and opens no port. */
function replaceServe(take: (handler: Handler | undefined) => void): void {
  const serve = (first: Handler | { handler?: Handler }, second?: Handler) => {
    take(second ?? (typeof first === "function" ? first : first.handler));
    return {
      addr: { transport: "tcp", hostname: "0.0.0.0", port: 0 },
      finished: new Promise<void>(() => {}),
      shutdown: () => Promise.resolve(),
      ref: () => {},
      unref: () => {},
    };
  };
  Object.defineProperty(Deno, "serve", { value: serve, configurable: true });
}

/** Adds the part of the platform's `EdgeRuntime` that functions use. */
function addEdgeRuntime(): void {
  const waitUntil = <T>(promise: Promise<T>): Promise<T> => promise;
  Object.defineProperty(globalThis, "EdgeRuntime", { value: { waitUntil }, configurable: true });
}

/**
 * Loads a function in this process or worker, which is changed for good.
 *
 * @param entry The URL of its entry file.
 * @param env Its `Deno.env`.
 * @returns The handler that it exports as `default { fetch }` or gives to `Deno.serve()`.
 * @throws {unknown} What its modules throw, or that there is no handler.
 */
export async function loadFunction(
  entry: string,
  env: Readonly<Record<string, string>>,
): Promise<Handler> {
  let handler: Handler | undefined;
  replaceEnv(env);
  replaceServe((served) => handler = served);
  replaceListen((served) => handler ??= served);
  addEdgeRuntime();
  const module = await import(entry);
  handler ??= module.default?.fetch?.bind(module.default);
  if (!handler) throw new Error("It neither exports `default { fetch }` nor calls Deno.serve().");
  return handler;
}
