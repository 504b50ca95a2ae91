/**
 * One call: sends the request, and takes the steps of recovery until it succeeds or ends.
 *
 * @module
 */
import type { Problem } from "../problems/problem.ts";
import type { AuthFetch } from "./auth_fetch.ts";
import { sameSession, sameUser, type StoredSession, unverifiedClaims } from "./client.ts";
import type { createDialogs, Dialog } from "./dialogs.ts";
import { callHook, delay, jsonResponse, type OutageState, withTimeout } from "./outage.ts";
import { withProblem } from "./problem_of.ts";
import type { CallOptions, RecoveryEvent } from "./options.ts";
import { type Failure, failure, networkProblem, readFailure, withText } from "./failure.ts";
import { fetchOnce, type OutgoingRequest, withMembers } from "./request.ts";
import { endProblem, type SessionStore } from "./session.ts";
import type { SignOut } from "./sign_out.ts";
import { nextStep, type Progress, retryDelayMs } from "./step.ts";

/** What the calls of one client share. */
export interface ClientState {
  /** The runtime's fetch, or the application's. */
  readonly send: typeof fetch;
  readonly outage: OutageState;
  readonly dialogs: ReturnType<typeof createDialogs>;
  /** `null` for a client whose tokens come from another provider. */
  readonly session: {
    readonly store: SessionStore;
    readonly authFetch: AuthFetch;
    readonly signOut: SignOut;
  } | null;
}

/** The result of sending the request once. */
interface Attempt {
  /** The failure; missing for a success, and for a path that recovery does not handle. */
  readonly refused?: Failure;
  /** The client's own token that the request was sent with. */
  readonly token: string | null;
  /** The response, if there is one whose body can be read. */
  readonly response?: Response;
  /** The body of a failure. */
  readonly text?: string;
  /** What fetch threw. */
  readonly error?: unknown;
}

/** The paths whose failures are recovered from. supabase-js handles the responses of Auth. */
export const RECOVERED_PATHS: RegExp = /\/(functions|rest|storage|graphql)\/v1\//;

