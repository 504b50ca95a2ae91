import { assert, assertEquals } from "@std/assert";
import { isProblem } from "../../../shared/browser/problem_of.ts";
import { problem } from "../../../shared/problems/problem.ts";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import { ACTIONS, type ProblemCode, PROBLEMS } from "../../../shared/problems/table.ts";

const whole = {
  ...problem("over_request_rate_limit", "credential", { request_id: "r1", replay: true }),
  required_aal: "aal2",
  max_age: 300,
  issues: [{ path: ["list", 0], code: "too_short", message: "Too short." }],
};

const strange: readonly unknown[] = [
  null,
  true,
  "",
  "text",
  "Not a code",
  "x".repeat(65),
  "constructor",
  0,
  -1,
  1.5,
  399,
  400,
  599,
  600,
  NaN,
  Infinity,
  2 ** 53,
  "aal1",
  "aal3",
  [],
  {},
  [null],
  [{}],
  [{ path: [], code: "c", message: "m", more: 1 }],
  [{ path: [{}], code: "c", message: "m" }],
  [{ path: [NaN], code: "c", message: "m" }],
  [{ path: [Infinity], code: "c", message: "m" }],
  [{ path: "p", code: "c", message: "m" }],
  [{ path: [], code: 1, message: "m" }],
  [{ path: [], code: "c", message: "" }],
  ...ACTIONS,
];

Deno.test("isProblem() agrees with problemSchema when one member is wrong or missing", () => {
  const both = (value: unknown) => {
    assertEquals(isProblem(value), problemSchema.safeParse(value).success, Deno.inspect(value));
    return isProblem(value);
  };
  assert(both(whole));
  let [fits, misfits] = [0, 0];
  for (const key of Object.keys(whole)) {
    const { [key as keyof typeof whole]: _, ...without } = whole;
    for (const value of [without, ...strange.map((one) => ({ ...whole, [key]: one }))]) {
      if (both(value)) fits++;
      else misfits++;
    }
  }
  assert(fits > 40 && misfits > 200, `${fits} ${misfits}`);
  for (const value of [...strange, { ...whole, more: 1 }, Object.create(whole)]) both(value);
});

Deno.test("isProblem() accepts a problem when its code is in the table", () => {
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
    for (const source of ["credential", "handler"] as const) {
      assert(isProblem(problem(code, source, { request_id: "r1" })), code);
    }
  }
});
