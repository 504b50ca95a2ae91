/**
 * The body of a failure as a zod schema, for whoever receives one.
 *
 * @module
 */
import { z } from "zod";
import type { DeclaredProblem, Problems } from "../problems/define_problems.ts";
import type { DetailSchemas, ProblemDefinitions } from "../problems/problem_definition.ts";
import { CODE_PATTERN, type Problem } from "../problems/problem.ts";
import { validateSync } from "../problems/standard_schema.ts";
import { ACTIONS } from "../problems/table.ts";

const seconds = z.int().min(0);

const issue = z.object({
  path: z.array(z.union([z.string(), z.number()])).readonly(),
  code: z.string(),
  message: z.string(),
});

// Loose: the members of RFC 9457 may come along, and a newer server may know more than this client.
const body = z.looseObject({
  code: z.string().regex(CODE_PATTERN),
  message: z.string().min(1),
  status: z.int().min(400).max(599),
  action: z.enum(ACTIONS),
  replay: z.boolean(),
  request_id: z.string(),
  retry_after: seconds.exactOptional(),
  required_aal: z.enum(["aal1", "aal2"]).exactOptional(),
  max_age: seconds.exactOptional(),
  issues: z.array(issue).readonly().exactOptional(),
});

/** The members that `body` names, without the index signature that "loose" brings. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

/**
 * `B` where both describe the same values, else `never`: so a drift fails to compile below. The keys
 * are compared too, because an optional member that one side lacks would pass for the same type.
 */
type Same<A, B> = [A, B, keyof A, keyof B] extends [B, A, keyof B, keyof A] ? B : never;

/**
 * Accepts what {@linkcode Problem} describes, and members beyond it.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * const answer = {
 *   code: "session_not_found",
 *   message: "This session has ended. Sign in again.",
 *   status: 401,
 *   action: "sign_in",
 *   replay: true,
 *   request_id: "r1",
 * };
 * assert(problemSchema.safeParse(answer).success);
 * assert(!problemSchema.safeParse({ ...answer, action: "panic" }).success);
 * ```
 */
export const problemSchema: z.ZodType<Same<Named<z.infer<typeof body>>, Problem>> = body;

/**
 * Accepts what {@linkcode problemSchema} accepts; of a declared code only what it declares: its
 * status, its action, and its own members.
 *
 * @param problems The problems of an application.
 * @returns The schema. It is synchronous.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { z } from "zod";
 * import { defineProblems } from "../problems/define_problems.ts";
 *
 * const problems = defineProblems({
 *   payment_required: {
 *     status: 402,
 *     action: "none",
 *     message: "This needs a paid plan.",
 *     details: { plan: z.string() },
 *   },
 * });
 * const schema = createProblemSchema(problems);
 * const answer = {
 *   code: "payment_required",
 *   message: "This needs a paid plan.",
 *   status: 402,
 *   action: "none",
 *   replay: false,
 *   request_id: "r1",
 *   plan: "pro",
 * };
 * assert(schema.safeParse(answer).success);
 * assert(!schema.safeParse({ ...answer, plan: 5 }).success);
 * ```
 */
export function createProblemSchema<D extends ProblemDefinitions>(
  problems: Problems<D>,
): z.ZodType<Problem | DeclaredProblem<Problems<D>>> {
  const declared = problemSchema.check(({ value, issues }) => {
    const definition = Object.hasOwn(problems.definitions, value.code)
      ? problems.definitions[value.code]
      : undefined;
    if (definition === undefined) return;
    const refuse = (member: string, message: string) => {
      issues.push({ code: "custom", input: value, path: [member], message });
    };
    for (const member of ["status", "action"] as const) {
      const expected = definition[member];
      if (value[member] !== expected) refuse(member, `Must be ${expected}.`);
    }
    const schemas: DetailSchemas = definition.details ?? {};
    for (const [member, schema] of Object.entries(schemas)) {
      const result = validateSync(schema, Object(value)[member]);
      if (result === undefined || result.issues !== undefined) refuse(member, "Is not valid.");
    }
  });
  return declared as z.ZodType<Problem | DeclaredProblem<Problems<D>>>;
}
