import { assert, assertEquals } from "@std/assert";
import {
  classifyProblem,
  CLIENT_PROBLEMS,
  clientProblem,
} from "../../../shared/problems/client.ts";
import { problem } from "../../../shared/problems/problem.ts";
import {
  outcomeOf,
  type ProblemCode,
  PROBLEMS,
  type Source,
} from "../../../shared/problems/table.ts";

const codes = Object.keys(PROBLEMS) as ProblemCode[];
const SOURCES: readonly Source[] = ["credential", "handler"];

Deno.test("CLIENT_PROBLEMS says what the table says", () => {
  for (const source of SOURCES) {
    for (const [code, [status, action, message]] of Object.entries(CLIENT_PROBLEMS[source])) {
      const outcome = outcomeOf(code, source);
      assertEquals([status, action], [outcome.status, outcome.action], code);
      if (message !== undefined) assertEquals(message, outcome.message, code);
    }
  }
});

Deno.test("CLIENT_PROBLEMS holds every code of the check that touches the session", () => {
  const { action, message } = outcomeOf("a_code_of_tomorrow", "credential");
  for (const code of codes) {
    const outcome = outcomeOf(code, "credential");
    const isDefault = outcome.action === action && outcome.message === message;
    const touches = ["sign_in", "refresh", "step_up"].includes(outcome.action) && !isDefault;
    const isOther401 = outcome.status === 401 && outcome.action !== action;
    if (touches || isOther401) assert(code in CLIENT_PROBLEMS.credential, code);
  }
});

Deno.test("clientProblem() makes what problem() makes", () => {
  for (const source of SOURCES) {
    for (const [code, [, , message]] of Object.entries(CLIENT_PROBLEMS[source])) {
      if (message === undefined) continue;
      for (const retry_after of [undefined, 7]) {
        const fields = { request_id: "r1", replay: source === "credential", retry_after };
        const made = clientProblem(code as ProblemCode, source, fields);
        assertEquals(made, problem(code, source, fields), code);
      }
    }
  }
});

Deno.test("classifyProblem() lets a handler's own 401 refresh nothing: a page that polls would use up the limit", () => {
  const body = {
    ...problem("insufficient_scope", "handler", { request_id: "r1" }),
    status: 401,
    replay: true,
  };
  for (const action of ["none", "refresh", "sign_in", "step_up"] as const) {
    const { problem: judged, source } = classifyProblem({ ...body, action });
    const expected = action === "none" ? "none" : "fix_request";
    assertEquals([judged.action, judged.replay, source], [expected, false, "handler"]);
  }
});
