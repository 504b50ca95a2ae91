import { createClient } from "@supabase/supabase-js";
import type { AuthAnswer } from "./auth_answer.ts";
import { deadline, fetchAnswer, NETWORK_FAULT, TIMED_OUT } from "./bounded_fetch.ts";
import type { Project } from "./project.ts";

/** What `getUser(token)` returned, and Auth's answer as it came. */
export interface GetUserResult {
  /** The user, where Auth answered 2xx. Anything may be in it: it has not been looked at. */
  readonly user: unknown;
  readonly answer: AuthAnswer;
  /** How many calls were made. */
  readonly calls: number;
}

/** Asks Auth about the user and the session of a token. Never rejects. */
export type GetUser = (token: string, timeoutMs: number) => Promise<GetUserResult>;

/** A client that keeps nothing: no session in a storage, no refresh, nothing read from a URL. */
export const STATELESS = {
  persistSession: false,
  autoRefreshToken: false,
  detectSessionInUrl: false,
} as const;

/** What our fetch knows about the call that it belongs to. */
interface Call {
  readonly signal: AbortSignal;
  answer: AuthAnswer;
}

/**
 * `supabase.auth.getUser(token)` on one shared client. Its fetch is bounded in time and bytes,
 * follows no redirect and asks for no cached answer. It keeps status, headers and the text of
 * refusals as they came, because supabase-js drops them: the code of `session_not_found`, every
 * Retry-After, the status of what is not JSON.
 *
 * @param project Whose Auth to ask.
 * @param fetch The fetch to use.
 */
export function createGetUser(project: Project, fetch: typeof globalThis.fetch): GetUser {
  /** getUser(token) calls its fetch before it returns: so a fetch belongs to the call that starts. */
  let starting: Call | undefined;

  const supabase = createClient(project.url, project.apiKey, {
    auth: STATELESS,
    global: {
      headers: { "Cache-Control": "no-cache" },
      async fetch(input, init) {
        const call = starting!;
        call.answer = await fetchAnswer(fetch, input, { ...init, signal: call.signal });
        return toResponse(call.answer);
      },
    },
  });

  return function getUser(token, timeoutMs) {
    return deadline(timeoutMs, LATE_RESULT, async (signal) => {
      const call: Call = { signal, answer: NETWORK_FAULT };
      starting = call;
      const asked = supabase.auth.getUser(token);
      starting = undefined;
      try {
        const { data } = await asked;
        return { user: data.user, answer: call.answer, calls: 1 };
      } catch { // getUser() throws where the body of a 200 is `null`
        return { user: null, answer: call.answer, calls: 1 };
      }
    });
  };
}

/**
 * What supabase-js reads of a Response: building a real one would cost a tenth of a check. A fault is
 * a 503 here, because some versions log what a fetch rejects with, and it may name addresses.
 */
function toResponse(answer: AuthAnswer): Response {
  const { status, headers, text, body } = answer.kind === "answer" ? answer : UNAVAILABLE;
  const json = async () => await (body ?? JSON.parse(text));
  return { ok: status >= 200 && status < 300, status, headers, json } as Response;
}

const UNAVAILABLE = { status: 503, headers: new Headers(), text: "{}", body: {} };

const LATE_RESULT: GetUserResult = Object.freeze({ user: null, answer: TIMED_OUT, calls: 1 });
