import { assertEquals, assertMatch } from "@std/assert";
import type { Problem } from "../../../shared/problems/problem.ts";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import type { Reply, Session, StackClient } from "./client.ts";

/**
 * Asserts that a reply is an error in the one JSON shape, with these values.
 *
 * @returns Its body.
 */
export function assertProblem(
  reply: Reply,
  expected: Pick<Problem, "code" | "status" | "action"> & Partial<Problem>,
): Problem {
  const problem = problemSchema.parse(reply.body);
  assertEquals({ ...problem, ...expected }, problem);
  assertEquals(reply.status, problem.status);
  assertMatch(reply.headers.get("cache-control") ?? "", /no-store/);
  assertEquals(reply.headers.get("x-request-id"), problem.request_id);
  assertMatch(reply.headers.get("vary") ?? "", /\borigin\b/i);
  return problem;
}

/** Asserts that the function `me` admits a session. */
export async function assertAlive(client: StackClient, { access_token: token, user }: Session) {
  const reply = await client.call("me", { token });
  assertEquals([reply.status, (reply.body as { id?: string }).id], [200, user.id]);
}

/** Asserts that the function `me` refuses a session because it has ended. */
export async function assertSessionEnded(client: StackClient, { access_token: token }: Session) {
  const reply = await client.call("me", { token });
  assertProblem(reply, { code: "session_not_found", status: 401, action: "sign_in", replay: true });
  assertMatch(reply.headers.get("www-authenticate") ?? "", /^Bearer .*error="invalid_token"/);
}
