import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Problem } from "../../shared/problems/problem.ts";
import { problemSchema } from "../../shared/server/problem_schema.ts";
import { PUBLISHABLE, SECRET, UPSTREAM_TEXT } from "./fake_auth.ts";

/** What a refusal must be. */
export interface Expected {
  readonly status: number;
  readonly code: string;
  readonly action: string;
  /** @default {true} */
  readonly replay?: boolean;
  /**
   * The `error` of the challenge, "bare", "webhook", or `null` for no WWW-Authenticate.
   * @default {null}
   */
  readonly challenge?: string | null;
  /** Seconds, or `true` for any number of them. Without it there must be none. */
  readonly retry_after?: number | true;
  /** The allowed origin; `null` for none. @default {"*"} */
  readonly origin?: string | null;
  readonly contentType?: string;
}

/**
 * Asserts that a response is a refusal in the one error shape: body, status, challenge, Retry-After,
 * no-store, Vary, request id, CORS without credentials; and that it holds no token, key, e-mail
 * address or text of Auth.
 *
 * @returns The problem in its body.
 */
export async function assertRefusal(response: Response, expected: Expected): Promise<Problem> {
  const text = await response.text();
  const body = problemSchema.parse(JSON.parse(text)) as Problem;
  const { status, code, action, replay = true, challenge = null, origin = "*" } = expected;
  const seen = { status: response.status, code: body.code, action: body.action };
  assertEquals({ ...seen, replay: body.replay }, { status, code, action, replay });
  assertEquals(body.status, response.status);

  const { headers } = response;
  assertEquals(headers.get("Content-Type"), expected.contentType ?? "application/json");
  assertEquals(headers.get("Cache-Control"), "no-store");
  assertMatch(headers.get("Vary") ?? "", /(^|, )Origin(,|$)/);
  assertEquals(headers.get("X-Request-Id"), body.request_id);
  assertMatch(body.request_id, /^[A-Za-z0-9._-]{1,64}$/);
  assertEquals(headers.get("Access-Control-Allow-Origin"), origin);
  assertEquals(headers.get("Access-Control-Allow-Credentials"), null);
  const exposed = (headers.get("Access-Control-Expose-Headers") ?? "").split(", ");
  for (const name of ["Retry-After", "WWW-Authenticate", "X-Request-Id"]) {
    assert(exposed.includes(name), `${name} is not exposed`);
  }

  const authenticate = headers.get("WWW-Authenticate");
  if (challenge === null) assertEquals(authenticate, null);
  else if (challenge === "webhook") assertEquals(authenticate, "Webhook");
  else if (challenge === "bare") assertMatch(authenticate ?? "", /^Bearer realm="[^"]*"$/);
  else {
    assertMatch(authenticate ?? "", new RegExp(`^Bearer realm="[^"]*", error="${challenge}", `));
    assertMatch(authenticate ?? "", /, error_description="[^"\\]+"/);
  }

  const wait = headers.get("Retry-After");
  if (expected.retry_after === undefined) {
    assertEquals([wait, body.retry_after], [null, undefined]);
  } else {
    assertMatch(wait ?? "", /^\d+$/);
    assertEquals(Number(wait), body.retry_after);
    if (expected.retry_after !== true) assertEquals(body.retry_after, expected.retry_after);
  }

  const whole = text + JSON.stringify([...headers]);
  for (const secret of [UPSTREAM_TEXT, "UPSTREAM", "@", SECRET, PUBLISHABLE, "eyJ"]) {
    assert(!whole.includes(secret), `the refusal holds ${secret}`);
  }
  return body;
}

/** The refusals that a check of the caller can end in, by their code. */
export const REFUSALS = {
  no_authorization: {
    status: 401,
    code: "no_authorization",
    action: "sign_in",
    challenge: "bare",
  },
  invalid_authorization_header: {
    status: 400,
    code: "invalid_authorization_header",
    action: "fix_request",
    challenge: "invalid_request",
  },
  bad_jwt: { status: 401, code: "bad_jwt", action: "refresh", challenge: "invalid_token" },
  token_expired: {
    status: 401,
    code: "token_expired",
    action: "refresh",
    challenge: "invalid_token",
  },
  session_required: {
    status: 401,
    code: "session_required",
    action: "fix_request",
    challenge: "invalid_token",
  },
  session_not_found: {
    status: 401,
    code: "session_not_found",
    action: "sign_in",
    challenge: "invalid_token",
  },
  user_not_found: {
    status: 401,
    code: "user_not_found",
    action: "sign_in",
    challenge: "invalid_token",
  },
  user_banned: { status: 403, code: "user_banned", action: "contact_support" },
  over_request_rate_limit: {
    status: 429,
    code: "over_request_rate_limit",
    action: "retry",
    retry_after: true,
  },
  auth_unavailable: {
    status: 503,
    code: "auth_unavailable",
    action: "retry",
    retry_after: true,
  },
  auth_misconfigured: { status: 500, code: "auth_misconfigured", action: "contact_support" },
  token_too_large: {
    status: 400,
    code: "token_too_large",
    action: "fix_request",
    challenge: "invalid_request",
  },
  user_too_large: { status: 500, code: "user_too_large", action: "contact_support" },
  oauth_client_not_allowed: { status: 403, code: "oauth_client_not_allowed", action: "none" },
  insufficient_scope: {
    status: 403,
    code: "insufficient_scope",
    action: "none",
    challenge: "insufficient_scope",
  },
  invalid_api_key: {
    status: 401,
    code: "invalid_api_key",
    action: "fix_request",
    challenge: "bare",
  },
  api_key_not_allowed: { status: 403, code: "api_key_not_allowed", action: "none" },
  internal_error: { status: 500, code: "internal_error", action: "contact_support" },
  webhook_signature_missing: {
    status: 401,
    code: "webhook_signature_missing",
    action: "none",
    challenge: "webhook",
  },
  webhook_signature_invalid: {
    status: 401,
    code: "webhook_signature_invalid",
    action: "none",
    challenge: "webhook",
  },
  webhook_outside_window: {
    status: 401,
    code: "webhook_outside_window",
    action: "none",
    challenge: "webhook",
  },
} as const satisfies Record<string, Expected>;