/** The least time for the steps of a call in total, even if `patience` is shorter. */
const MIN_STEP_MS = 1000;

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
  const { patience, timeout, onStepUp, onReauthenticate } = options;
  const limits = {
    canStepUp: onStepUp !== undefined,
    canReauthenticate: onReauthenticate !== undefined,
    patienceMs: patience,
  };
  const progress: Progress = {
    token: null,
    refreshed: false,
    steppedUp: false,
    reauthenticated: 0,
    waits: 0,
    // The time that a dialog is open does not count.
    waitedMs: session?.authFetch.lastWaitMs() ?? 0,
  };
  /** The last newer token that was sent instead of opening a dialog. */
  let steppedUpToken: string | undefined;
  let sentAtMs = 0;
  let attempt = await sendFirst();
  while (attempt.refused) {
    const ended = await recover(attempt.refused, attempt.token);
    if (ended) return finalResponse(request, attempt, ended);
    report("replay", attempt.refused.problem);
    attempt = await sendAgain(attempt.token);
  }
  return attempt.response as Response;

  /** Sends it with the token from supabase-js, or with the stored one if supabase-js gave none. */
  async function sendFirst(): Promise<Attempt> {
    if (session === null) return await send(null);
    const { store, authFetch } = session;
    const bearer = request.headers.get("authorization")?.replace(/^bearer /i, "");
    const stored = await store.read();
    if (bearer !== undefined && bearer !== store.client.key) {
      const isStored = stored && sameSession(stored.access_token, bearer);
      return await sendUnlessStale(
        isStored ? stored.access_token : store.hasSeen(bearer) ? bearer : null,
        stored,
      );
    }
    const ended = stored === null && store.justEnded();
    if (ended) return { refused: { problem: ended, source: "handler" }, token: null };
    // Some versions send the key of the client, and not the token, in these cases.
    const isMissing = stored &&
      (bearer === undefined || isExpired(stored) || authFetch.justTaken());
    return await sendUnlessStale(isMissing ? stored.access_token : null, stored);
  }

  async function sendUnlessStale(
    token: string | null,
    stored: StoredSession | null,
  ): Promise<Attempt> {
    if (token !== null && stored?.access_token === token && session?.authFetch.isStale(stored)) {
      // Not sent: it would be refused, or treated as a request of nobody.
      return { refused: failure("token_expired", { request_id: "" }), token };
    }
    return await send(token);
  }

  /** Sends it with the current token, if that is of the user that it was sent as. */
  async function sendAgain(token: string | null): Promise<Attempt> {
    if (session === null || token === null) return await send(null);
    const stored = await session.store.read();
    if (stored && sameUser(stored.access_token, token)) return await send(stored.access_token);
    const code = stored ? "auth_unavailable" : "no_authorization";
    return { refused: failure(code, { request_id: "" }), token };
  }

  async function send(token: string | null): Promise<Attempt> {
    let response: Response;
    sentAtMs = performance.now();
    try {
      response = await fetchOnce(state.send, request, token);
    } catch (error) {
      if (signal?.aborted) throw error;
      return { refused: { problem: networkProblem(), source: "network" }, token, error };
    }
    if (response.ok || !RECOVERED_PATHS.test(request.url.pathname)) {
      outage.end("call");
      return { token, response };
    }
    const { text, ...refused } = await countWait(readFailure(response, stepLimitMs()));
    if (!isOutage(refused)) outage.end("call");
    return { refused, token, ...(text === undefined ? {} : { response, text }) };
  }

  async function countWait<T>(promise: Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    try {
      return await promise;
    } finally {
      progress.waitedMs += performance.now() - startedAtMs;
    }
  }

  /** The time limit of one step. */
  function stepLimitMs(): number {
    return Math.min(timeout, Math.max(patience, MIN_STEP_MS) - progress.waitedMs);
  }

  function report(step: RecoveryEvent["step"], { code }: Problem, ms?: number): void {
    const { method, url } = request;
    const event = { step, code, request: `${method} ${url.pathname}` };
    callHook(() => options.onStep?.(ms === undefined ? event : { ...event, ms }));
  }

  async function wait(delayMs: number, problem: Problem): Promise<void> {
    progress.waits++;
    report("wait", problem, delayMs);
    // A rate limit does not end early when the page gets the focus.
    await countWait(delay(delayMs, signal, problem.status !== 429));
  }

  /** Takes the steps until the request can be sent again, or returns the problem it ends with. */
  async function recover(refused: Failure, token: string | null): Promise<Problem | undefined> {
    const { problem } = refused;
    const iat = token === null ? 0 : Number(unverifiedClaims(token).iat ?? 0);
    progress.token = token === null ? null : { ageSeconds: Date.now() / 1000 - iat };
    const step = nextStep(refused, request, progress, limits, Math.random());
    if (step.kind !== "wait") report(step.kind, problem);
    switch (step.kind) {
      case "wait":
        if (isOutage(refused)) outage.begin("call", step.ms);
        await wait(step.ms, problem);
        return undefined;
      case "refresh": {
        progress.refreshed = true;
        const ended = await refresh(token ?? "", problem);
        return ended ?? (step.replay ? undefined : problem);
      }
      case "confirm": {
        const ended = await signOut(token ?? "", false);
        if (ended === "gone") return endProblem(problem.code, problem.request_id);
        if (ended === "newer" && step.replay) return undefined;
        const unconfirmed = unavailable(problem);
        // Another user's session must not send this request. What Auth did not confirm may succeed
        // in a moment, so it is retried.
        return ended === "unconfirmed" ? await recover(unconfirmed, token) : unconfirmed.problem;
      }
      case "step_up": {
        // The user confirmed the second factor after this was sent.
        const stored = await session?.store.read();
        if (stored && stored.access_token !== token && stored.access_token !== steppedUpToken) {
          steppedUpToken = stored.access_token;
          return undefined;
        }
        progress.steppedUp = true;
        const confirm = (dialog: Dialog<unknown>) => {
          const given = onStepUp?.(problem, dialog);
          return given && Promise.resolve(given).then((value) => value !== false);
        };
        const isConfirmed = await dialogs.open("step_up", sentAtMs, confirm, signal);
        return isConfirmed ? undefined : problem;
      }
      case "reauthenticate": {
        progress.reauthenticated++;
        const ask = (dialog: Dialog<unknown>) =>
          onReauthenticate?.(problem, dialog as Dialog<object>);
        const members = await dialogs.open("reauthenticate", sentAtMs, ask, signal);
        if (typeof members !== "object" || members === null) return problem;
        request = withMembers(request, members);
        return undefined;
      }
      default:
        return problem.action === "sign_in" && token !== null
          ? unavailable(problem).problem
          : problem;
    }
  }

  /** Refreshes the token, and waits for Auth as long as `patience` allows. */
  async function refresh(token: string, problem: Problem): Promise<Problem | undefined> {
    if (session === null) return problem;
    for (;;) {
      const outcome = await countWait(
        withTimeout(Infinity, session.authFetch.refresh(token, stepLimitMs()), signal),
      );
      if (outcome === "newer") return undefined;
      if (outcome === undefined || outcome === "too_soon") return problem;
      if (outcome === "banned") return failure("user_banned", problem).problem;
      if (outcome === "gone") return endProblem("no_authorization", problem.request_id);
      if (outcome === "other") return unavailable(problem).problem;
      if (typeof outcome === "object") {
        const ended = await signOut(token, true);
        if (ended === "newer") return undefined;
        return ended === "gone"
          ? endProblem(outcome.code, problem.request_id)
          : unavailable(problem).problem;
      }
      const leftMs = patience - progress.waitedMs;
      if (outcome > leftMs) return unavailable(problem, Math.ceil(outcome / 1000)).problem;
      const backoffMs = progress.waits && retryDelayMs(0, progress.waits, Math.random());
      await wait(Math.min(leftMs, Math.max(outcome, backoffMs)), unavailable(problem).problem);
    }
  }

  async function signOut(token: string, isRefreshRefused: boolean) {
    const ended = session?.signOut(token, isRefreshRefused, stepLimitMs());
    return ended && await countWait(withTimeout(Infinity, ended, signal));
  }
}

