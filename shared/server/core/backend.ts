import { type BatchedGetUser, batchGetUser } from "./batch.ts";
import { type Clock, createClock } from "./clock.ts";
import { createGetUser } from "./get_user.ts";
import { createKeyStore } from "./key_store.ts";
import { limitUnverified } from "./limit_unverified.ts";
import { type Environment, EnvironmentError, type Project, readProject } from "./project.ts";
import { createSignatureCheck, type SignatureCheck } from "./signature.ts";
import { createVerdictCache, type VerdictCache } from "./verdict_cache.ts";

/** Where callers are looked up: one project, one client, one cache. */
export interface Backend {
  readonly project: Project;
  readonly getUser: BatchedGetUser;
  readonly verdicts: VerdictCache;
  readonly signatures: SignatureCheck;
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

const processEnv: Environment = {};
const globalFetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args);
const backends = new WeakMap<Environment, WeakMap<typeof globalThis.fetch, Backend | Error>>();

/**
 * The backend of an environment, built on first use and shared from then on, so that every `auth()`
 * of a function shares its calls and its cache.
 *
 * @throws {EnvironmentError} A variable is missing or wrong: the same error each time.
 */
export function getBackend(options: BackendOptions): Backend {
  const env = options.env ?? processEnv;
  const fetch = options.fetch ?? globalFetch;
  const byFetch = backends.get(env) ?? new WeakMap<typeof globalThis.fetch, Backend | Error>();
  backends.set(env, byFetch);
  const backend = byFetch.get(fetch) ?? build(env, fetch);
  byFetch.set(fetch, backend);
  if (backend instanceof Error) throw backend;
  return backend;
}

function build(env: Environment, fetch: typeof globalThis.fetch): Backend | Error {
  try {
    const project = readProject(env === processEnv ? Deno.env.toObject() : env);
    const signatures = createSignatureCheck(createKeyStore(project, fetch));
    const getUser = batchGetUser(
      limitUnverified(createGetUser(project, fetch), signatures.isUnverified),
    );
    return {
      project,
      fetch,
      getUser,
      signatures,
      verdicts: createVerdictCache(),
      clock: createClock(),
    };
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
}
