/**
 * One call: sends the request, and takes the steps of recovery until it succeeds or ends.
 *
 * @module
 */
import type { Problem } from "../problems/problem.ts";
import type { AuthFetch } from "./auth_fetch.ts";
import { sameSession, sameUser, type StoredSession, unverifiedClaims } from "./client.ts";
import type { createDialogs, Dialog } from "./dialogs.ts";
import { callHook, delay, type OutageState, withTimeout } from "./outage.ts";
import { withProblem } from "./problem_of.ts";
import type { CallOptions, RecoveryEvent } from "./options.ts";
import { type Failure, failure, networkProblem, readFailure } from "./failure.ts";
import { fetchOnce, type OutgoingRequest, withMembers } from "./request.ts";
import { endProblem, type SessionStore } from "./session.ts";
import type { SignOut } from "./sign_out.ts";
import { nextStep, type Progress } from "./step.ts";

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

/** What to do after a failure: send this request, or end with this problem. */
type Next = { readonly request: OutgoingRequest } | { readonly problem: Problem };

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
  const { patience, timeout } = options;
  let progress: Omit<Progress, "token" | "waitedMs"> = {
    refreshed: false,
    steppedUp: false,
    reauthenticated: 0,
    waits: 0,
  };
  /** The last newer token that was sent instead of opening a dialog. */
  let steppedUpToken: string | undefined;
  let sentAtMs = 0;
  /** How long the call has waited; the time that a dialog is open does not count. */
  let waitedMs = session?.authFetch.lastWaitMs() ?? 0;
  let attempt: Attempt = await sendFirst();
  for (;;) {
    const { refused } = attempt;
    if (!refused) return attempt.response as Response;
    const next = await recover(refused, attempt.token);
    if ("problem" in next) return finalResponse(request, attempt, next.problem);
    request = next.request;
    attempt = await send(await currentToken(attempt.token));
  }

  /** Sends it with the token from supabase-js, or with the stored one if supabase-js gave none. */
  async function sendFirst(): Promise<Attempt> {
    const bearer = request.headers.get("authorization")?.replace(/^bearer /i, "");
    const stored = await session?.store.read();
    const isKey = bearer === undefined || bearer === session?.store.client.key;
    let token: string | null = null;
    if (session && bearer && !isKey) {
      const isStored = stored && sameSession(stored.access_token, bearer);
      if (isStored) token = stored.access_token;
      else if (session.store.hasSeen(bearer)) token = bearer;
    } else if (session && stored) {
      const isMissing = bearer === undefined || isExpired(stored) ||
        session.authFetch.justTaken();
      if (isMissing) token = stored.access_token;
    }
    const ended = isKey && stored === null && session?.store.justEnded();
    if (ended) return { refused: { problem: ended, source: "handler" }, token };
    if (token !== null && stored?.access_token === token && session?.authFetch.isStale(stored)) {
      // Not sent: it would be refused, or treated as a request of nobody.
      const { problem } = failure("token_expired", "credential", { request_id: "", replay: true });
      return { refused: { problem, source: "credential" }, token };
    }
    return await send(token);
  }

  /** The current token of the user that the call was sent as; a failure if there is none. */
  async function currentToken(before: string | null): Promise<string | null | Failure> {
    if (session === null || before === null) return null;
    const stored = await session.store.read();
    const fields = { request_id: "", replay: true };
    if (stored === null) return failure("no_authorization", "credential", fields);
    const { access_token } = stored;
    return sameUser(access_token, before)
      ? access_token
      : failure("auth_unavailable", "credential", fields);
  }

  async function send(token: string | null | Failure): Promise<Attempt> {
    if (typeof token === "object" && token !== null) {
      return { refused: token, token: attempt.token };
    }
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
    const isUnavailable = refused.source === "credential" &&
      refused.problem.code === "auth_unavailable";
    if (!isUnavailable) outage.end("call");
    return { refused, token, ...(text === undefined ? {} : { response, text }) };
  }

  async function countWait<T>(promise: Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    try {
      return await promise;
    } finally {
      waitedMs += performance.now() - startedAtMs;
    }
  }

  /** The time limit of one step. */
  function stepLimitMs(): number {
    return Math.min(timeout, Math.max(patience, MIN_STEP_MS) - waitedMs);
  }

  function report(step: RecoveryEvent["step"], { code }: Problem, ms?: number): void {
    const { method, url } = request;
    const event = { step, code, request: `${method} ${url.pathname}` };
    callHook(() => options.onStep?.(ms === undefined ? event : { ...event, ms }));
  }

  async function wait(delayMs: number, problem: Problem): Promise<void> {
    progress = { ...progress, waits: progress.waits + 1 };
    report("wait", problem, delayMs);
    // A rate limit does not end early when the page gets the focus.
    await countWait(delay(delayMs, signal, problem.status !== 429));
  }

  async function recover(refused: Failure, token: string | null): Promise<Next> {
    let current = refused;
    for (;;) {
      const { problem } = current;
      const limits = {
        canStepUp: options.onStepUp !== undefined && token !== null,
        canReauthenticate: options.onReauthenticate !== undefined,
        patienceMs: patience,
      };
      const ageSeconds = token === null
        ? 0
        : Date.now() / 1000 - Number(unverifiedClaims(token).iat ?? 0);
      const facts = { ...progress, waitedMs, token: token === null ? null : { ageSeconds } };
      const step = nextStep(current, request, facts, limits, Math.random());
      if (step.kind !== "wait") report(step.kind, problem);
      const replayOrEnd = (replay = true): Next => {
        if (!replay) return { problem };
        report("replay", problem);
        return { request };
      };
      switch (step.kind) {
        case "wait":
          reportOutage(current, step.ms);
          await wait(step.ms, problem);
          return replayOrEnd();
        case "refresh": {
          progress = { ...progress, refreshed: true };
          const ended = await refresh(token ?? "", problem);
          if (ended === "token") return replayOrEnd(step.replay);
          if (ended !== "newer") return { problem: ended };
          return step.replay ? replayOrEnd() : { problem: unavailable(problem) };
        }
        case "confirm": {
          const ended = await signOut(token ?? "", false);
          if (ended === "out") return { problem: endProblem(problem.code, problem.request_id) };
          if (ended === "newer" && step.replay) return replayOrEnd();
          current = { problem: unavailable(problem), source: "credential" };
          // Another user's session must not send this request. What Auth did not confirm may
          // succeed in a moment, so it is retried.
          if (ended !== "unconfirmed") return { problem: current.problem };
          continue;
        }
        case "step_up": {
          // The user confirmed the second factor after this was sent.
          const stored = await session?.store.read();
          if (stored && stored.access_token !== token && stored.access_token !== steppedUpToken) {
            steppedUpToken = stored.access_token;
            return replayOrEnd();
          }
          progress = { ...progress, steppedUp: true };
          const hook = options.onStepUp;
          const done = await dialogs.open("step_up", sentAtMs, (dialog) => {
            const given = hook?.(problem, dialog);
            return given && Promise.resolve(given).then((value) => value !== false);
          }, signal);
          return done ? replayOrEnd() : { problem };
        }
        case "reauthenticate": {
          progress = { ...progress, reauthenticated: progress.reauthenticated + 1 };
          const hook = options.onReauthenticate;
          const open = (dialog: Dialog<unknown>) => hook?.(problem, dialog as Dialog<object>);
          const members = await dialogs.open("reauthenticate", sentAtMs, open, signal);
          if (typeof members !== "object" || members === null) return { problem };
          request = withMembers(request, members);
          return replayOrEnd();
        }
        default:
          return {
            problem: problem.action === "sign_in" && token !== null
              ? unavailable(problem)
              : problem,
          };
      }
    }
  }

  function reportOutage({ problem, source }: Failure, delayMs: number): void {
    const isUnavailable = source === "network" ||
      (source === "credential" && problem.code === "auth_unavailable");
    if (isUnavailable) outage.begin("call", delayMs);
  }

  /** Refreshes the token; waits for Auth as long as `patience` allows. */
  async function refresh(token: string, problem: Problem): Promise<"token" | "newer" | Problem> {
    if (session === null) return problem;
    for (;;) {
      const outcome = await countWait(
        withTimeout(Infinity, session.authFetch.refresh(token, stepLimitMs()), signal),
      );
      if (outcome === undefined || outcome === "too_soon") return problem;
      if (outcome === "token") return outcome;
      if (outcome === "banned") return failure("user_banned", "credential", problem).problem;
      if (outcome === "gone") return endProblem("no_authorization", problem.request_id);
      if (outcome === "other") return unavailable(problem);
      if (typeof outcome === "object") {
        const ended = await signOut(token, true);
        if (ended === "out") return endProblem(outcome.code, problem.request_id);
        return ended === "newer" ? ended : unavailable(problem);
      }
      const leftMs = patience - waitedMs;
      if (outcome > leftMs) return unavailable(problem, Math.ceil(outcome / 1000));
      const backoffMs = progress.waits && 2 ** progress.waits * 1000 * (1 + Math.random() / 4);
      const ms = Math.min(leftMs, Math.max(outcome, backoffMs));
      await wait(Math.round(ms), unavailable(problem));
    }
  }

  async function signOut(token: string, isRefreshRefused: boolean) {
    if (session === null) return undefined;
    const ended = session.signOut(token, isRefreshRefused, stepLimitMs());
    const outcome = await countWait(withTimeout(Infinity, ended, signal));
    return outcome;
  }
}

