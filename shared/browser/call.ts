/**
 * One call: sends the request, and takes the steps of recovery until it succeeds or ends.
 *
 * @module
 */
import { clientProblem } from "../problems/client.ts";
import type { Problem } from "../problems/problem.ts";
import { type AuthFetch, expiryMs, type RefreshOutcome } from "./auth_fetch.ts";
import { compareWithStored, sameUser, type StoredSession } from "./client.ts";
import type { SharedDialog } from "./dialogs.ts";
import { type Failure, networkProblem, readFailure } from "./failure.ts";
import { callHooks, delay, jsonResponse, type OutageState, withTimeout } from "./outage.ts";
import { type CallOptions, MIN_AUTH_MS } from "./options.ts";
import { withProblem } from "./problem_of.ts";
import { fetchOnce, type OutgoingRequest, withMembers } from "./request.ts";
import type { SessionStore } from "./session.ts";
import { MAX_DIALOGS, mayReplay, nextStep, type Progress, type Step } from "./step.ts";

/** What the calls of one client share. */
export interface ClientState {
  /** The URL of the project. */
  readonly url: string;
  /** The runtime's fetch, or the application's. */
  readonly send: typeof fetch;
  readonly outage: OutageState;
  readonly dialogs: Readonly<Record<"step_up" | "reauthenticate", SharedDialog>>;
  /** `null` for a client whose tokens come from another provider. */
  readonly session: {
    readonly store: SessionStore;
    readonly authFetch: AuthFetch;
  } | null;
}

/** The result of sending the request once. */
interface Attempt {
  /** The failure; missing for a success. */
  readonly refused?: Failure;
  /** The client's own token that the request was sent with. */
  readonly token: string | null;
  /** The response, if there is one whose body can be read. */
  readonly response?: Response | undefined;
  /** What fetch threw. */
  readonly error?: unknown;
}

/**
 * Sends a request, and recovers as the response's `action` says.
 *
 * @param state What the calls of the client share.
 * @param options The application's options.
 * @param request The request, with the token that supabase-js gave it.
 * @returns The response; `problemOf()` of it is the problem.
 * @throws What fetch throws at the last try; `problemOf()` of it is the problem.
 */
