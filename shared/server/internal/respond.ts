import type { Context } from "hono";
import { type Problem, problem, type ProblemDetails } from "../../problems/problem.ts";
import { type Challenge, outcomeOf, type Source } from "../../problems/table.ts";
import { addToList, EXPOSED_HEADERS } from "./headers.ts";
import { requestIdOf } from "./request_id.ts";

/** How a problem is answered. */
export interface RespondOptions extends ProblemDetails {
  readonly source: Source;
  readonly replay?: boolean;
  /** The realm of a challenge. */
  readonly realm?: string;
  /** More headers, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers with the one JSON shape. Headers that an earlier middleware set are kept, but not where
 * they would make a refusal cacheable.
 *
 * @param c The request's context.
 * @param code One of the table, or one that Auth may come to have.
 * @param options Where the problem comes from, and its details.
 * @returns The response. It is to be returned, never thrown: an `onError` must not see it.
 *
 * @see RFC 9457 for `application/problem+json`, sent only to an Accept that names it
 */
export function respond(c: Context, code: string, options: RespondOptions): Response {
  const { source, replay, realm = "supabase", headers = {}, ...details } = options;
  const body = problem(code, source, {
    ...details,
    request_id: requestIdOf(c),
    ...(replay === undefined ? {} : { replay }),
  });
  const { challenge } = outcomeOf(body.code, source);
  const asProblem = (c.req.header("Accept") ?? "").toLowerCase().includes(PROBLEM_JSON);
  const kept = new Headers(c.res.headers);
  for (const name of [...kept.keys()]) if (OF_A_DROPPED_ANSWER.test(name)) kept.delete(name);
  kept.set("Content-Type", asProblem ? PROBLEM_JSON : "application/json");
  kept.set("Cache-Control", "no-store");
  kept.set("X-Request-Id", body.request_id);
  addToList(kept, "Vary", ["Origin"]);
  allowPages(kept);
  if (body.retry_after !== undefined) kept.set("Retry-After", String(body.retry_after));
  if (challenge !== null) kept.set("WWW-Authenticate", challengeOf(challenge, body, realm));
  for (const [name, value] of Object.entries(headers)) kept.set(name, value);
  const members = asProblem
    ? { type: `tag:edge-auth,2026:${body.code}`, title: body.message, ...body }
    : body;
  const response = new Response(JSON.stringify(members), { status: body.status, headers: kept });
  // Hono drops what a middleware returns when an earlier one has already answered, and puts an
  // earlier answer's headers over it; so the place is cleared, and taken here.
  c.res = undefined;
  c.res = response;
  return response;
}

/** Headers that describe an answer we replace, or would let a cache keep ours. */
const OF_A_DROPPED_ANSWER = new RegExp(
  "^(?:content-(?!security-policy).*|(?:.*-)?cdn-cache-control|surrogate-control|(?:repr-)?digest|" +
    "accept-ranges|etag|expires|last-modified|location|refresh|retry-after|trailer|" +
    "transfer-encoding|www-authenticate)$",
);

const PROBLEM_JSON = "application/problem+json";

/** RFC 6750, section 3 and RFC 9470, section 3. */
function challengeOf(challenge: Challenge, body: Problem, realm: string): string {
  if (challenge === "bare") return `Bearer realm="${realm}"`;
  const parameters = [
    `realm="${realm}"`,
    `error="${challenge}"`,
    `error_description="${body.message.replaceAll(/["\\]/g, "'")}"`,
  ];
  if (body.required_aal !== undefined) parameters.push(`acr_values="${body.required_aal}"`);
  if (body.max_age !== undefined) parameters.push(`max_age="${body.max_age}"`);
  return `Bearer ${parameters.join(", ")}`;
}

/**
 * A refusal that a page may not read looks like "offline" to it. So where nobody has decided
 * about CORS yet, a refusal (it holds nothing of a user) may be read by all.
 */
function allowPages(headers: Headers): void {
  addToList(headers, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
  if (headers.has("Access-Control-Allow-Origin")) return;
  headers.set("Access-Control-Allow-Origin", "*");
  headers.delete("Access-Control-Allow-Credentials");
}
