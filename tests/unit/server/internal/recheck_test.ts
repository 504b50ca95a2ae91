// c.var.auth.recheck(): what a stream that lives long learns about its session.
import { assert, assertEquals } from "@std/assert";
import type { User } from "@supabase/supabase-js";
import { Hono } from "hono";
import {
  auth,
  type AuthEnv,
  type AuthOptions,
  edgeFunction,
  type RecheckResult,
} from "../../../../shared/mod.ts";
import {
  limitRechecks,
  MIN_RECHECK_INTERVAL_MS,
} from "../../../../shared/server/internal/recheck.ts";
import {
  alive,
  bearer,
  deferred,
  fakeAuth,
  inFakeTime,
  json,
  logged,
  now,
  PUBLISHABLE,
  refuses,
  SECRET,
  settle,
  token,
  USER_ID,
} from "../../../support/server.ts";

/** The recheck of one request, whose response has been returned. */
async function admitted(
  options: AuthOptions,
  jwt: string = token(),
): Promise<() => Promise<RecheckResult>> {
  let recheck: (() => Promise<RecheckResult>) | undefined;
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    ({ recheck } = c.var.auth);
    return c.text("");
  });
  const response = await app.request("/", { headers: bearer(jwt) });
  assertEquals(response.status, 200);
  assert(recheck);
  return recheck;
}

/** What a recheck said, in short. */
function inShort(result: RecheckResult): unknown[] {
  if (result.outcome === "admitted") return ["admitted"];
  const { code, status, action } = result.problem;
  return [result.outcome, code, status, action];
}

Deno.test("recheck() asks Auth about the same token, and returns the current user", async () => {
  let role = "reader";
  const { options, calls } = fakeAuth(() => alive({ app_metadata: { role } }));
  const jwt = token();
  const recheck = await admitted(options, jwt);
  role = "writer";
  const result = await recheck();
  assert(result.outcome === "admitted");
  assertEquals(result.user.app_metadata.role, "writer");
  assertEquals(calls.map(({ headers }) => headers.get("authorization")), [
    `Bearer ${jwt}`,
    `Bearer ${jwt}`,
  ]);
});

Deno.test("recheck() refuses what Auth refuses, and never throws", async () => {
  for (
    const [status, code, expected] of [
      [403, "session_not_found", ["refused", "session_not_found", 401, "sign_in"]],
      [403, "user_not_found", ["refused", "user_not_found", 401, "sign_in"]],
      [403, "user_banned", ["refused", "user_banned", 403, "contact_support"]],
      [403, "bad_jwt", ["refused", "bad_jwt", 401, "refresh"]],
    ] as const
  ) {
    const { options } = fakeAuth((_, call) => call === 1 ? alive() : refuses(status, code));
    const recheck = await admitted(options);
    const result = await recheck();
    assertEquals(inShort(result), [...expected]);
    assert(result.outcome === "refused");
    assertEquals(result.problem.replay, false, "the handler of a stream has run");
    assert(result.problem.request_id !== "");
  }
});

Deno.test("recheck() returns unknown for a fault, so that an outage does not sign a stream out", async () => {
  const page = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
  for (
    const [answer, expected] of [
      [page, ["unknown", "auth_unavailable", 503, "retry"]],
      [() => refuses(500, "unexpected_failure"), ["unknown", "auth_unavailable", 503, "retry"]],
      [() => json(200, {}), ["unknown", "auth_unavailable", 503, "retry"]],
      [() => json(200, { id: "somebody else" }), ["unknown", "auth_unavailable", 503, "retry"]],
      [
        () => refuses(429, "over_request_rate_limit"),
        ["unknown", "over_request_rate_limit", 429, "retry"],
      ],
      [
        () => json(401, { message: "Invalid API key" }),
        ["unknown", "auth_misconfigured", 500, "contact_support"],
      ],
      [() => Promise.reject(new TypeError("down")), ["unknown", "auth_unavailable", 503, "retry"]],
    ] as const
  ) {
    const { options } = fakeAuth((_, call) => call === 1 ? alive() : answer());
    const recheck = await admitted(options);
    assertEquals(inShort(await recheck()), [...expected]);
  }
});

