import type { Project } from "./project.ts";
import { type Answer, ask } from "./auth_answer.ts";

/** Asks Auth whether the session of a bearer (`Bearer <token>`) is alive. Never rejects. */
export type Check = (bearer: string, timeout: number) => Promise<Answer>;

/**
 * The request of `supabase.auth.getUser(token)`, GET /user, with the raw answer kept: what
 * supabase-js makes of it loses the code of `session_not_found`, every Retry-After, and the status
 * of what is not JSON. A test holds both requests against each other.
 *
 * @param project Whose Auth to ask.
 * @param fetch The fetch to use.
 * @returns The check; its `timeout` is in milliseconds.
 */
export function createCheck(project: Project, fetch: typeof globalThis.fetch): Check {
  const url = `${project.url}/auth/v1/user`;
  const apikey = project.apiKey;
  return (Authorization, timeout) => {
    const headers = { apikey, Authorization, "X-Supabase-Api-Version": "2024-01-01" };
    return ask(fetch, url, { headers }, timeout);
  };
}
