import { assert, assertEquals, assertMatch } from "@std/assert";
import { Hono } from "hono";
import {
  auth,
  type AuthEnv,
  type AuthOptions,
  type AuthOptionsFor,
  edgeFunction,
  type Session,
} from "../../../../shared/mod.ts";
import { USERS_ONLY } from "../../../../shared/server/core/allow.ts";
import { authenticate } from "../../../../shared/server/core/authenticate.ts";
import { timestamp } from "../../../../shared/server/core/timestamp.ts";
import {
  alive,
  ANON,
  assertRefusal,
  bearer,
  environment,
  type Expected,
  fakeAuth,
  FakeTime,
  inFakeTime,
  json,
  logged,
  now,
  PUBLISHABLE,
  REFUSALS,
  refuses,
  refusesOld,
  SECRET,
  SERVICE_ROLE,
  settle,
  token,
  UPSTREAM_TEXT,
  USER_ID,
} from "../../../support/server.ts";

/** One case: a credential, an answer of Auth, and what the check has to answer. */
interface Case {
  readonly what: string;
  /** The Authorization header; a valid token by default. */
  readonly header?: () => string | null;
  readonly answer?: (request: Request) => Response | Promise<Response>;
  readonly env?: Record<string, string | undefined>;
  readonly options?: AuthOptions;
  /** `null`: admitted. */
  readonly expected: Expected | null;
  readonly calls: number;
  /** A part of the operator's log; without it nothing may be logged. */
  readonly operator?: RegExp;
}

const R = REFUSALS;
const throws = (): never => {
  throw new TypeError(`${UPSTREAM_TEXT}: connection refused`);
};
const at = (seconds: number) => () => `Bearer ${token({ exp: now() + seconds })}`;
const date = () => ({ Date: new Date().toUTCString() });
const big = (bytes: number) => {
  const body = JSON.stringify({ id: USER_ID, pad: "" });
  return json(200, { id: USER_ID, pad: "x".repeat(bytes - body.length) });
};

