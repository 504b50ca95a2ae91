// Every answer that two real Auth servers were recorded to give, through the middleware and through
// `callAuth`. The tables below hold the outcome of each row: a new recording fails until it is in one.
import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import {
  auth,
  type AuthCall,
  type AuthEnv,
  callAuth,
  edgeFunction,
  ProblemError,
} from "../../../shared/mod.ts";
import { CODE_PATTERN } from "../../../shared/problems/problem.ts";
import { outcomeOf } from "../../../shared/problems/table.ts";
import {
  assertRefusal,
  bearer,
  fakeAuth,
  FakeTime,
  logged,
  now,
  REFUSALS,
  token,
  USER_ID,
} from "../../support/server.ts";

interface Recorded {
  readonly id: string;
  readonly request: { readonly method: string; readonly path: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

interface Recording {
  readonly server: { readonly version: string };
  readonly answers: readonly (Recorded | { readonly id: string; readonly result: string })[];
}

function recorded(version: string): Recorded[] {
  const path = new URL(`../../recordings/auth-${version}.json`, import.meta.url);
  const { answers } = JSON.parse(Deno.readTextFileSync(path)) as Recording;
  return answers.filter((answer): answer is Recorded => "response" in answer);
}

function answerOf({ response: { status, headers, body } }: Recorded): Response {
  const text = typeof body === "string" ? body : body === null ? "" : JSON.stringify(body);
  return new Response(status === 204 ? null : text, { status, headers });
}

/** The day of the recordings: one user is banned for 24 hours from then. */
const THAT_DAY = Date.parse("2026-11-23T18:45:00Z");

type Outcome = keyof typeof REFUSALS | "admitted";

/** The outcome of each GET /user, by its id without the API version. */
const OUTCOMES: Readonly<Record<Outcome, readonly string[]>> = {
  // deno-fmt-ignore
  admitted: [
    "user/live", "user/live-lower-case-scheme", "user/legacy-hs256", "user/wrong-aud",
    "user/aud-array", "user/session-id-nil", "user/no-session-id", "user/session-of-another-user",
    "user/iat-future", "user/no-exp", "user/other-issuer", "user/past-timebox", "user/anonymous",
    "user/recovery-session", "user/aal1-with-mfa", "after-logout-local/other-device",
    "after-logout-others/own", "after-password-change/own", "after-refresh/old-token",
    "after-refresh/new-token", "after-refresh-reuse", "after-not-after",
    "after-recovery/recovery-session", "after-mfa-enroll", "after-mfa-verify/own-old-token",
    "after-mfa-verify/own-new-token", "fault/database-back",
  ],
  // deno-fmt-ignore
  bad_jwt: [
    "user/publishable-key", "user/anon-key", "user/service-role-key", "user/not-a-jwt",
    "user/two-segments", "user/payload-not-json", "user/tampered", "user/wrong-secret",
    "user/unknown-kid", "user/known-kid-bad-signature", "user/hs256-with-public-key",
    "user/alg-none", "user/no-sub", "user/empty-sub", "user/sub-not-uuid",
    "user/session-id-not-uuid", "user/nbf-future", "user/aud-header", "user/no-aud",
    "user/unknown-api-version", "user/bad-api-version",
  ],
  token_expired: ["user/expired", "user/expired-one-second"],
  user_not_found: ["user/unknown-sub", "after-delete"],
  // deno-fmt-ignore
  session_not_found: [
    "user/session-id-unknown", "after-logout-global/own", "after-logout-global/other-device",
    "after-logout-local/own", "after-logout-others/other-device",
    "after-password-change/other-device", "after-admin-password-change", "after-soft-delete",
    "after-session-row-deleted", "after-recovery/old-session", "after-mfa-verify/other-device",
  ],
  user_banned: ["after-ban"],
  // We sent a well-formed bearer: an Auth that saw none is behind a proxy that removed it.
  // deno-fmt-ignore
  auth_unavailable: [
    "user/no-header", "user/basic-scheme", "user/scheme-only", "user/two-spaces",
    "user/two-tokens", "user/bearer-bearer", "user/raw-token",
    "fault/database-down", "fault/database-slow",
  ],
  no_authorization: [],
  invalid_authorization_header: [],
  session_required: [],
  over_request_rate_limit: [],
  auth_misconfigured: [],
  token_too_large: [],
  user_too_large: [],
  oauth_client_not_allowed: [],
  insufficient_scope: [],
  invalid_api_key: [],
  api_key_not_allowed: [],
  webhook_signature_missing: [],
  webhook_signature_invalid: [],
  webhook_outside_window: [],
  internal_error: [],
};

/** Where the two servers differ. */
const BY_SERVER: Readonly<Record<string, Outcome>> = {
  "2.186 after-unban": "session_not_found",
  "2.196 after-unban": "admitted",
};

/** Seconds from now to `exp`, where a row is about it. */
const EXPIRY: Readonly<Record<string, number>> = {
  "user/expired": -3600,
  "user/expired-one-second": -1,
};

function outcomeOfRow(version: string, id: string): Outcome {
  const listed = (Object.keys(OUTCOMES) as Outcome[]).filter((key) => OUTCOMES[key].includes(id));
  const outcome = BY_SERVER[`${version} ${id}`] ?? listed[0];
  assert(outcome !== undefined && listed.length <= 1, `what does ${id} end in?`);
  return outcome;
}

const isUser = ({ request: { method, path } }: Recorded) => method === "GET" && path === "/user";

for (const version of ["2.186", "2.196"]) {
  for (const row of recorded(version).filter(isUser)) {
    Deno.test(`auth() with the answer of Auth ${version} to ${row.id}`, async () => {
      const id = row.id.replace(/@.*/, "");
      const outcome = outcomeOfRow(version, id);
      using time = new FakeTime(THAT_DAY);
      const { options, calls } = fakeAuth(() => answerOf(row));
      const { body, status } = row.response;
      const sub = status === 200 ? (body as { id: string }).id : USER_ID;
      const headers = bearer(token({ sub, exp: now() + (EXPIRY[id] ?? 3600) }));
      const app = new Hono<AuthEnv>().use(auth(options))
        .get("/", (c) => c.text(c.var.auth.user.id));
      let response = new Response();
      const log = await logged(async () => {
        const pending = app.request("/", { headers });
        await time.tickAsync(100); // a 5xx is followed by one more call
        response = await pending;
      });
      assertEquals(calls.length, row.response.status >= 500 ? 2 : 1);
      if (outcome === "admitted") assertEquals(await response.text(), sub);
      else await assertRefusal(response, REFUSALS[outcome]);
      assert(!log.includes("eyJ") && !log.includes("@"));
    });
  }

  for (const row of recorded(version).filter((row) => !isUser(row))) {
    const { status, body } = row.response;
    if (status < 400) continue;
    Deno.test(`callAuth() with the answer of Auth ${version} to ${row.id}`, async () => {
      const { options } = fakeAuth(() => answerOf(row));
      const call: AuthCall = { method: "POST", path: "/recorded", ...options };
      const error = await callAuth(call).then(() => null, (error: unknown) => error);
      assert(error instanceof ProblemError);
      const { code, error_code } = Object(body) as { code?: unknown; error_code?: unknown };
      const written = [error_code, code].find((name) => typeof name === "string");
      assertEquals(error.code, written ?? "auth_unavailable");
      assert(CODE_PATTERN.test(error.code));

      const app = edgeFunction("f", { public: ["/"] });
      app.get("/", async (c) => c.json(await callAuth(call)));
      const response = await app.request("/f");
      const responseText = await response.clone().text();
      const outcome = outcomeOf(error.code, "handler");
      await assertRefusal(response, {
        status: outcome.status,
        code: error.code,
        action: outcome.action,
        replay: false,
        ...(outcome.retryable && { retry_after: true }),
      });
      assert(response.status !== 401);
      assert(!["sign_in", "refresh", "step_up"].includes(outcome.action));
      const { msg, message } = Object(body) as { msg?: string; message?: string };
      for (const upstream of [msg, message]) assert(!upstream || !responseText.includes(upstream));
    });
  }
}

Deno.test("the table of outcomes lists only rows that were recorded", () => {
  const ids = new Set(
    ["2.186", "2.196"].flatMap((version) =>
      recorded(version).filter(isUser).map(({ id }) => id.replace(/@.*/, ""))
    ),
  );
  const listed = [
    ...Object.values(OUTCOMES).flat(),
    ...Object.keys(BY_SERVER).map((key) => key.split(" ")[1] ?? ""),
  ];
  for (const id of listed) assert(ids.has(id), id);
  assertEquals(new Set(listed), ids);
});
