import { createCheck } from "./get_user.ts";
import { type Clock, createClock } from "./clock.ts";
import { coalesce, type SharedCheck } from "./batch.ts";
import { createKeyStore } from "./key_store.ts";
import { limitSuspects } from "./limit_unverified.ts";
import { createMemory, type Memory } from "./verdict_cache.ts";
import { type Environment, EnvironmentError, type Project, readProject } from "./project.ts";
import { createSignatureCheck, type SignatureCheck } from "./signature.ts";

/** Where a caller's session is looked up: one project, one way to ask, one memory. */
export interface Backend {
  readonly project: Project;
  readonly check: SharedCheck;
  readonly memory: Memory;
  readonly signature: SignatureCheck;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

/** Where the variables and the network come from; both are the runtime's own by default. */
export interface BackendOptions {
  /** The variables to read instead of the process environment. */
  readonly env?: Environment | undefined;
  /** The fetch to use instead of the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const ambientEnv: Environment = {};
const ambientFetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args);
const known = new WeakMap<Environment, WeakMap<typeof globalThis.fetch, Backend | Error>>();

/**
 * The backend of an environment, made on first use and shared from then on, so that every
 * `auth()` of a function shares its calls and its memory.
 *
 * @throws {EnvironmentError} A variable is missing or wrong: the same error every time.
 */
export function backendOf(options: BackendOptions): Backend {
  const env = options.env ?? ambientEnv;
  const fetch = options.fetch ?? ambientFetch;
  const backend = known.get(env)?.get(fetch) ?? keep(env, fetch);
  if (backend instanceof Error) throw backend;
  return backend;
}

function keep(env: Environment, fetch: typeof globalThis.fetch): Backend | Error {
  const byFetch = known.get(env) ?? new WeakMap<typeof globalThis.fetch, Backend | Error>();
  known.set(env, byFetch);
  const backend = build(env, fetch);
  byFetch.set(fetch, backend);
  return backend;
}

function build(env: Environment, fetch: typeof globalThis.fetch): Backend | Error {
  try {
    const project = readProject(env === ambientEnv ? Deno.env.toObject() : env);
    const signature = createSignatureCheck(createKeyStore(project, fetch));
    const check = coalesce(limitSuspects(createCheck(project, fetch), signature.isSuspect));
    return { project, fetch, check, signature, memory: createMemory(), clock: createClock() };
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
}
