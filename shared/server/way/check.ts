import { AuthClient } from "@supabase/auth-js";
import type { Project } from "./project.ts";
import { type Answer, ask } from "./upstream.ts";

/** Asks Auth whether a token's session is alive. Never rejects. */
export type Check = (token: string, timeout: number) => Promise<Answer>;

/** What the client is given to read: its own view of the answer is not used, so it costs nothing. */
const NOTHING = { ok: true, json: () => Promise.resolve({}) } as Response;

interface Pending {
  readonly timeout: number;
  answer?: Answer;
}

/**
 * `supabase.auth.getUser(token)` with the raw answer kept: what supabase-js makes of it loses the
 * code of `session_not_found`, every Retry-After, and the status of what is not JSON.
 *
 * One client for all requests, which stores nothing: a client with a session of its own wipes it
 * when the token it was asked about is dead.
 *
 * @param project Whose Auth to ask.
 * @param fetch The fetch to use.
 * @returns The check; its `timeout` is in milliseconds.
 */
export function createCheck(project: Project, fetch: typeof globalThis.fetch): Check {
  // A call finds its check by its bearer. Two checks of one token may swap answers: each is
  // still of a call that began after both were asked for.
  const pending = new Map<string, Pending[]>();
  const client = new AuthClient({
    url: `${project.url}/auth/v1`,
    headers: { apikey: project.apiKey },
    autoRefreshToken: false,
    detectSessionInUrl: false,
    persistSession: false,
    fetch: async (input, init) => {
      const { Authorization: bearer = "" } = init?.headers as Record<string, string>;
      const mine = pending.get(bearer)?.shift();
      if (mine !== undefined) mine.answer = await ask(fetch, String(input), init, mine.timeout);
      return NOTHING;
    },
  });
  return async (token, timeout) => {
    const bearer = `Bearer ${token}`;
    const mine: Pending = { timeout };
    const queue = pending.get(bearer) ?? [];
    pending.set(bearer, queue);
    queue.push(mine);
    await client.getUser(token).catch(() => {});
    if (queue.includes(mine)) queue.splice(queue.indexOf(mine), 1);
    if (queue.length === 0 && pending.get(bearer) === queue) pending.delete(bearer);
    return mine.answer ?? { kind: "fault", reason: "network" };
  };
}
