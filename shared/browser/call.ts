/** One call: sends it, looks at what came back, takes the next step, until there is none. @module */
import type { Problem } from "../problems/problem.ts";
import type { AuthFetch } from "./auth_fetch.ts";
import { claimsOf, sameSession, sameUser, type StoredSession } from "./client.ts";
import type { createDialogs, Dialog } from "./dialogs.ts";
import { guarded, type OutageState, pause, within } from "./outage.ts";
import { withProblem } from "./problem_of.ts";
import type { RecoveryEvent, RecoveryOptions } from "./recovery.ts";
import { networkProblem, readRefusal, type Refusal, refusal } from "./refusal.ts";
import { fetchOnce, type Outgoing, withMembers } from "./request.ts";
import { endOf, type Sessions } from "./session.ts";
import type { SignOut } from "./sign_out.ts";
import { nextStep, type Progress } from "./step.ts";

/** What the calls of one client share. */
export interface Shared {
  /** The runtime's fetch, or the application's. */
  readonly send: typeof fetch;
  readonly outage: OutageState;
  readonly dialogs: ReturnType<typeof createDialogs>;
  /** `null` for a client whose tokens come from elsewhere. */
  readonly own: {
    readonly sessions: Sessions;
    readonly auth: AuthFetch;
    readonly signOut: SignOut;
  } | null;
}

/** The options with their defaults filled in. */
export type CallOptions = RecoveryOptions & { readonly timeout: number; readonly patience: number };

/** What one sending came to. */
interface Sent {
  /** What is wrong with it; nothing if it is a success, or none of ours. */
  readonly refused?: Refusal;
  /** The client's own token that it was sent with. */
  readonly token: string | null;
  /** The answer, if there is one that can be handed on. */
  readonly response?: Response;
  /** Its body, where it is a refusal. */
  readonly text?: string;
  /** What fetch threw. */
  readonly error?: unknown;
}

/** What to do after a refusal: send this, or end with that problem. */
type Next = { readonly request: Outgoing } | { readonly problem: Problem };

/** Whose answers are obeyed; what Auth says, supabase-js handles. */
export const OBEYED: RegExp = /\/(functions|rest|storage|graphql)\/v1\//;

/** What the steps of a call may take together, however little patience there is. */
const MIN_STEP_MS = 1000;

/**
 * Sends a request, and recovers as the answer's `action` says.
 *
 * @param shared What the calls of the client share.
 * @param options What the application does about it.
 * @param request The request, with the token that supabase-js gave it.
 * @returns The answer; `problemOf()` of it is the problem.
 * @throws What fetch throws, in the end; `problemOf()` of it is the problem.
 */