/**
 * The problem "the sign-in could not be checked", in place of a `sign_in` that Auth did not
 * confirm.
 */
function unavailable({ request_id, replay }: Problem, retry_after?: number): Problem {
  return failure("auth_unavailable", "credential", { request_id, replay, retry_after }).problem;
}

/** The same test as in supabase-js, which gives no token then. */
function isExpired({ expires_at }: StoredSession): boolean {
  return (expires_at ?? Infinity) * 1000 <= Date.now();
}

/** The caller's response: the last one as it came if it has the final problem, or a new one. */
function finalResponse(request: OutgoingRequest, attempt: Attempt, problem: Problem): Response {
  const { response, error, refused, text = null } = attempt;
  // postgrest-js retries 503, 520 and network errors by itself, three times, regardless of
  // `patience`.
  const isRepeated = request.url.pathname.includes("/rest/v1/") && request.repeatable;
  const statusOf = (status: number) => isRepeated && [503, 520].includes(status) ? 504 : status;
  if (response && problem.code === refused?.problem.code) {
    const { status, headers } = response;
    const finalStatus = statusOf(status);
    return withProblem(
      finalStatus === status ? response : new Response(text, { status: finalStatus, headers }),
      problem,
    );
  }
  if (error !== undefined && !isRepeated) {
    throw typeof error === "object" && error !== null ? withProblem(error, problem) : error;
  }
  const headers = { "content-type": "application/json" };
  const init = { status: statusOf(problem.status), headers };
  return withProblem(new Response(JSON.stringify(problem), init), problem);
}
