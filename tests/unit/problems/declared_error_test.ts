import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { ProblemDefinition, StandardSchema } from "../../../shared/mod.ts";
import { createDeclaredError, getDeclared } from "../../../shared/problems/declared_error.ts";
import { ProblemError } from "../../../shared/problems/problem_error.ts";
import { SANITIZED } from "../../support/async.ts";

const definition: ProblemDefinition = { status: 409, action: "none", message: "x" };

Deno.test("getDeclared() knows the errors of createDeclaredError(), and no other one", () => {
  const error = createDeclaredError("sold_out", definition, {}, {});
  assertEquals(getDeclared(error), { code: "sold_out", definition, members: {}, headers: {} });
  assertEquals(getDeclared(new ProblemError("not_found")), undefined);
});

Deno.test("createDeclaredError() refuses an asynchronous schema whatever becomes of its promise", () => {
  const results = [Promise.resolve({ value: "x" }), Promise.reject(new Error("late"))];
  for (const result of results) {
    const value: StandardSchema<unknown, string> = {
      "~standard": { version: 1, vendor: "own", validate: () => result },
    };
    const create = () => createDeclaredError("slow", { ...definition, details: { value } }, {}, {});
    assertMatch(assertThrows(create, TypeError).message, /details\.value must be synchronous/);
  }
});

// zod starts an asynchronous check, sees that a synchronous run has to wait for it, and drops the
// promise: whoever runs the schema cannot handle its rejection.
for (
  const [zod, runtime] of [
    ["zod", "Deno"],
    ["zod/v3", "Deno"],
    ["zod/mini", "Deno"],
    ["zod", "a runtime without global events, such as Node"],
  ] as const
) {
  Deno.test(
    `problems.error() does not end the process when asynchronous checks of ${zod} reject under ${runtime}`,
    SANITIZED,
    async () => {
      const script = `
      if ("${runtime}" !== "Deno") globalThis.addEventListener = undefined;
      const zod = await import("${zod}");
      const { defineProblems } = await import("${import.meta.resolve("../../../shared/mod.ts")}");
      const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
      const late = Promise.withResolvers();
      const failures = [() => Promise.reject(new TypeError("of ada@example.com")), () => late.promise];
      const value = "${zod}" === "zod/mini"
        ? zod.string().check(...failures.map((failure) => zod.refine(failure)))
        : failures.reduce((schema, failure) => schema.refine(failure), zod.z.string());
      const problems = defineProblems({
        slow: { status: 409, action: "none", message: "x", details: { value } },
      });
      try {
        problems.error("slow", { value: "tea" });
      } catch (error) {
        console.log(error.name, error.message);
      }
      await turn();
      late.reject(new RangeError("of ada@example.com"));
      await turn();
      console.log("still running");`;
      const args = ["eval", "--quiet", "--no-lock", script];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals([code, out], [
        0,
        'TypeError problems.error("slow"): the schema of details.value must be synchronous, and its ' +
        "checks must not throw\nstill running\n",
      ], err);
      assertMatch(err!, /^(?:edge-auth: a promise was rejected and not awaited \(\w+\).*\n)+$/);
      assertEquals(err!.includes("ada"), false);
    },
  );
}
