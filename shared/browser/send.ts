/** Sending a request once, as whoever is signed in. @module */
import type { Client } from "./client.ts";
import { currentToken } from "./current_token.ts";
import type { Outgoing } from "./outgoing.ts";
import { networkProblem } from "./platform.ts";
import { withProblem } from "./problem_of.ts";
import { readRefusal, type Refusal, refusal } from "./refusal.ts";
import { tokenFacts } from "./token.ts";

/** As whom a call goes out. */
export interface Caller {
  /** The request brought a token of its own: what is said about it is not about our session. */
  readonly foreign: boolean;
  /** Whose call it is, once it was sent: it is never sent again as somebody else. */
  readonly user: string | undefined;
}

/** What one sending came to. */
export type Sent =
  | { readonly kind: "done"; readonly response: Response }
  | {
    readonly kind: "refused";
    readonly refusal: Refusal;
    /** The client's own token that was refused. */
    readonly token: string | null;
    /** The session that supabase-js gave up before anything could be sent. */
    readonly ended?: string;
    /** What the caller gets in the end: the answer with its body unread, or a throw. */
    readonly end: (problem: Refusal["problem"]) => Response;
  };

/**
 * Who a request goes out as. A token that it brings counts as the client's own if it is of the stored
 * session: so `fetch` also works below supabase-js, which adds it.
 *
 * @param client The client.
 * @param request What came in.
 * @returns The caller, and the request without a token that is the client's own.
 */
export async function callerOf(client: Client, request: Outgoing): Promise<[Caller, Outgoing]> {
  const given = request.headers.get("authorization")?.replace(/^bearer /i, "");
  if (given === undefined) return [{ foreign: false, user: undefined }, request];
  const stored = (await client.peek())?.access_token;
  const session = tokenFacts(given).session;
  const own = stored !== undefined &&
    (given === stored || (session !== undefined && session === tokenFacts(stored).session));
  if (!own) return [{ foreign: true, user: undefined }, request];
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  return [{ foreign: false, user: tokenFacts(given).user }, { ...request, headers }];
}

/** Nothing was sent: the answer that the function would have given is made here, in its shape. */
function unsent(code: string, ended?: string): Sent {
  const replay = true;
  return {
    kind: "refused",
    refusal: refusal(code, "credential", { request_id: "", replay }),
    token: null,
    ...(ended !== undefined && { ended }),
    end: (problem) => Response.json(problem, { status: problem.status }),
  };
}

/**
 * Sends a request once.
 *
 * @param client The client.
 * @param request What to send.
 * @param caller As whom.
 * @param timeout Milliseconds that getting a token may take.
 * @returns The answer, if it is a success or none of ours; else what it refuses.
 * @throws What fetch throws when the caller's signal aborts.
 */
export async function send(
  client: Client,
  request: Outgoing,
  caller: Caller,
  timeout: number,
): Promise<Sent> {
  const { url, method, body, signal, rest } = request;
  const headers = new Headers(request.headers);
  let token: string | null = null;
  if (!caller.foreign) {
    const current = await currentToken(client, timeout, signal);
    if (current.kind === "unavailable") return unsent("auth_unavailable");
    if (current.kind === "ended") return unsent("session_expired", current.session);
    if (current.kind === "token") token = current.token;
    const user = token === null ? undefined : tokenFacts(token).user;
    // Signed out, or somebody else, since the first sending.
    if (caller.user !== undefined && user !== caller.user) {
      return unsent(token === null ? "no_authorization" : "auth_unavailable");
    }
  }
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const stream = body instanceof ReadableStream ? { duplex: "half" } : {};
  const init: RequestInit = { ...rest, ...stream, method, headers, body, signal };
  let response: Response;
  try {
    response = await client.send(url.href, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    const end = (problem: Refusal["problem"]): never => {
      throw error instanceof Error ? withProblem(error, problem) : error;
    };
    const network: Refusal = { problem: networkProblem(), source: "network" };
    return { kind: "refused", refusal: network, token, end };
  }
  if (response.ok || !isObeyed(url, client.base)) return { kind: "done", response };
  const refused = await readRefusal(response.clone());
  return { kind: "refused", refusal: refused, token, end: () => response };
}

/** Functions and REST; what Auth and Storage say, their own clients handle. */
function isObeyed({ pathname }: URL, { pathname: base }: URL): boolean {
  return pathname.startsWith(`${base}functions/v1/`) || pathname.startsWith(`${base}rest/v1/`);
}
