import { type ApiKeyCheck, createApiKeyCheck } from "./api_keys.ts";
import { type BatchedGetUser, batchGetUser } from "./batch.ts";
import { type Clock, createClock } from "./clock.ts";
import { createBreaker } from "./breaker.ts";
import { createGetUser } from "./get_user.ts";
import { createKeyStore } from "./key_store.ts";
import { limitUnverified, type UnverifiedLimits } from "./limit_unverified.ts";
import { readProcessEnv } from "./process_env.ts";
import { type Environment, EnvironmentError, type Project, readProject } from "./project.ts";
import { retryOnce } from "./retry.ts";
import { createSignatureCheck, type SignatureCheck } from "./signature.ts";
import { createTokenCache, type TokenCache } from "./token_cache.ts";

/** Where callers are looked up: one project, one client, one cache. */
export interface Backend {
  readonly project: Project;
  readonly getUser: BatchedGetUser;
  readonly tokens: TokenCache;
  readonly signatures: SignatureCheck;
  readonly limits: Pick<UnverifiedLimits, "recordForged" | "recordKey">;
  readonly clock: Clock;
  readonly apiKeys: ApiKeyCheck;
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
const backends = new WeakMap<Environment, WeakMap<typeof globalThis.fetch, Backend | Error>>();

/**
 * The backend of an environment, built on first use and shared from then on, so that every `auth()`
 * of a function shares its calls and its cache.
 *
 * @throws {EnvironmentError} A variable is missing or wrong: the same error each time.
 */
export function getBackend(options: BackendOptions): Backend {
  const env = options.env ?? processEnv;
  const fetch = options.fetch ?? globalThis.fetch;
  const byFetch = backends.get(env) ?? new WeakMap<typeof globalThis.fetch, Backend | Error>();
  backends.set(env, byFetch);
  const backend = byFetch.get(fetch) ?? build(env, fetch);
  byFetch.set(fetch, backend);
  if (backend instanceof Error) throw backend;
  return backend;
}

function build(env: Environment, fetch: typeof globalThis.fetch): Backend | Error {
  try {
    const project = readProject(env === processEnv ? readProcessEnv() : env);
    const limits = limitUnverified(createBreaker(retryOnce(createGetUser(project, fetch))));
    return {
      project,
      fetch,
      getUser: batchGetUser(limits.getUser),
      limits,
      signatures: createSignatureCheck(createKeyStore(project, fetch), project.jwks.length > 0),
      tokens: createTokenCache(),
      clock: createClock(),
      apiKeys: createApiKeyCheck(project.apiKeys),
    };
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
}