export async function call(
  state: ClientState,
  options: CallOptions,
  request: OutgoingRequest,
): Promise<Response> {
  const { session, outage, dialogs } = state;
  const { signal } = request;
  const { patience, timeout } = options;
  const progress: Progress = {
    isOwnToken: false,
    isRefreshed: false,
    dialogs: { step_up: 0, reauthenticate: 0 },
    waits: 0,
    // supabase-js may have waited for Auth before it sent this.
    waitedMs: session?.authFetch.justWaitedMs() ?? 0,
  };
  let sentAtMs = 0;
  let attempt: Attempt | undefined;
  attempt = await sendFirst();
  while (attempt.refused) {
    const ended = await recover(attempt.refused, attempt.token);
    if (ended) return await finalResponse(request, attempt, ended);
    attempt = await sendAgain(attempt.token);
  }
  return attempt.response as Response;

  /** Sends it with the token from supabase-js, or with the stored one if supabase-js gave none. */
  async function sendFirst(): Promise<Attempt> {
    if (session === null) return await send(null);
    const { store, authFetch } = session;
    const stored = await store.read();
    const bearer = request.headers.get("authorization")?.replace(/^bearer /i, "");
    if (bearer !== undefined && bearer !== store.client.key) {
      return await send(store.isOwn(bearer) ? bearer : null, stored);
    }
    if (stored === null) {
      // Auth has just refused the session that supabase-js wanted to send this with.
      const problem = store.endProblem();
      return authFetch.justWaitedMs() !== undefined && problem.code !== "no_authorization"
        ? { refused: { problem, source: "handler" }, token: null }
        : send(null);
    }
    // Some versions send the key, and not the user's token, if that has expired or was refreshed in
    // another tab.
    const isOmitted = bearer === undefined || expiryMs(stored) <= Date.now() ||
      authFetch.isTaken(stored);
    attempt = await send(isOmitted ? stored.access_token : null, stored);
    const { token, refused } = attempt;
    // With a slow storage it takes longer until they send it: the answer tells.
    const isKeyRefused = token === null && refused?.problem.code === "no_authorization" &&
      mayReplay(refused, request);
    return isKeyRefused ? await sendAgain(stored.access_token) : attempt;
  }

  /** Sends it with the current token, if that is of the user that it was sent as. */
  async function sendAgain(token: string | null): Promise<Attempt> {
    if (session === null || token === null) return await send(null);
    const stored = await session.store.read();
    return stored && sameUser(stored.access_token, token)
      ? await send(stored.access_token, stored)
      : notSent("no_authorization", token);
  }

  async function send(
    token: string | null,
    stored: StoredSession | null = null,
  ): Promise<Attempt> {
    // Not sent: it would be refused, or treated as a request of nobody.
    if (stored && stored.access_token === token && session?.authFetch.isStale(stored)) {
      return notSent("token_expired", token);
    }
    if (attempt?.refused) report({ kind: "replay" }, attempt.refused.problem);
    let response: Response;
    sentAtMs = performance.now();
    try {
      response = await fetchOnce(state.send, request, token);
    } catch (error) {
      if (signal?.aborted) throw error;
      return { refused: { problem: networkProblem(), source: "network" }, token, error };
    }
    if (response.ok) {
      outage.end("call");
      return { token, response };
    }
    const { response: readable, ...refused } = await waitFor(
      readFailure(response, request, Math.max(MIN_AUTH_MS, stepLimitMs())),
    );
    if (!isOutage(refused)) outage.end("call");
    return { refused, token, response: readable };
  }

  /** Waits for something that counts into `patience`. */
  async function waitFor<T>(promise: Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    try {
      return await withTimeout(Infinity, promise, signal) as T;
    } finally {
      progress.waitedMs += performance.now() - startedAtMs;
    }
  }

  /** The time limit of one step. */
  function stepLimitMs(): number {
    return Math.min(timeout, Math.max(patience, MIN_AUTH_MS) - progress.waitedMs);
  }

  function report(step: Step | { readonly kind: "replay" }, { code }: Problem): void {
    const { kind, ...ms } = step;
    const { method, url: { pathname } } = request;
    callHooks([options.onStep], { step: kind, code, request: `${method} ${pathname}`, ...ms });
  }

  /** Takes a step until the request can be sent again, or returns the problem it ends with. */
  async function recover(refused: Failure, token: string | null): Promise<Problem | undefined> {
    const { problem } = refused;
    progress.isOwnToken = token !== null;
    const step = nextStep(refused, request, progress, options, Math.random());
    report(step, problem);
    if (step.kind === "wait") {
      if (isOutage(refused)) outage.begin("call", step.ms);
      progress.waits++;
      // A rate limit does not end early when the page gets the focus.
      return await waitFor(delay(step.ms, signal, problem.status !== 429));
    }
    if (step.kind === "reauthenticate") {
      const members = await askUser(step.kind, problem);
      if (typeof members !== "object" || members === null) return problem;
      request = await withMembers(request, members);
      return undefined;
    }
    const unavailable = clientProblem("auth_unavailable", problem);
    // `sign_in` is returned only if nobody is signed in any more.
    const unresolved = problem.action === "sign_in" && token !== null ? unavailable : problem;
    if (session === null || token === null || step.kind === "give_up") return unresolved;
    const { store, authFetch } = session;
    // The stored token may be newer than the refused one.
    let outcome: RefreshOutcome | undefined = compareWithStored(await store.read(), token);
    if (outcome === undefined && step.kind === "refresh") {
      outcome = await waitFor(authFetch.refresh(token, stepLimitMs()));
      progress.isRefreshed = outcome === "newer";
    } else if (outcome === undefined && step.kind === "step_up") {
      outcome = await askUser(step.kind, problem) ? "newer" : "unchanged";
      // The same token is sent again once only.
      const isSameToken = compareWithStored(await store.read(), token) === undefined;
      if (isSameToken) progress.dialogs.step_up = MAX_DIALOGS;
    }
    const isRefused = outcome === "refused";
    if (outcome === undefined || outcome === "refused") {
      outcome = await waitFor(authFetch.signOut(token, stepLimitMs()));
    }
    switch (outcome) {
      case "newer":
        return mayReplay(refused, request) ? undefined : unresolved;
      case "gone":
        return { ...store.endProblem(), request_id: problem.request_id };
      case "other":
        return unavailable;
      case "banned":
        return clientProblem("user_banned", problem);
      case "unchanged":
        return unresolved;
      default: {
        // Auth will never refresh this session, which has not ended: to wait would not help.
        if (isRefused) return unavailable;
        // The next call needs a valid token, even if this one ends.
        if (!mayReplay(refused, request)) authFetch.tryNow();
        const later = { ...unavailable, retry_after: Math.ceil(outcome / 1000) };
        return await recover({ problem: later, source: "credential" }, token);
      }
    }
  }

  /** Asks the user, together with the other calls that need it. */
  async function askUser(kind: "step_up" | "reauthenticate", problem: Problem): Promise<unknown> {
    progress.dialogs[kind]++;
    const hook = kind === "step_up" ? options.onStepUp : options.onReauthenticate;
    return await dialogs[kind].open(sentAtMs, (dialog) => hook?.(problem, dialog), signal);
  }
}

/** A call that is not sent, because its token would be refused. */
function notSent(code: Parameters<typeof clientProblem>[0], token: string | null): Attempt {
  const problem = clientProblem(code);
  return { refused: { problem, source: "credential" }, token };
}

/** Whether Auth does not answer, or nothing can be reached. */
function isOutage({ problem, source }: Failure): boolean {
  return source === "network" || (source === "credential" && problem.code === "auth_unavailable");
}

/** The caller's response: the last one as it came if it has the final problem, or a new one. */
async function finalResponse(
  request: OutgoingRequest,
  attempt: Attempt,
  problem: Problem,
): Promise<Response> {
  const { error, refused, response } = attempt;
  const last = problem.code === refused?.problem.code ? response : undefined;
  const { status } = last ?? problem;
  // postgrest-js retries 503, 520 and network errors by itself, three times, regardless of
  // `patience`.
  const isRead = request.url.pathname.includes("/rest/v1/") && request.repeatable;
  if (isRead && [503, 520].includes(status)) {
    const response = last
      ? new Response(await last.text(), { status: 504, headers: last.headers })
      : jsonResponse(problem, 504);
    return withProblem(response, problem);
  }
  if (last || error === undefined) {
    return withProblem(last ?? jsonResponse(problem, status), problem);
  }
  throw withProblem(Object(error), problem);
}
