import { logHookFailure } from "./log.ts";

/**
 * Calls a hook of the application. Nobody waits for it, and what it throws or rejects with changes
 * nothing; the first failure of each kind of hook is logged.
 *
 * @param name The option that it was given as.
 * @param call Calls it.
 * @returns What it returned; `undefined` if it threw.
 */
export function callHook(name: "onDecision" | "onError", call: () => unknown): unknown {
  const failed = (error: unknown) => logHookFailure(name, error);
  try {
    const returned = call();
    if (returned instanceof Promise) returned.catch(failed);
    return returned;
  } catch (error) {
    failed(error);
    return undefined;
  }
}
