import type { Environment } from "./project.ts";

interface Runtime {
  readonly Deno?: { readonly env: { toObject(): Environment } };
  readonly process?: { readonly env: Environment };
}

/** The variables of this process: those of the edge runtime and of Deno, else those of Node. */
export function readProcessEnv(): Environment {
  const { Deno: deno, process } = globalThis as Runtime;
  return deno?.env.toObject() ?? process?.env ?? {};
}