Deno.test("recheck() returns unknown after the timeout when Auth does not answer", () =>
  inFakeTime(async (time) => {
    const { options } = fakeAuth((_, call) => call === 1 ? alive() : new Promise(() => {}));
    const recheck = await admitted({ ...options, timeout: 800 });
    let result: RecheckResult | undefined;
    void recheck().then((said) => result = said);
    await time.tickAsync(790);
    assertEquals(result, undefined);
    await time.tickAsync(20);
    assertEquals(result && inShort(result), ["unknown", "auth_unavailable", 503, "retry"]);
  }));

Deno.test("recheck() refuses an expired token as token_expired, without a call", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth();
    const recheck = await admitted(options, token({ exp: now() + 60 }));
    time.tick(60_000);
    assertEquals(inShort(await recheck()), ["admitted"], "the clocks may differ by 30 seconds");
    time.tick(31_000);
    assertEquals(inShort(await recheck()), ["refused", "token_expired", 401, "refresh"]);
    assertEquals(calls.length, 2);
  }));

Deno.test("recheck() asks Auth whatever the freshness of the route", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth((_, call) =>
      call < 3 ? alive() : refuses(403, "session_not_found")
    );
    const recheck = await admitted({ ...options, freshness: 60 });
    assertEquals(inShort(await recheck()), ["admitted"]);
    assertEquals(calls.length, 2);
    time.tick(1000);
    assertEquals(inShort(await recheck())[0], "refused");
    assertEquals(calls.length, 3);
  }));

Deno.test("recheck() asks Auth again a moment after the request's own check", async () => {
  const { options, calls } = fakeAuth((_, call) =>
    call === 1 ? alive() : refuses(403, "session_not_found")
  );
  const recheck = await admitted(options);
  assertEquals(inShort(await recheck())[0], "refused");
  assertEquals(calls.length, 2);
});

Deno.test("recheck() asks Auth at most once per second, and lets earlier calls wait", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth();
    const recheck = await admitted(options);
    assertEquals(inShort(await recheck()), ["admitted"]);
    const results: RecheckResult[] = [];
    for (let n = 0; n < 100; n++) void recheck().then((result) => results.push(result));
    await time.tickAsync(MIN_RECHECK_INTERVAL_MS - 10);
    assertEquals([calls.length, results.length], [2, 0]);
    await time.tickAsync(10);
    await settle();
    assertEquals([calls.length, results.length], [3, 100]);
  }));

Deno.test("recheck() in an endless loop asks Auth once per second", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth();
    const recheck = await admitted(options);
    let goesOn = true;
    const loop = (async () => {
      while (goesOn) await recheck();
    })();
    await time.tickAsync(10_000);
    goesOn = false;
    await time.tickAsync(1000);
    await loop;
    assertEquals(calls.length, 1 + 12);
  }));

Deno.test("recheck() never returns the result of a check that began before the call", () =>
  inFakeTime(async (time) => {
    const first = deferred<Response>();
    const { options, calls } = fakeAuth((_, call) =>
      call === 1 ? alive() : call === 2 ? first.promise : refuses(403, "session_not_found")
    );
    const recheck = await admitted(options);
    const early = recheck();
    await settle();
    // The session ends while the first check is under way, and the second call comes after that.
    const late = recheck();
    await time.tickAsync(MIN_RECHECK_INTERVAL_MS);
    first.resolve(alive());
    assertEquals(inShort(await early), ["admitted"]);
    await settle();
    assertEquals(inShort(await late)[0], "refused");
    assertEquals(calls.length, 3);
  }));

Deno.test("recheck() shares the call to Auth with requests that arrive at the same time", async () => {
  const { options, calls } = fakeAuth();
  const jwt = token();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", async (c) => {
    const { outcome } = await c.var.auth.recheck();
    return c.text(outcome);
  });
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => app.request("/", { headers: bearer(jwt) })),
  );
  for (const response of responses) assertEquals(await response.text(), "admitted");
  assertEquals(calls.length, 2);
});

