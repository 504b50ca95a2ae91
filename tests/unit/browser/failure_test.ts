import { assert, assertEquals } from "@std/assert";
import { readFailure } from "../../../shared/browser/failure.ts";
import { classifyProblem, CLIENT_PROBLEMS } from "../../../shared/problems/client.ts";
import { problem } from "../../../shared/problems/problem.ts";
import { ACTIONS, outcomeOf, type ProblemCode, PROBLEMS } from "../../../shared/problems/table.ts";
import { json, refuses } from "./_support.ts";

const codes = Object.keys(PROBLEMS) as ProblemCode[];
const SESSION_ACTIONS = ["sign_in", "refresh", "step_up"];

const request = { method: "POST", url: new URL("https://project.example/functions/v1/me") };

Deno.test("outcomeOf() gives different statuses per source when the action depends on the source", () => {
  for (const code of codes) {
    const [credential, handler] = [outcomeOf(code, "credential"), outcomeOf(code, "handler")];
    assert(credential.status !== handler.status || credential.action === handler.action, code);
  }
});

Deno.test("classifyProblem() takes the action from the table when the body has another action", () => {
  for (const code of codes) {
    for (const source of ["credential", "handler"] as const) {
      const body = problem(code, source, { request_id: "r1", replay: true });
      assertEquals(classifyProblem(body).problem.action, body.action, `${code} ${source}`);
      if (source === "handler" || !SESSION_ACTIONS.includes(body.action)) continue;
      const rows: Readonly<Record<string, readonly unknown[]>> = CLIENT_PROBLEMS;
      if (rows[code]?.[0] !== "credential") continue;
      for (const action of ACTIONS) {
        assertEquals(classifyProblem({ ...body, action }).problem.action, body.action, code);
      }
    }
  }
});

Deno.test("classifyProblem() allows session actions only for a credential's status when the table has the code", () => {
  for (const code of codes) {
    for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 503]) {
      for (const action of ACTIONS) {
        const body = { ...problem(code, "handler", { request_id: "r1" }), status, action };
        const judged = classifyProblem({ ...body, replay: true });
        const touches = SESSION_ACTIONS.includes(judged.problem.action);
        const isOwn = status === outcomeOf(code, "credential").status;
        // A 401 that is not in the table leads to one refresh at most.
        const isHarmless = status === 401 && judged.problem.action === "refresh";
        assert(!touches || isOwn || isHarmless, `${code} ${status}`);
        assert(judged.source === "credential" || !judged.problem.replay);
      }
    }
  }
});

Deno.test("classifyProblem() never returns sign_in or step_up when the table does not have the code", () => {
  for (const status of [400, 401, 403, 500]) {
    for (const action of ACTIONS) {
      const body = { ...problem("brand_new", "handler", { request_id: "r1" }), status, action };
      const judged = classifyProblem({ ...body, replay: true }).problem;
      const harmless = !SESSION_ACTIONS.includes(action);
      const expected = harmless ? action : status === 401 ? "refresh" : "fix_request";
      assertEquals([judged.action, judged.replay], [expected, status === 401]);
    }
  }
});

Deno.test("readFailure() does not trust a body when its status is another one", async () => {
  const body = problem("session_not_found", "credential", { request_id: "r1", replay: true });
  const honest = await readFailure(json(401, body), request, 1000);
  assertEquals([honest.source, honest.problem.action], ["credential", "sign_in"]);
  for (const status of [400, 403, 500]) {
    const { source, problem } = await readFailure(json(status, body), request, 1000);
    assertEquals(source, "platform");
    assert(!SESSION_ACTIONS.includes(problem.action));
  }
});

Deno.test("readFailure() keeps the other members when the body is a problem", async () => {
  const issues = [{ path: ["title"], code: "too_small", message: "Too short." }];
  const { problem } = await readFailure(
    refuses("validation_failed", "handler", { issues }),
    request,
    1000,
  );
  assertEquals([problem.issues, problem.request_id], [issues, "r1"]);
});

Deno.test("readFailure() returns a platform failure when the body is not JSON, cut off, or empty", async () => {
  for (const text of ["", "<html>", '{"code":"session_not', "null", "[]", '"text"']) {
    const { source, problem } = await readFailure(
      new Response(text, { status: 401 }),
      request,
      1000,
    );
    assertEquals([source, problem.action, problem.replay], ["platform", "none", false]);
  }
});
