/**
 * What an answer that is not a success means. The body says what happened; what to do about it says
 * our own table, because a body can be of another version, or of somebody else.
 *
 * @module
 */
import { type Problem, problem, type ProblemFields } from "../problems/problem.ts";
import { type Action, isProblemCode, outcomeOf, type Source } from "../problems/table.ts";
import { parseJson } from "./parse_json.ts";
import { platformProblem } from "./platform.ts";
import { isProblem } from "./problem_guard.ts";

/**
 * Who refuses: as in the table, or the platform before or after the function, or the network. Only
 * `credential` may lead to a sign-out.
 */
export type RefusalSource = Source | "platform" | "network";

/** A call that did not succeed. */
export interface Refusal {
  /** What happened; its action is our table's. */
  readonly problem: Problem;
  readonly source: RefusalSource;
}

/** What a code that the table does not know may ask for without being believed. */
const HARMLESS: readonly Action[] = [
  "reauthenticate",
  "retry",
  "restart_flow",
  "fix_request",
  "contact_support",
  "none",
];

/**
 * A refusal in our own words: nothing was asked, or what was answered is not to be believed.
 *
 * @param code A code of the table.
 * @param source Who would have said it.
 * @param fields What the table cannot know.
 * @returns The refusal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { problem } = refusal("auth_unavailable", "credential", { request_id: "r1" });
 * assertEquals([problem.action, problem.retry_after], ["retry", 2]);
 * ```
 */
export function refusal(code: string, source: Source, fields: ProblemFields): Refusal {
  return { problem: problem(code, source, fields), source };
}

/**
 * Takes a problem's action from the table.
 *
 * - The status tells the source: no code has the same status from both sources and two actions.
 * - `replay` counts only from the credential check, as in the table.
 * - A code that the table does not know may ask for a refresh with a 401, and for nothing else that
 *   touches the session.
 *
 * @param body A problem as it was answered.
 * @returns The refusal.
 *
 * @example A handler cannot sign anybody out
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const body = { code: "user_not_found", message: "…", request_id: "r1", replay: true } as const;
 * assertEquals(judge({ ...body, status: 404, action: "sign_in" }).problem.action, "fix_request");
 * assertEquals(judge({ ...body, status: 401, action: "none" }).problem.action, "sign_in");
 * ```
 */
export function judge(body: Problem): Refusal {
  const { code, status } = body;
  const source = status === outcomeOf(code, "credential").status ? "credential" : "handler";
  const { action } = outcomeOf(code, source);
  const known = isProblemCode(code) || source === "credential";
  const mine = known ? action : HARMLESS.includes(body.action) ? body.action : action;
  const replay = source === "credential" && body.replay;
  return { problem: { ...body, action: mine, replay }, source };
}

/**
 * Reads an answer that is not a success. A body of our shape is obeyed if it names the status it came
 * with; anything else is the platform's, or a stranger's.
 *
 * @param response A copy of the answer: its body is read.
 * @returns The refusal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const html = new Response("<h1>Bad Gateway</h1>", { status: 502 });
 * const { problem, source } = await readRefusal(html);
 * assertEquals([problem.action, source], ["retry", "platform"]);
 * ```
 */
export async function readRefusal(response: Response): Promise<Refusal> {
  const text = await response.text().catch(() => "");
  const body = parseJson(text);
  if (isProblem(body) && body.status === response.status) return judge(body);
  return { problem: platformProblem(response.status, response.headers, body), source: "platform" };
}
