import { AuthClient } from "@supabase/auth-js";
import type { Project } from "./project.ts";
import { type Answer, ask } from "./upstream.ts";

/** Asks Auth whether a token's session is alive. Never rejects. */
export type Check = (token: string, timeout: number) => Promise<Answer>;

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
      const headers = new Headers(init?.headers);
      const mine = pending.get(headers.get("authorization") ?? "")?.shift();
      if (mine === undefined) throw new TypeError("no check is pending for this call");
      mine.answer = await ask(fetch, String(input), { ...init, headers }, mine.timeout);
      if (mine.answer.kind === "fault") throw new TypeError(mine.answer.reason);
      const { status, headers: received, text } = mine.answer;
      const bodiless = status === 204 || status === 205 || status === 304;
      return new Response(bodiless ? null : text, { status, headers: received });
    },
  });
  return async (token, timeout) => {
    const bearer = `Bearer ${token}`;
    const mine: Pending = { timeout };
    const queue = pending.get(bearer) ?? [];
    pending.set(bearer, queue);
    queue.push(mine);
    try {
      await client.getUser(token);
    } catch {
      // A body of `null` makes getUser throw; the answer is kept all the same.
    } finally {
      if (queue.includes(mine)) queue.splice(queue.indexOf(mine), 1);
      if (queue.length === 0 && pending.get(bearer) === queue) pending.delete(bearer);
    }
    return mine.answer ?? { kind: "fault", reason: "network" };
  };
}
