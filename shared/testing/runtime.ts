/** The part of `Deno.env` that functions use. */
interface DenoEnv {
  get(name: string): string | undefined;
  has(name: string): boolean;
  toObject(): Record<string, string>;
}

interface Runtime {
  Deno?: { env: DenoEnv };
}

/**
 * Replaces the environment and `fetch` of this process, as a function finds them where it is
 * deployed. The variables of the process itself stay, except those that begin with `SUPABASE_`.
 * Where there is no `Deno`, functions get one that has `env` alone.
 *
 * @param env The variables.
 * @param fetch What `fetch` is to be.
 * @returns Puts everything back.
 */
export function installRuntime(
  env: Readonly<Record<string, string>>,
  fetch: typeof globalThis.fetch,
): () => void {
  const runtime = globalThis as unknown as Runtime;
  const realFetch = globalThis.fetch;
  globalThis.fetch = fetch;
  const restoreEnv = runtime.Deno === undefined
    ? defineDeno(runtime, env)
    : replaceEnv(runtime.Deno.env, env);
  return () => {
    globalThis.fetch = realFetch;
    restoreEnv();
  };
}

/** Not with `Deno.env.set()`: test files that run side by side share one environment. */
function replaceEnv(target: DenoEnv, env: Readonly<Record<string, string>>): () => void {
  const { get, has, toObject } = target;
  const isOwn = (name: string) => name in env || name.startsWith("SUPABASE_");
  target.get = (name) => isOwn(name) ? env[name] : get.call(target, name);
  target.has = (name) => isOwn(name) ? name in env : has.call(target, name);
  target.toObject = () => {
    const others = Object.entries(toObject.call(target)).filter(([name]) => !isOwn(name));
    return { ...Object.fromEntries(others), ...env };
  };
  return () => void Object.assign(target, { get, has, toObject });
}

function defineDeno(runtime: Runtime, env: Readonly<Record<string, string>>): () => void {
  runtime.Deno = {
    env: {
      get: (name) => env[name],
      has: (name) => name in env,
      toObject: () => ({ ...env }),
    },
  };
  return () => void delete runtime.Deno;
}