Deno.test("recheck() is reported to onDecision, with the id of the request", async () => {
  const seen: unknown[] = [];
  const { options } = fakeAuth((_, call) =>
    call === 1 ? alive() : refuses(403, "session_not_found")
  );
  let recheck: (() => Promise<RecheckResult>) | undefined;
  const app = edgeFunction("long", {
    auth: {
      ...options,
      onDecision: ({ outcome, code, recheck, request_id }) =>
        seen.push([outcome, code, recheck, request_id]),
    },
  });
  app.get("/", (c) => {
    recheck = c.var.auth.recheck;
    return c.text("");
  });
  await app.request("/long", { headers: { ...bearer(token()), "X-Request-Id": "r-1" } });
  const result = await recheck!();
  assertEquals(seen, [
    ["admitted", null, false, "r-1"],
    ["refused", "session_not_found", true, "r-1"],
  ]);
  assert(result.outcome === "refused");
  assertEquals(result.problem.request_id, "r-1");
});

Deno.test("recheck() admits callers who are not users again, without a call", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono().use(auth({ ...options, allow: ["user", "secret", "none"] }))
    .get("/", async (c) => {
      const { kind, recheck } = c.var.auth;
      const check = await recheck();
      return c.json([kind, check.outcome, check.outcome === "admitted" && check.user?.id]);
    });
  const ask = async (headers: HeadersInit) => (await app.request("/", { headers })).json();
  assertEquals(await ask({ apikey: SECRET }), ["secret", "admitted", null]);
  assertEquals(await ask({}), ["none", "admitted", null]);
  assertEquals(calls.length, 0);
  assertEquals(await ask(bearer(token())), ["user", "admitted", USER_ID]);
});

Deno.test("recheck() never turns a user whose token has expired into a caller of another kind", () =>
  inFakeTime(async (time) => {
    const { options } = fakeAuth((_, call) => call === 1 ? alive() : refuses(403, "bad_jwt"));
    let recheck: (() => Promise<RecheckResult<User | null>>) | undefined;
    const app = new Hono().use(auth({ ...options, allow: ["user", "publishable", "none"] }))
      .get("/", (c) => {
        ({ recheck } = c.var.auth);
        return c.text("");
      });
    const headers = { ...bearer(token({ exp: now() + 60 })), apikey: PUBLISHABLE };
    await app.request("/", { headers });
    time.tick(100_000);
    const result = await recheck!();
    assert(result.outcome === "refused");
    assertEquals(result.problem.code, "token_expired");
  }));

Deno.test("recheck() of a public route is an error that names the route", async () => {
  const app = edgeFunction("long", { auth: fakeAuth().options, public: ["/"] });
  app.get("/", (c) => c.json(Object.keys(c.var.auth.recheck)));
  const log = await logged(async () => {
    assertEquals((await app.request("/long")).status, 500);
  });
  assert(log.includes("c.var.auth.recheck was read on GET /long"), log);
});

Deno.test("recheck() returns a user, by its type, only where the caller is a user", () => {
  const { options } = fakeAuth();
  new Hono().use(auth({ ...options, allow: ["user", "none"] })).get("/", async (c) => {
    const { auth } = c.var;
    const check = auth.kind === "user" ? await auth.recheck() : undefined;
    return c.text(check?.outcome === "admitted" ? check.user.id : "");
  });
  new Hono().use(auth({ ...options, allow: ["secret"] })).get("/", async (c) => {
    const check = await c.var.auth.recheck();
    // @ts-expect-error -- a machine is no user
    return c.text(check.outcome === "admitted" ? check.user.id : "");
  });
});

Deno.test("limitRechecks() counts the time between two checks from the start of the first", () =>
  inFakeTime(async (time) => {
    const began: number[] = [];
    const recheck = limitRechecks(() => {
      began.push(performance.now());
      return new Promise<void>((resolve) => setTimeout(resolve, 3000));
    });
    void recheck();
    await time.tickAsync(500);
    for (let n = 0; n < 3; n++) void recheck();
    await time.tickAsync(4000);
    void recheck();
    assertEquals(began, [0, 1000, 4500]);
    await time.tickAsync(4000);
  }));
