import { assert, assertEquals } from "@std/assert";
import type { Failure } from "../../../shared/browser/failure.ts";
import { problem, type ProblemFields } from "../../../shared/problems/problem.ts";
import type { Source } from "../../../shared/problems/table.ts";
import {
  type Limits,
  mayReplay,
  nextStep,
  type Progress,
  type RequestFacts,
} from "../../../shared/browser/step.ts";
import { ACTIONS } from "../../../shared/problems/table.ts";

const failure = (code: string, source: Source, fields: ProblemFields): Failure => ({
  problem: problem(code, source, fields),
  source,
});

const asked = (times: number) => ({ step_up: times, reauthenticate: times });
const begun: Progress = {
  isOwnToken: true,
  isRefreshed: false,
  dialogs: asked(0),
  waits: 0,
  waitedMs: 0,
};
const hook = () => {};
const limits = { onStepUp: hook, onReauthenticate: hook, patience: 30_000 };
const post: RequestFacts = { repeatable: false, bodyReusable: true };
const get: RequestFacts = { repeatable: true, bodyReusable: true };
const stream: RequestFacts = { repeatable: false, bodyReusable: false };

const credential = (code: string, replay = true, more = {}) =>
  failure(code, "credential", { request_id: "r1", replay, ...more });
const handler = (code: string, more = {}) =>
  failure(code, "handler", { request_id: "r1", ...more });
const step = (
  failure: Failure,
  request: RequestFacts,
  progress: Progress,
  limits: Limits,
  random = 0,
) => nextStep(failure, request, progress, limits, random);
const kind = (...args: Parameters<typeof step>) => step(...args).kind;

Deno.test("nextStep() refreshes once when the token was refused", () => {
  const expired = credential("token_expired");
  assertEquals(step(expired, post, begun, limits), { kind: "refresh" });
  assertEquals(kind(expired, post, { ...begun, isRefreshed: true }, limits), "give_up");
  assertEquals(kind(credential("bad_jwt"), post, begun, limits), "refresh");
});

Deno.test("nextStep() refreshes for the next call when this one must not be sent again", () => {
  for (
    const [refused, request] of [[credential("bad_jwt", false), post], [
      credential("bad_jwt"),
      stream,
    ]] as const
  ) {
    assertEquals(kind(refused, request, begun, limits), "refresh");
    assert(!mayReplay(refused, request));
  }
});

Deno.test("nextStep() confirms only when the credential check refused a token that was sent", () => {
  const ended = credential("session_not_found");
  assertEquals(step(ended, post, begun, limits), { kind: "confirm" });
  assertEquals(kind(ended, post, { ...begun, isOwnToken: false }, limits), "give_up");
  for (const source of ["handler", "platform", "network"] as const) {
    assertEquals(kind({ ...ended, source }, post, begun, limits), "give_up");
  }
});

Deno.test("nextStep() does nothing about the session when none was sent", () => {
  const none = { ...begun, isOwnToken: false };
  for (const action of ACTIONS) {
    const any: Failure = {
      problem: { ...credential("bad_jwt").problem, action },
      source: "credential",
    };
    assert(!["refresh", "confirm"].includes(kind(any, get, none, limits)), action);
  }
});

Deno.test("nextStep() steps up when there is a hook and the request can be sent again", () => {
  const low = credential("insufficient_aal");
  assertEquals(kind(low, post, begun, limits), "step_up");
  assertEquals(kind(low, post, { ...begun, dialogs: asked(3) }, limits), "give_up");
  assertEquals(kind(low, post, begun, { ...limits, onStepUp: undefined }), "give_up");
  assertEquals(kind(low, stream, begun, limits), "give_up");
});

Deno.test("nextStep() reauthenticates three times at most when there is a hook", () => {
  const needed = handler("reauthentication_needed");
  assertEquals(kind(needed, post, begun, limits), "reauthenticate");
  assertEquals(kind(needed, post, { ...begun, dialogs: asked(2) }, limits), "reauthenticate");
  assertEquals(kind(needed, post, { ...begun, dialogs: asked(3) }, limits), "give_up");
  const dialogs = { step_up: 3, reauthenticate: 2 };
  assertEquals(kind(needed, post, { ...begun, dialogs }, limits), "reauthenticate");
  assertEquals(kind(needed, post, begun, { ...limits, onReauthenticate: undefined }), "give_up");
});

Deno.test("nextStep() waits only when the request may run twice or never ran", () => {
  const late = handler("unexpected_failure");
  assertEquals(kind(late, post, begun, limits), "give_up");
  assertEquals(kind(late, get, begun, limits), "wait");
  assertEquals(kind(credential("auth_unavailable"), post, begun, limits), "wait");
  assertEquals(kind(credential("auth_unavailable", false), post, begun, limits), "give_up");
  assertEquals(kind(credential("auth_unavailable"), stream, begun, limits), "give_up");
});

Deno.test("nextStep() waits at least Retry-After, longer each time, when it retries", () => {
  const refusal = credential("auth_unavailable", true, { retry_after: 3 });
  const ms = (waits: number, random: number) => {
    const taken = step(refusal, get, { ...begun, waits }, { ...limits, patience: 1e9 }, random);
    return taken.kind === "wait" ? taken.ms : -1;
  };
  assertEquals([ms(0, 0), ms(1, 0), ms(2, 0), ms(3, 0)], [3000, 3000, 4000, 8000]);
  assertEquals([ms(0, 1), ms(3, 1)], [3000, 10_000]);
});

Deno.test("nextStep() gives up at once when the wait is longer than its patience", () => {
  const refusal = credential("over_request_rate_limit", true, { retry_after: 20 });
  assertEquals(kind(refusal, get, begun, limits), "wait");
  assertEquals(kind(refusal, get, { ...begun, waits: 1, waitedMs: 20_000 }, limits), "give_up");
  assertEquals(kind(refusal, get, begun, { ...limits, patience: 19_999 }), "give_up");
});

Deno.test("nextStep() gives up when the action needs a person", () => {
  const others = [
    handler("otp_expired"),
    handler("validation_failed"),
    credential("user_banned"),
    credential("insufficient_scope"),
  ];
  for (const other of others) assertEquals(kind(other, get, begun, limits), "give_up");
});