export async function call(
  shared: Shared,
  options: CallOptions,
  request: Outgoing,
): Promise<Response> {
  const { own, outage, dialogs } = shared;
  const { signal } = request;
  const { patience, timeout } = options;
  let progress: Omit<Progress, "token" | "waited"> = {
    refreshed: false,
    steppedUp: false,
    reauthenticated: 0,
    waits: 0,
  };
  /** The last token that was taken instead of asking the user. */
  let taken: string | undefined;
  let sentAt = 0;
  /** Milliseconds that the call has waited; the user's own time does not count. */
  let spent = own?.auth.justWaited() ?? 0;
  let sent: Sent = await first();
  for (;;) {
    const { refused } = sent;
    if (!refused) return sent.response as Response;
    const next = await recover(refused, sent.token);
    if ("problem" in next) return finish(request, sent, next.problem);
    request = next.request;
    sent = await send(await tokenAgain(sent.token));
  }

  /** As whoever supabase-js sends it, unless it could not load the session that is stored. */
  async function first(): Promise<Sent> {
    const given = request.headers.get("authorization")?.replace(/^bearer /i, "");
    const stored = await own?.sessions.read();
    const isKey = given === undefined || given === own?.sessions.client.key;
    let token: string | null = null;
    if (own && given && !isKey) {
      const isStored = stored && sameSession(stored.access_token, given);
      if (isStored) token = stored.access_token;
      else if (own.sessions.knows(given)) token = given;
    } else if (own && stored) {
      const isLost = given === undefined || hasRunOut(stored) || own.auth.justTaken();
      if (isLost) token = stored.access_token;
    }
    const ended = isKey && stored === null && own?.sessions.justEnded();
    if (ended) return { refused: { problem: ended, source: "handler" }, token };
    if (token !== null && stored?.access_token === token && own?.auth.isStale(stored)) {
      // Not sent: it would be refused, or taken for nobody's.
      const { problem } = refusal("token_expired", "credential", { request_id: "", replay: true });
      return { refused: { problem, source: "credential" }, token };
    }
    return await send(token);
  }

  /** The token of whoever the call was sent as, by now; or why there is none. */
  async function tokenAgain(before: string | null): Promise<string | null | Refusal> {
    if (own === null || before === null) return null;
    const stored = await own.sessions.read();
    const fields = { request_id: "", replay: true };
    if (stored === null) return refusal("no_authorization", "credential", fields);
    const { access_token } = stored;
    return sameUser(access_token, before)
      ? access_token
      : refusal("auth_unavailable", "credential", fields);
  }

  async function send(token: string | null | Refusal): Promise<Sent> {
    if (typeof token === "object" && token !== null) return { refused: token, token: sent.token };
    let response: Response;
    sentAt = performance.now();
    try {
      response = await fetchOnce(shared.send, request, token);
    } catch (error) {
      if (signal?.aborted) throw error;
      return { refused: { problem: networkProblem(), source: "network" }, token, error };
    }
    if (response.ok || !OBEYED.test(request.url.pathname)) {
      outage.end("call");
      return { token, response };
    }
    const { text, ...refused } = await timed(readRefusal(response, limit()));
    const isAway = refused.source === "credential" && refused.problem.code === "auth_unavailable";
    if (!isAway) outage.end("call");
    return { refused, token, ...(text === undefined ? {} : { response, text }) };
  }

  async function timed<T>(promise: Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await promise;
    } finally {
      spent += performance.now() - from;
    }
  }

  /** Milliseconds that one step may take. */
  function limit(): number {
    return Math.min(timeout, Math.max(patience, MIN_STEP_MS) - spent);
  }

  function tell(step: RecoveryEvent["step"], { code }: Problem, ms?: number): void {
    const { method, url } = request;
    const event = { step, code, request: `${method} ${url.pathname}` };
    guarded(() => options.onStep?.(ms === undefined ? event : { ...event, ms }));
  }

  async function wait(ms: number, problem: Problem): Promise<void> {
    progress = { ...progress, waits: progress.waits + 1 };
    tell("wait", problem, ms);
    // A limit is not over because somebody looks at the page.
    await timed(pause(ms, signal, problem.status !== 429));
  }

  async function recover(refused: Refusal, token: string | null): Promise<Next> {
    let current = refused;
    for (;;) {
      const { problem } = current;
      const limits = {
        canStepUp: options.onStepUp !== undefined && token !== null,
        canReauthenticate: options.onReauthenticate !== undefined,
        patience,
      };
      const age = token === null ? 0 : Date.now() / 1000 - Number(claimsOf(token).iat ?? 0);
      const facts = { ...progress, waited: spent, token: token === null ? null : { age } };
      const step = nextStep(current, request, facts, limits, Math.random());
      if (step.kind !== "wait") tell(step.kind, problem);
      const again = (replay = true): Next => {
        if (!replay) return { problem };
        tell("replay", problem);
        return { request };
      };
      switch (step.kind) {
        case "wait":
          noteOutage(current, step.ms);
          await wait(step.ms, problem);
          return again();
        case "refresh": {
          progress = { ...progress, refreshed: true };
          const ended = await renew(token ?? "", problem);
          if (ended === "token") return again(step.replay);
          if (ended !== "newer") return { problem: ended };
          return step.replay ? again() : { problem: unavailable(problem) };
        }
        case "confirm": {
          const ended = await signOut(token ?? "", false);
          if (ended === "out") return { problem: endOf(problem.code, problem.request_id) };
          if (ended === "newer" && step.replay) return again();
          current = { problem: unavailable(problem), source: "credential" };
          // Somebody else's session must not send this request; and what Auth did not confirm may
          // be gone in a moment, so that is a `retry` like any other.
          if (ended !== "unconfirmed") return { problem: current.problem };
          continue;
        }
        case "step_up": {
          // The second factor was confirmed since this was sent.
          const stored = await own?.sessions.read();
          if (stored && stored.access_token !== token && stored.access_token !== taken) {
            taken = stored.access_token;
            return again();
          }
          progress = { ...progress, steppedUp: true };
          const hook = options.onStepUp;
          const done = await dialogs.ask("step_up", sentAt, (dialog) => {
            const given = hook?.(problem, dialog);
            return given && Promise.resolve(given).then((value) => value !== false);
          }, signal);
          return done ? again() : { problem };
        }
        case "reauthenticate": {
          progress = { ...progress, reauthenticated: progress.reauthenticated + 1 };
          const hook = options.onReauthenticate;
          const open = (dialog: Dialog<unknown>) => hook?.(problem, dialog as Dialog<object>);
          const members = await dialogs.ask("reauthenticate", sentAt, open, signal);
          if (typeof members !== "object" || members === null) return { problem };
          request = withMembers(request, members);
          return again();
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

  function noteOutage({ problem, source }: Refusal, ms: number): void {
    const isAway = source === "network" ||
      (source === "credential" && problem.code === "auth_unavailable");
    if (isAway) outage.begin("call", ms);
  }

  /** Renews the token, waiting for Auth as long as there is patience. */
  async function renew(token: string, problem: Problem): Promise<"token" | "newer" | Problem> {
    if (own === null) return problem;
    for (;;) {
      const outcome = await timed(within(Infinity, own.auth.renew(token, limit()), signal));
      if (outcome === undefined || outcome === "too_soon") return problem;
      if (outcome === "token") return outcome;
      if (outcome === "banned") return refusal("user_banned", "credential", problem).problem;
      if (outcome === "gone") return endOf("no_authorization", problem.request_id);
      if (outcome === "other") return unavailable(problem);
      if (typeof outcome === "object") {
        const ended = await signOut(token, true);
        if (ended === "out") return endOf(outcome.code, problem.request_id);
        return ended === "newer" ? ended : unavailable(problem);
      }
      const left = patience - spent;
      if (outcome > left) return unavailable(problem, Math.ceil(outcome / 1000));
      const longer = progress.waits && 2 ** progress.waits * 1000 * (1 + Math.random() / 4);
      const ms = Math.min(left, Math.max(outcome, longer));
      await wait(Math.round(ms), unavailable(problem));
    }
  }

  async function signOut(token: string, spentToken: boolean) {
    if (own === null) return undefined;
    const ended = own.signOut(token, spentToken, limit());
    const outcome = await timed(within(Infinity, ended, signal));
    return outcome;
  }
}

/** The sign-in could not be checked: what stands in for a `sign_in` that nothing confirms. */
function unavailable({ request_id, replay }: Problem, retry_after?: number): Problem {
  return refusal("auth_unavailable", "credential", { request_id, replay, retry_after }).problem;
}

/** As supabase-js judges it: then it gives no token. */
function hasRunOut({ expires_at }: StoredSession): boolean {
  return (expires_at ?? Infinity) * 1000 <= Date.now();
}

/** What the caller gets: the answer as it came, if its problem is the one that is left. */
function finish(request: Outgoing, sent: Sent, problem: Problem): Response {
  const { response, error, refused, text = null } = sent;
  // postgrest-js repeats these by itself, three times and beyond all patience.
  const isRepeated = request.url.pathname.includes("/rest/v1/") && request.repeatable;
  const statusOf = (status: number) => isRepeated && [503, 520].includes(status) ? 504 : status;
  if (response && problem.code === refused?.problem.code) {
    const { status, headers } = response;
    const told = statusOf(status);
    return withProblem(
      told === status ? response : new Response(text, { status: told, headers }),
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
