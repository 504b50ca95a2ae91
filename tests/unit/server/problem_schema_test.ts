import { assert, assertEquals } from "@std/assert";
import type { z } from "zod";
import { type Problem, problem } from "../../../shared/problems/problem.ts";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import { PROBLEMS, type Source } from "../../../shared/problems/table.ts";

const SOURCES: readonly Source[] = ["credential", "handler"];
const GOOD = problem("session_not_found", "credential", { request_id: "r1", replay: true });

/** A body as a client gets it. */
function received(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

Deno.test("problemSchema accepts every problem() unchanged", () => {
  for (const source of SOURCES) {
    for (const code of [...Object.keys(PROBLEMS), "a_code_of_tomorrow", "not a code"]) {
      const body = problem(code, source, {
        request_id: "r1",
        replay: true,
        retry_after: 5,
        required_aal: "aal2",
        max_age: 300,
        issues: [{ path: ["items", 3], code: "too_small", message: "Too short." }],
      });
      assertEquals(problemSchema.parse(received(body)), body, code);
      const plain = problem(code, source, { request_id: "" });
      assertEquals(problemSchema.parse(received(plain)), plain, code);
    }
  }
});

Deno.test("problemSchema infers Problem", () => {
  const there: Problem = problemSchema.parse(received(GOOD));
  const back: z.infer<typeof problemSchema> = GOOD;
  assertEquals(there, back);
});

Deno.test("problemSchema keeps members it does not know, such as those of RFC 9457", () => {
  const body = { ...GOOD, type: "about:blank", title: "Ended" };
  assertEquals(problemSchema.parse(body), body);
});

Deno.test("problemSchema rejects a body that misses a member", () => {
  for (const member of Object.keys(GOOD)) {
    const { [member]: _, ...rest } = GOOD as unknown as Record<string, unknown>;
    assert(!problemSchema.safeParse(rest).success, member);
  }
});

Deno.test("problemSchema rejects a member of the wrong kind", () => {
  const wrong: Record<string, readonly unknown[]> = {
    code: ["", "Not a code", "toString", "9a", "a".repeat(65), 403, null],
    message: ["", 1, null],
    status: [200, 399, 600, 401.5, "401", null],
    action: ["panic", "SIGN_IN", "", null],
    replay: ["true", 1, null],
    request_id: [1, null],
    retry_after: [-1, 0.5, "5", null],
    required_aal: ["aal3", "", null],
    max_age: [-1, 0.5, "5", null],
    issues: [{}, ["x"], [{ path: "a", code: "b", message: "c" }], [{ path: [true] }], null],
  };
  for (const [member, values] of Object.entries(wrong)) {
    for (const value of values) {
      const body = { ...GOOD, [member]: value };
      assert(!problemSchema.safeParse(body).success, `${member}: ${JSON.stringify(value)}`);
    }
  }
});

Deno.test("problemSchema rejects what is no body of ours: Auth's shapes, pages, nothing", () => {
  const others = [
    { code: 403, error_code: "session_not_found", msg: "x" },
    { code: "session_not_found", message: "x" },
    { message: "Invalid API key" },
    "<html></html>",
    [],
    {},
    null,
    undefined,
  ];
  for (const other of others) assert(!problemSchema.safeParse(other).success);
});
