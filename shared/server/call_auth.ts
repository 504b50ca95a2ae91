import {
  API_KEY_REFUSED,
  CACHED_ANSWER,
  isApiKeyRefusal,
  isFromCache,
  readAuthError,
  retryAfterSeconds,
} from "./core/auth_answer.ts";
import { type Backend, type BackendOptions, getBackend } from "./core/backend.ts";
import { boundedFetch } from "./core/bounded_fetch.ts";
import { EnvironmentError, type Project } from "./core/project.ts";
import { isAddress } from "./internal/client_address.ts";
import { fromUnknown, relay, weakPassword } from "./internal/handler_error.ts";
import { logOnce } from "./internal/log.ts";
import { ProblemError } from "../problems/problem_error.ts";

/** A request to Supabase Auth. */
export interface AuthCall extends BackendOptions {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/auth/v1`, with its query: `/user`, `/logout?scope=others`. */
  readonly path: `/${string}`;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** The caller's access token: Auth acts as this user. */
  readonly token?: string | undefined;
  /**
   * The address of the person for whom Auth is called without a `token`, from a header that only the
   * platform sets. Auth counts its limits per address, so without it all callers of a function share
   * one. It is sent as `Sb-Forwarded-For`, with a secret key (`sb_secret_…`), which Auth asks for:
   * such a call needs no captcha. Auth ignores it unless IP address forwarding is switched on there;
   * where the function has no such key, or this is no address, it is left out.
   */
  readonly clientAddress?: string | undefined;
  /** Milliseconds. @default {10000} */
  readonly timeout?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Calls Auth for a handler: as the caller, or as nobody. For what supabase-js does
 * only with a stored session (`updateUser`, `reauthenticate`, signing out the other sessions) or
 * only with a stored verifier (the PKCE exchange).
 *
 * @param call See {@linkcode AuthCall}.
 * @returns The JSON object that Auth answers; empty where it answers without a body.
 * @throws {ProblemError} Auth refuses, under Auth's own code; or cannot be reached.
 */
export async function callAuth(call: AuthCall): Promise<Record<string, unknown>> {
  const { project, fetch } = backendFor(call);
  const headers = new Headers({
    apikey: project.apiKey,
    ...forwardedAddress(call, project),
    "Cache-Control": "no-cache",
    "X-Supabase-Api-Version": "2024-01-01",
    ...(call.body ? { "Content-Type": "application/json" } : {}),
    ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
  });
  const init = {
    method: call.method,
    headers,
    ...(call.body ? { body: JSON.stringify(call.body) } : {}),
  };
  const url = `${project.url}/auth/v1${call.path}`;
  const answer = await boundedFetch(fetch, url, init, call.timeout ?? DEFAULT_TIMEOUT_MS);
  if (answer.kind === "fault") throw new ProblemError("auth_unavailable");
  if (isFromCache(answer)) {
    logOnce(CACHED_ANSWER);
    throw new ProblemError("auth_unavailable");
  }
  if (answer.status === 204) return {};
  if (answer.status >= 200 && answer.status < 300 && answer.body !== null) {
    return answer.body;
  }

  const seconds = retryAfterSeconds(answer);
  const wait = seconds === undefined ? {} : { retry_after: seconds };
  const error = readAuthError(answer);
  if (isApiKeyRefusal(answer)) {
    logOnce(API_KEY_REFUSED);
    throw new ProblemError("auth_misconfigured");
  }
  if (error?.code === "weak_password") throw weakPassword(error.reasons);
  if (answer.status === 429) throw relay(error?.code ?? "over_request_rate_limit", wait);
  if (error === null || answer.status >= 500 || answer.status < 400) {
    throw new ProblemError("auth_unavailable", wait);
  }
  if (error.code === "unknown") throw fromUnknown(answer.status);
  throw relay(error.code, wait);
}

/** The headers that tell Auth for whom it is called. */
function forwardedAddress(
  { token, clientAddress }: AuthCall,
  { apiKeys }: Project,
): Record<string, string> {
  const secret = apiKeys.find(({ kind, key }) => kind === "secret" && key.startsWith("sb_secret_"));
  if (token !== undefined || secret === undefined || !isAddress(clientAddress)) return {};
  return { apikey: secret.key, "Sb-Forwarded-For": clientAddress };
}

function backendFor(call: AuthCall): Backend {
  try {
    return getBackend(call);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    logOnce(error.message);
    throw new ProblemError("auth_misconfigured");
  }
}