/** The failure "the sign-in could not be checked", instead of a `sign_in` that is not confirmed. */
function unavailable({ request_id, replay }: Problem, retry_after?: number): Failure {
  return failure("auth_unavailable", { request_id, replay, retry_after });
}

/** Whether Auth does not answer, or nothing can be reached. */
function isOutage({ problem, source }: Failure): boolean {
  return source === "network" || (source === "credential" && problem.code === "auth_unavailable");
}

/** The same test as in supabase-js, which gives no token then. */
function isExpired({ expires_at }: StoredSession): boolean {
  return (expires_at ?? Infinity) * 1000 <= Date.now();
}

/** The caller's response: the last one as it came if it has the final problem, or a new one. */
function finalResponse(request: OutgoingRequest, attempt: Attempt, problem: Problem): Response {
  const { error, refused } = attempt;
  // postgrest-js retries 503, 520 and network errors by itself, three times, regardless of
  // `patience`.
  const isRepeated = request.url.pathname.includes("/rest/v1/") && request.repeatable;
  const last = problem.code === refused?.problem.code ? attempt.response : undefined;
  if (!last && error !== undefined && !isRepeated) {
    throw typeof error === "object" && error !== null ? withProblem(error, problem) : error;
  }
  const given = (last ?? problem).status;
  const status = isRepeated && (given === 503 || given === 520) ? 504 : given;
  if (last && status === given) return withProblem(last, problem);
  const response = last
    ? withText(last, attempt.text ?? "", status)
    : jsonResponse(problem, status);
  return withProblem(response, problem);
}
