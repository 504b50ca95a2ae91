import { assert, assertEquals } from "@std/assert";
import {
  assertRefusal,
  bearer,
  deployed,
  json,
  logged,
  REFUSALS,
  token,
  UPSTREAM_TEXT,
  USER_ID,
} from "../../support/server.ts";

const todos = deployed(() => import("../../../functions/todos/index.ts"));
const ID = "33333333-3333-4333-8333-333333333333";
const TODO = { id: ID, user_id: USER_ID, title: "tea", done: false, created_at: "2026-11-23" };
const INVALID = { status: 400, code: "validation_failed", action: "fix_request", replay: false };
const NOT_FOUND = { status: 404, code: "not_found", action: "fix_request", replay: false };

const fails = (status: number, code: string) => () =>
  json(status, { code, message: UPSTREAM_TEXT, details: UPSTREAM_TEXT, hint: null });

Deno.test("todos lists, creates, changes and deletes as the caller", async () => {
  const jwt = token();
  const cases = [
    ["GET", "/todos", undefined, [TODO], 200, [TODO]],
    ["POST", "/todos", { title: "  tea " }, TODO, 201, TODO],
    ["PATCH", `/todos/${ID}`, { done: true }, { ...TODO, done: true }, 200, {
      ...TODO,
      done: true,
    }],
    ["DELETE", `/todos/${ID}`, undefined, [TODO], 204, null],
  ] as const;
  for (const [method, path, body, row, status, expected] of cases) {
    todos.answer = () => json(200, row);
    const response = await todos.send(method, path, body, bearer(jwt));
    const text = await response.text();
    assertEquals([method, response.status], [method, status]);
    assertEquals(text === "" ? null : JSON.parse(text), expected);
  }
  const asked = await todos.sent();
  assertEquals(asked.map(({ method }) => method), ["GET", "POST", "PATCH", "DELETE"]);
  for (const { path, authorization } of asked) {
    assert(path.startsWith("/rest/v1/todos"));
    assertEquals(authorization, `Bearer ${jwt}`);
  }
  assertEquals(asked[1]?.body, { title: "tea", user_id: USER_ID });
  assertEquals(asked[2]?.body, { done: true });
  assert(asked[2]?.path.includes(`id=eq.${ID}`) && asked[3]?.path.includes(`id=eq.${ID}`));
});

Deno.test("todos does not let a caller choose the owner, the id or a filter", async () => {
  const bodies = [
    ["POST", "", { title: "a", user_id: ID }],
    ["POST", "", { title: "a", id: ID }],
    ["POST", "", {}],
    ["POST", "", { title: " " }],
    ["POST", "", { title: "x".repeat(201) }],
    ["POST", "", { title: 5 }],
    ["PATCH", `/${ID}`, {}],
    ["PATCH", `/${ID}`, { user_id: ID }],
    ["PATCH", `/${ID}`, { done: "yes" }],
    ["PATCH", `/${ID}`, { title: null }],
  ] as const;
  for (const [method, path, body] of bodies) {
    await assertRefusal(await todos.send(method, `/todos${path}`, body), INVALID);
  }
  for (const id of ["1", "eq.1", `${ID}x`, `${ID},${ID}`, "..", "%2e%2e"]) {
    const response = await todos.send("DELETE", `/todos/${id}`);
    assert([404, 405].includes(response.status), `${id} ${response.status}`);
    await response.body?.cancel();
  }
  assertEquals(await todos.sent(), []);
});

Deno.test("todos answers not_found when row level security hides a row", async () => {
  todos.answer = fails(406, "PGRST116");
  await assertRefusal(await todos.send("PATCH", `/todos/${ID}`, { done: true }), NOT_FOUND);
  todos.answer = () => json(200, []);
  await assertRefusal(await todos.send("DELETE", `/todos/${ID}`), NOT_FOUND);
});

Deno.test("todos answers the code of a database error without the database's text", async () => {
  const cases = [
    [403, "42501", { status: 403, code: "insufficient_scope", action: "none" }],
    [400, "23514", { status: 400, code: "validation_failed", action: "fix_request" }],
    [409, "23505", { status: 400, code: "validation_failed", action: "fix_request" }],
    [500, "57014", { status: 504, code: "request_timeout", action: "retry", retry_after: true }],
    [401, "PGRST301", { status: 500, code: "auth_misconfigured", action: "contact_support" }],
    [500, "XX000", { status: 500, code: "internal_error", action: "contact_support" }],
  ] as const;
  for (const [status, code, expected] of cases) {
    todos.answer = fails(status, code);
    const log = await logged(async () => {
      const response = await todos.send("POST", "/todos", { title: "tea" });
      await assertRefusal(response, { ...expected, replay: false });
    });
    assert(!log.includes("someone@"), log);
  }
});

Deno.test("todos refuses a request without a user or with invalid JSON", async () => {
  await assertRefusal(await todos.request("/todos"), REFUSALS.no_authorization);
  const response = await todos.request("/todos", {
    method: "POST",
    headers: { ...bearer(token()), "Content-Type": "application/json" },
    body: "{",
  });
  await assertRefusal(response, { ...INVALID, code: "bad_json" });
  assertEquals(await todos.sent(), []);
});
