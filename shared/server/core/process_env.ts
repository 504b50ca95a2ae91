import type { Environment } from "./project.ts";

interface Runtime {
  readonly Deno?: {
    readonly env: { toObject(): Environment; get(name: string): string | undefined };
  };
  readonly process?: { readonly env: Environment };
}

/** The variables of this process: those of the edge runtime and of Deno, else those of Node. */
export function readProcessEnv(): Environment {
  const { Deno: deno, process } = globalThis as Runtime;
  return deno?.env.toObject() ?? process?.env ?? {};
}

/** One of these variables; `undefined` if it is not set. */
export function readProcessVariable(name: string): string | undefined {
  const { Deno: deno, process } = globalThis as Runtime;
  return deno === undefined ? process?.env[name] : deno.env.get(name);
}
