/** What the doctor takes from its own environment. */

import { EnvironmentError, readProject } from "./library.ts";

/** URL, public key and key set; each `undefined` where it is not set. */
export interface Surroundings {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  readonly jwks: string | undefined;
}

/**
 * Reads the variables that functions read too.
 *
 * @param env The variables.
 * @param url Instead of SUPABASE_URL. The key of another project than that is still sent: it is a
 * public one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { apiKey } = surroundings({ SUPABASE_ANON_KEY: "anon" }, "https://abc.supabase.co");
 * assertEquals(apiKey, "anon");
 * ```
 */
export function surroundings(
  env: Readonly<Record<string, string | undefined>>,
  url?: string,
): Surroundings {
  const address = url ?? (env.SUPABASE_URL?.trim() || undefined);
  const jwks = env.SUPABASE_JWKS?.trim() || undefined;
  try {
    const project = readProject({ ...env, SUPABASE_URL: address });
    return { url: project.url, apiKey: project.apiKey, jwks };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { url: address?.replace(/\/+$/, ""), apiKey: undefined, jwks };
  }
}