const CASES: readonly Case[] = [
  // No user.
  { what: "no header", header: () => null, expected: R.no_authorization, calls: 0 },
  {
    what: "another scheme",
    header: () => "Basic YTpi",
    expected: R.no_authorization,
    calls: 0,
  },
  { what: "a raw token", header: () => token(), expected: R.no_authorization, calls: 0 },
  {
    what: "a publishable key",
    header: () => `Bearer ${PUBLISHABLE}`,
    expected: R.no_authorization,
    calls: 0,
  },
  {
    what: "the legacy anon key",
    header: () => `Bearer ${ANON}`,
    expected: R.no_authorization,
    calls: 0,
  },
  // Malformed.
  ...[
    "Bearer",
    "Bearer ",
    "Bearer  x",
    `Bearer ${"a.b.c"} d`,
    "Bearer a, Bearer b",
    "Bearer\ta.b.c",
  ]
    .map((header): Case => ({
      what: `the header ${JSON.stringify(header)}`,
      header: () => header,
      expected: R.invalid_authorization_header,
      calls: 0,
    })),
  {
    what: "a valid token twice",
    header: () => `Bearer ${token()}, Bearer ${token()}`,
    expected: R.invalid_authorization_header,
    calls: 0,
  },
  {
    what: "a token of 32 KiB and one character",
    header: () => `Bearer ${"x".repeat(32 * 1024 + 1)}`,
    expected: R.token_too_large,
    calls: 0,
    operator: /token is larger than 32 KiB/,
  },
  // Not a user's JWT.
  {
    what: "a bearer of 32 KiB that is not a JWT",
    header: () => `Bearer ${"x".repeat(32 * 1024)}`,
    expected: R.bad_jwt,
    calls: 0,
  },
  {
    what: "a valid token of nearly 32 KiB",
    header: () => `Bearer ${token({ pad: "x".repeat(23_000) })}`,
    expected: null,
    calls: 1,
  },
  { what: "a bearer that is not a JWT", header: () => "Bearer abc", expected: R.bad_jwt, calls: 0 },
  {
    what: "a foreign JWT without sub",
    header: () => `Bearer ${token({ sub: undefined, role: "anon", ref: "other" })}`,
    expected: R.bad_jwt,
    calls: 0,
  },
  {
    what: "an unknown publishable key",
    header: () => "Bearer sb_publishable_other",
    expected: R.no_authorization,
    calls: 0,
  },
  {
    what: "a secret key",
    header: () => `Bearer ${SECRET}`,
    expected: R.bad_jwt,
    calls: 0,
    operator: /secret or service_role key as a bearer/,
  },
  {
    what: "the service_role key",
    header: () => `Bearer ${SERVICE_ROLE}`,
    expected: R.bad_jwt,
    calls: 0,
    operator: /secret or service_role key as a bearer/,
  },
  // Expiry.
  {
    what: "a token that expired within the skew and that Auth refuses",
    header: at(-10),
    answer: () => refuses(403, "bad_jwt", date()),
    expected: R.token_expired,
    calls: 1,
  },
  {
    what: "a token that expired within the skew and that Auth admits",
    header: at(-10),
    expected: null,
    calls: 1,
  },
  // Sessionless.
  ...([
    ["session_id", undefined],
    ["session_id", "00000000-0000-0000-0000-000000000000"],
    [
      "session_id",
      "no-uuid",
    ],
    ["exp", undefined],
    ["exp", "soon"],
  ] as const).flatMap(([claim, value]): Case[] => [
    {
      what: `a token whose ${claim} is ${value}`,
      header: () => `Bearer ${token({ [claim]: value })}`,
      expected: R.session_required,
      calls: 0,
    },
    {
      what: `a token whose ${claim} is ${value}, with allowSessionless`,
      header: () => `Bearer ${token({ [claim]: value })}`,
      options: { allowSessionless: true },
      expected: null,
      calls: 1,
    },
  ]),
  // Answers of Auth about the token.
  { what: "a live session", expected: null, calls: 1 },
  {
    what: "a live session and a lower-case scheme",
    header: () => `bearer ${token()}`,
    expected: null,
    calls: 1,
  },
  ...([
    ["bad_jwt", 403, R.bad_jwt],
    ["bad_jwt", 400, R.bad_jwt],
    [
      "validation_failed",
      400,
      R.bad_jwt,
    ],
    ["session_not_found", 403, R.session_not_found],
    [
      "user_not_found",
      403,
      R.user_not_found,
    ],
    ["user_banned", 403, R.user_banned],
  ] as const).flatMap(([code, status, expected]) =>
    [refuses, refusesOld].map((answer): Case => ({
      what: `${code} ${status} from Auth (${answer.name})`,
      answer: () => answer(status, code),
      expected,
      calls: 1,
    }))
  ),
  {
    what: "a banned user from an older Auth",
    answer: () => alive({ banned_until: new Date(Date.now() + 60_000).toISOString() }),
    expected: R.user_banned,
    calls: 1,
  },
  {
    what: "a user whose ban is over",
    answer: () => alive({ banned_until: new Date(Date.now() - 60_000).toISOString() }),
    expected: null,
    calls: 1,
  },
  ...[400, 401, 403, 422].map((status): Case => ({
    what: `a new code with status ${status}`,
    answer: () => refuses(status, "quantum_decoherence"),
    expected: { ...R.bad_jwt, code: "quantum_decoherence" },
    calls: 1,
  })),
  ...["Bad-Code", "UPPER", "9lives", "__proto__", "x".repeat(65), "a b", "ключ", ""].map((
    code,
  ): Case => ({
    what: `a code with characters that no code of Auth has: ${JSON.stringify(code.slice(0, 12))}`,
    answer: () => json(403, { code, message: UPSTREAM_TEXT }),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  ...["constructor", "toString".toLowerCase(), "x".repeat(64)].map((code): Case => ({
    what: `an unknown code of 64 characters, or one that objects inherit: ${code.slice(0, 12)}`,
    answer: () => refuses(403, code),
    expected: { ...R.bad_jwt, code },
    calls: 1,
  })),
  // Not Auth's own shape, or not its header, or not a status that Auth has for a token.
  ...([
    [403, {}, { "x-sb-error-code": "session_not_found" }],
    [403, { error: "forbidden", message: "x" }, { "x-sb-error-code": "session_not_found" }],
    [403, { code: "session_not_found", message: "x" }, { "x-sb-error-code": "bad_jwt" }],
    [403, { code: "session_not_found", message: "x" }, {}],
    [403, { code: "session_not_found", msg: "x" }, {}],
    [403, { error_code: "session_not_found" }, {}],
    [403, { code: 403, error_code: "session_not_found", msg: "x" }, { "x-sb-error-code": "other" }],
    [404, { code: "session_not_found", message: "x" }, { "x-sb-error-code": "session_not_found" }],
    [404, { code: "session_not_found" }, {}],
    [408, { code: "request_timeout", message: "x" }, { "x-supabase-api-version": "2024-01-01" }],
    [408, { code: 408, error_code: "session_not_found", msg: "x" }, {}],
  ] as [number, unknown, Record<string, string>][]).map(([status, body, headers]): Case => ({
    what: `${status} ${JSON.stringify(body)} with ${JSON.stringify(headers)}`,
    answer: () => json(status, body, headers),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "a code with the API version echoed",
    answer: () =>
      json(403, { code: "session_not_found", message: "x" }, {
        "X-Supabase-Api-Version": "2024-01-01",
      }),
    expected: R.session_not_found,
    calls: 1,
  },
  // Out of a cache.
  ...[
    () => json(200, { id: USER_ID }, { Age: "0" }),
    () => json(200, { id: USER_ID }, { Age: "12, 300" }),
    () => refuses(403, "session_not_found", { Age: "3" }),
  ].map((answer): Case => ({
    what: `${answer().status} with the Age ${answer().headers.get("age")}`,
    answer,
    expected: R.auth_unavailable,
    calls: 1,
    operator: /came out of a cache/,
  })),
  // Limits.
  {
    what: "429 in Auth's shape, without Retry-After",
    answer: () => refuses(429, "over_request_rate_limit"),
    expected: R.over_request_rate_limit,
    calls: 1,
  },
  {
    what: "429 as text, with Retry-After",
    answer: () =>
      new Response(UPSTREAM_TEXT, {
        status: 429,
        headers: { "Retry-After": "17", "Content-Type": "text/plain" },
      }),
    expected: { ...R.over_request_rate_limit, retry_after: 17 },
    calls: 1,
  },
  {
    what: "429 as an HTML page",
    answer: () => new Response("<html>slow down</html>", { status: 429 }),
    expected: R.over_request_rate_limit,
    calls: 1,
  },
  // Faults.
  ...[301, 302, 303, 307, 308].map((status): Case => ({
    what: `a redirect ${status}`,
    answer: () =>
      new Response(null, { status, headers: { Location: "https://evil.example/user" } }),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  ...[500, 501, 502, 503, 504, 520, 522, 529, 530, 599].flatMap((status): Case[] => [
    {
      what: `${status} in Auth's shape`,
      answer: () => refuses(status, "session_not_found"),
      expected: R.auth_unavailable,
      calls: 2,
    },
    {
      what: `${status} as HTML with Retry-After`,
      answer: () =>
        new Response("<html>", {
          status,
          headers: { "Retry-After": "9", "Content-Type": "text/html" },
        }),
      expected: { ...R.auth_unavailable, retry_after: 9 },
      calls: 1,
    },
  ]),
  { what: "no connection", answer: throws, expected: R.auth_unavailable, calls: 2 },
  ...["<html>hello</html>", "", "null", "{}", '{"user":null}', "[]", '"text"', "{", "1"].map((
    body,
  ): Case => ({
    what: `200 ${JSON.stringify(body)}`,
    answer: () => json(200, body),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "200 as HTML that reads like JSON",
    answer: () =>
      new Response(JSON.stringify({ id: USER_ID }), { headers: { "Content-Type": "text/html" } }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  {
    what: "200 without a content type",
    answer: () => {
      const response = new Response(JSON.stringify({ id: USER_ID }));
      response.headers.delete("Content-Type");
      return response;
    },
    expected: R.auth_unavailable,
    calls: 1,
  },
  ...[201, 202, 203, 206].map((status): Case => ({
    what: `${status} with the right user`,
    answer: () => json(status, { id: USER_ID }),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "204",
    answer: () => new Response(null, { status: 204 }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  {
    what: "304",
    answer: () => new Response(null, { status: 304 }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  ...["someone-else", "", USER_ID.toUpperCase().replace("1", "A"), null, 0, [USER_ID], {
    toString: USER_ID,
  }].map((id): Case => ({
    what: `a user whose id is ${JSON.stringify(id)}`,
    answer: () => alive({ id }),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "the right user inside another object",
    answer: () => json(200, { user: { id: USER_ID } }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  {
    what: "a user of 2 MiB",
    answer: () => big(2 * 1024 * 1024),
    expected: null,
    calls: 1,
  },
  {
    what: "a user of 2 MiB and one byte",
    answer: () => big(2 * 1024 * 1024 + 1),
    expected: R.user_too_large,
    calls: 1,
    operator: /record is larger than 2 MiB or has more than 50,000 values/,
  },
  {
    what: "a user of more than 50,000 values",
    answer: () => json(200, { id: USER_ID, user_metadata: { lists: Array(60_000).fill([]) } }),
    expected: R.user_too_large, // its line is logged once, for the case before
    calls: 1,
  },
  {
    what: "a refusal of 2 MiB and more",
    answer: () => new Response("x".repeat(2 * 1024 * 1024 + 1), { status: 403 }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  ...["text/plain", "text/html"].map((type): Case => ({
    what: `403 as ${type}`,
    answer: () =>
      new Response(JSON.stringify({ code: "session_not_found", message: "x" }), {
        status: 403,
        headers: { "Content-Type": type },
      }),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "404 as text, Auth's own",
    answer: () => new Response("404 page not found\n", { status: 404 }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  {
    what: "4xx JSON of another service",
    answer: () => json(403, { error: "forbidden", reason: UPSTREAM_TEXT }),
    expected: R.auth_unavailable,
    calls: 1,
  },
  {
    what: "no_authorization although a bearer was sent",
    answer: () => refuses(401, "no_authorization"),
    expected: R.auth_unavailable,
    calls: 1,
    operator: /did not receive the bearer/,
  },
  {
    what: "a 4xx whose code says it is a fault",
    answer: () => refuses(422, "unexpected_failure"),
    expected: R.auth_unavailable,
    calls: 1,
  },
  // The operator's mistakes.
  ...[
    "Invalid API key",
    "Legacy API keys are disabled",
    "No API key found in request",
    "Invalid authentication credentials",
    "Unauthorized",
    "Clé refusée",
  ].map((message): Case => ({
    what: `the gateway's 401 "${message}"`,
    answer: () => json(401, { message, hint: UPSTREAM_TEXT }),
    expected: R.auth_misconfigured,
    calls: 1,
    operator: /SUPABASE_PUBLISHABLE_KEYS/,
  })),
  ...[
    new Response("<html>Invalid API key</html>", { status: 401 }),
    json(403, { message: "Invalid API key" }),
    json(401, { msg: "Invalid API key" }),
    json(401, { code: "key", message: "Invalid API key" }),
  ].map((page): Case => ({
    what: `the ${page.status} of a firewall, ${page.headers.get("content-type")}`,
    answer: () => page.clone(),
    expected: R.auth_unavailable,
    calls: 1,
  })),
  {
    what: "the service_role key in the place of the anon key",
    env: { SUPABASE_PUBLISHABLE_KEYS: undefined, SUPABASE_ANON_KEY: SERVICE_ROLE },
    expected: R.auth_misconfigured,
    calls: 0,
    operator: /SUPABASE_ANON_KEY holds the service_role key/,
  },
  ...([
    ["SUPABASE_URL", { SUPABASE_URL: undefined }],
    ["SUPABASE_URL", { SUPABASE_URL: "  " }],
    [
      "SUPABASE_URL",
      { SUPABASE_URL: "not-a-url-SECRETVALUE" },
    ],
    ["SUPABASE_PUBLISHABLE_KEYS", {
      SUPABASE_PUBLISHABLE_KEYS: "{SECRETVALUE",
    }],
    ["SUPABASE_SECRET_KEYS", { SUPABASE_SECRET_KEYS: '["SECRETVALUE"]' }],
    [
      "SUPABASE_ANON_KEY",
      { SUPABASE_PUBLISHABLE_KEYS: undefined, SUPABASE_ANON_KEY: undefined },
    ],
  ] as const).map(([variable, env]): Case => ({
    what: `an environment with ${JSON.stringify(env)}`,
    env,
    expected: R.auth_misconfigured,
    calls: 0,
    operator: new RegExp(variable),
  })),
];

/** `auth()` in a plain Hono app, and in an edge function: every outcome has to be the same in both. */
function apps(
  options: AuthOptions,
): Record<string, { request: Hono["request"]; ran: () => number }> {
  let ran = 0;
  const plain = new Hono<AuthEnv>().use(auth(options as AuthOptions & { allowSessionless?: false }))
    .get("/f", (c) => c.json({ ran: ++ran, id: c.var.auth.user.id }));
  const edge = edgeFunction("f", { auth: options as AuthOptionsFor<"user", Session, false> });
  edge.get("/", (c) => c.json({ ran: ++ran, id: c.var.auth.user.id }));
  return {
    "auth()": { request: plain.request.bind(plain) as Hono["request"], ran: () => ran },
    "edgeFunction()": { request: edge.request.bind(edge) as Hono["request"], ran: () => ran },
  };
}

/** What was logged for the operator: each line once in the life of an isolate. */
const seenLogs = new Set<string>();

for (const { what, header, answer, env, options, expected, calls, operator } of CASES) {
  const names = ["auth()", "edgeFunction()"];
  for (const name of names) {
    Deno.test(`${name} ${expected ? `answers ${expected.code}` : "admits"} for ${what}`, async () => {
      const upstream = fakeAuth(answer, environment(env));
      const app = apps({ ...upstream.options, ...options })[name]!;
      const authorization = header === undefined ? `Bearer ${token()}` : header();
      const headers: HeadersInit = authorization === null ? {} : { Authorization: authorization };
      let response = new Response();
      const log = await logged(async () => {
        response = await app.request("/f", { headers });
      });
      if (expected === null) {
        assertEquals(await response.json(), { ran: 1, id: USER_ID });
      } else {
        await assertRefusal(response, expected);
        assertEquals(app.ran(), 0);
        assertMatch(response.headers.get("Server-Timing") ?? "", /^auth;desc="\w+";dur=[\d.]+$/);
      }
      assertEquals(upstream.calls.length, calls);
      if (operator === undefined) assertEquals(log, "");
      else if (!seenLogs.has(operator.source) || log !== "") assertMatch(log, operator);
      seenLogs.add(operator?.source ?? "");
      for (const secret of ["eyJ", SECRET, PUBLISHABLE, "UPSTREAM", "SECRETVALUE", "@"]) {
        assert(!log.includes(secret), `the log holds ${secret}: ${log}`);
      }
    });
  }
}

Deno.test("authenticate() counts the timeout from the arrival of the request", () =>
  inFakeTime(async (time) => {
    const { options } = fakeAuth(() => new Promise(() => {}));
    const rules = {
      allow: USERS_ONLY,
      admin: false,
      oauthClients: new Set<string>(),
      timeout: 1000,
      skew: 30,
      allowSessionless: false,
      freshness: 0,
      patience: 250,
    };
    const arrivedAt = timestamp();
    time.tick(700);
    const headers = { authorization: `Bearer ${token()}`, apikey: null };
    const authenticated = authenticate(headers, { ...options, ...rules }, arrivedAt);
    await settle();
    time.tick(300);
    assertEquals((await authenticated).outcome, { ok: false, code: "auth_unavailable" });
  }));

Deno.test("auth() keeps its timeout when the key set hangs", async () => {
  const jwks = { keys: [{ kty: "EC", crv: "P-256", kid: "k", x: "AA", y: "AA" }] };
  const env = environment({ SUPABASE_JWKS: JSON.stringify(jwks) });
  const { options, calls } = fakeAuth(() => new Promise(() => {}), env);
  using time = new FakeTime();
  const app = new Hono<AuthEnv>().use(auth({ ...options, timeout: 100 }));
  const headers = { Authorization: `Bearer ${token({}, { alg: "ES256", kid: "other" })}` };
  const pending = Promise.resolve(app.request("/", { headers }));
  await settle();
  assertEquals(calls.map(({ url }) => url.endsWith("jwks.json")), [true]);
  time.tick(100);
  await settle();
  time.tick(100);
  await assertRefusal(await pending, REFUSALS.auth_unavailable);
});

Deno.test("auth() answers auth_unavailable when the Date of an answer is older than Auth's newest by more than the skew", () =>
  inFakeTime(async (time) => {
    const date = (secondsAgo: number) => ({
      Date: new Date(Date.now() - secondsAgo * 1000).toUTCString(),
    });
    const answers: [() => Response, number][] = [
      [() => json(200, { id: USER_ID }, date(0)), 200],
      [() => json(200, { id: USER_ID }, date(31)), 200], // a second is the resolution of a Date
      [() => json(200, { id: USER_ID }, date(32)), 503],
      [() => refuses(403, "session_not_found", date(300)), 503],
      [() => json(200, { id: USER_ID }, date(0)), 200],
      [() => json(200, { id: USER_ID }), 200],
    ];
    const { options } = fakeAuth((_, call) => answers[call - 1]![0]());
    const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
    const headers = { Authorization: `Bearer ${token()}` };
    await logged(async () => {
      for (const [, status] of answers) {
        assertEquals((await app.request("/", { headers })).status, status);
      }
    });
    // When Auth's clock is set back by an hour, its answers count again after a minute.
    answers.push([() => json(200, { id: USER_ID }, date(3600)), 200]);
    time.tick(60_000);
    assertEquals((await app.request("/", { headers })).status, 200);
  }));

Deno.test("auth() answers 503, not 401, when its clock is fast and Auth is down", async () => {
  const { options } = fakeAuth(throws);
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  // The clock of this isolate is an hour fast: a valid token looks expired.
  const headers = { Authorization: `Bearer ${token({ exp: now() - 1800 })}` };
  for (let n = 0; n < 3; n++) {
    await assertRefusal(await app.request("/", { headers }), REFUSALS.auth_unavailable);
  }
});

Deno.test("auth() sends no-cache to Auth", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  await app.request("/", { headers: { Authorization: `Bearer ${token()}` } });
  assertEquals(calls[0]?.headers.get("cache-control"), "no-cache");
});

Deno.test("auth() asks about at most 256 tokens at once that only Auth can verify, while Auth refuses many of them", () =>
  inFakeTime(async () => {
    let answer = () => Promise.resolve(refuses(403, "bad_jwt"));
    const { options, calls } = fakeAuth(() => answer());
    const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
    const sendAsOthers = (count: number) =>
      Array.from({ length: count }, async () => {
        const headers = bearer(token({ sub: crypto.randomUUID() }));
        return (await app.request("/", { headers })).status;
      });
    assertEquals(new Set(await Promise.all(sendAsOthers(12))), new Set([401]));
    answer = () => new Promise(() => {});
    sendAsOthers(300);
    await settle(30);
    assertEquals(calls.length, 12 + 256);
  }));
