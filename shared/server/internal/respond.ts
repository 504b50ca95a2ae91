import type { Context } from "hono";
import { type Declared, declaredProblem } from "../../problems/declared_error.ts";
import { type Problem, problem, type ProblemDetails } from "../../problems/problem.ts";
import { type Challenge, outcomeOf, type Source } from "../../problems/table.ts";
import { addToList, EXPOSED_HEADERS } from "./headers.ts";
import { getRequestId } from "./request_id.ts";

/** How a problem is answered. */
export interface RespondOptions extends ProblemDetails {
  readonly source: Source;
  readonly replay?: boolean;
  /** The status of a handler's own refusal, where it is not the one that goes with the code. */
  readonly status?: number;
  /** What a problem that is not of the table means. */
  readonly declared?: Declared | undefined;
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
 * @param code One of the table, one that Auth may come to have, or that of `declared`.
 * @param options Where the problem comes from, and its details.
 * @returns The response. Return it, never throw it: an `onError` must not see it.
 *
 * @see RFC 9457 for `application/problem+json`, sent only to an Accept that names it
 */
export function respond(c: Context, code: string, options: RespondOptions): Response {
  const { source, replay, status, declared, realm = "supabase", headers = {}, ...details } =
    options;
  const request_id = getRequestId(c);
  const fields = { ...details, request_id, ...(replay === undefined ? {} : { replay }) };
  const body: Problem = declared !== undefined ? declaredProblem(declared, details, request_id) : {
    ...problem(code, source, fields),
    ...(status === undefined ? {} : { status }),
  };
  const challenge = declared !== undefined ? null : outcomeOf(body.code, source).challenge;
  const asProblem = (c.req.header("Accept") ?? "").toLowerCase().includes(PROBLEM_JSON);
  const kept = new Headers(c.res.headers);
  for (const name of [...kept.keys()]) if (DESCRIBES_OLD_BODY.test(name)) kept.delete(name);
  kept.set("Content-Type", asProblem ? PROBLEM_JSON : "application/json");
  kept.set("Cache-Control", "no-store");
  kept.set("X-Request-Id", body.request_id);
  addToList(kept, "Vary", ["Origin"]);
  allowAnyOrigin(kept);
  if (body.retry_after !== undefined) kept.set("Retry-After", String(body.retry_after));
  if (challenge !== null) kept.set("WWW-Authenticate", formatChallenge(challenge, body, realm));
  for (const [name, value] of Object.entries({ ...declared?.headers, ...headers })) {
    kept.set(name, value);
  }
  const type = declared?.definition.type ?? `tag:edge-auth,2026:${body.code}`;
  const members = asProblem ? { type, title: body.message, ...body } : body;
  const response = new Response(JSON.stringify(members), { status: body.status, headers: kept });
  // Hono ignores what a middleware returns once c.res is set, and copies the headers of an earlier
  // response onto the next one. So the earlier response is removed before ours is set.
  c.res = undefined;
  c.res = response;
  return response;
}

/** Headers that describe the response that is replaced, or would let a cache store ours. */
const DESCRIBES_OLD_BODY = new RegExp(
  "^(?:content-(?!security-policy).*|(?:.*-)?cdn-cache-control|surrogate-control|(?:repr-)?digest|" +
    "accept-ranges|etag|expires|last-modified|location|refresh|retry-after|trailer|" +
    "transfer-encoding|www-authenticate)$",
);

const PROBLEM_JSON = "application/problem+json";

/** RFC 6750, section 3 and RFC 9470, section 3. */
function formatChallenge(challenge: Challenge, body: Problem, realm: string): string {
  // A 401 must have a challenge (RFC 9110, section 15.5.2). This scheme is not registered anywhere.
  if (challenge === "webhook") return "Webhook";
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
 * A page that may not read a refusal sees a network error. So where no CORS middleware has decided
 * yet, every page may read a refusal: it holds nothing of a user.
 */
function allowAnyOrigin(headers: Headers): void {
  addToList(headers, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
  if (headers.has("Access-Control-Allow-Origin")) return;
  headers.set("Access-Control-Allow-Origin", "*");
  headers.delete("Access-Control-Allow-Credentials");
}
