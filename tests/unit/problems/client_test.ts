import { assert, assertEquals } from "@std/assert";
import {
  classifyProblem,
  CLIENT_PROBLEMS,
  clientProblem,
} from "../../../shared/problems/client.ts";
import { problem } from "../../../shared/problems/problem.ts";
import { type Action, outcomeOf, PROBLEMS, type Source } from "../../../shared/problems/table.ts";

const rows = Object.entries<readonly [Source, number, Action, string?]>(CLIENT_PROBLEMS);

Deno.test("CLIENT_PROBLEMS says what the table says", () => {
  for (const [code, [source, status, action, message]] of rows) {
    const outcome = outcomeOf(code, source);
    assertEquals([status, action], [outcome.status, outcome.action], code);
    const messages = [outcome.message, outcomeOf(code, "handler").message];
    if (message !== undefined) assert(messages.includes(message), code);
  }
});

Deno.test("CLIENT_PROBLEMS holds every code of the check that touches the session", () => {
  const { action, message } = outcomeOf("a_code_of_tomorrow", "credential");
  for (const code of Object.keys(PROBLEMS)) {
    const outcome = outcomeOf(code, "credential");
    const isDefault = outcome.action === action && outcome.message === message;
    const touches = ["sign_in", "refresh", "step_up"].includes(outcome.action) && !isDefault;
    if (touches) assert(code in CLIENT_PROBLEMS, code);
  }
});

Deno.test("clientProblem() makes what problem() makes", () => {
  for (const [code, [source, , , message]] of rows) {
    if (message === undefined) continue;
    for (const retry_after of [undefined, 7]) {
      const fields = { request_id: "r1", replay: source === "credential", retry_after };
      const made = clientProblem(code as keyof typeof CLIENT_PROBLEMS, fields);
      assertEquals(made, { ...problem(code, source, fields), message }, code);
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
