import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Hono, type MiddlewareHandler } from "hono";
import { every, except, some } from "hono/combine";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { auth, type AuthEnv, type AuthOptions, type Session } from "../../../shared/mod.ts";
import {
  alive,
  assertRefusal,
  bearer,
  deferred,
  environment,
  fakeAuth,
  FakeTime,
  inFakeTime,
  json,
  logged,
  now,
  REFUSALS,
  refuses,
  SANITIZED,
  SESSION_ID,
  settle,
  token,
  USER_ID,
} from "../../support/server.ts";

/** Whether two types are the same, in both directions. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
const holds = <T extends true>(..._: T[]) => {};

const me = (options: AuthOptions & { allowSessionless?: false }) =>
  new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.json({ id: c.var.auth.user.id }));

Deno.test("auth() gives the handler the user, the claims, the session and the token", async () => {
  const { options } = fakeAuth();
  const jwt = token({ aal: "aal2", exp: now() + 60, iat: now() - 1 });
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    const { user, claims, session, token } = c.var.auth;
    return c.json({ user: user.email, sub: claims.sub, session, same: token === jwt });
  });
  const { user, sub, session, same } = await (await app.request("/", { headers: bearer(jwt) }))
    .json();
  assertEquals({ user, sub, same }, { user: "ada@example.com", sub: USER_ID, same: true });
  assertEquals(session.id, SESSION_ID);
  assertEquals(session.aal, "aal2");
  assertEquals(session.expires - session.issued, 61);
});

Deno.test("auth() types the session as nullable with allowSessionless, and only then", () => {
  const { options } = fakeAuth();
  new Hono().use(auth(options)).get("/", (c) => {
    holds<Same<typeof c.var.auth.session, Session>>();
    return c.text(c.var.auth.session.id);
  });
  new Hono().use(auth({ ...options, allowSessionless: false })).get("/", (c) => {
    holds<Same<typeof c.var.auth.session, Session>>();
    return c.text("");
  });
  new Hono().use(auth({ ...options, allowSessionless: true })).get("/", (c) => {
    holds<Same<typeof c.var.auth.session, Session | null>>();
    return c.text("");
  });
  const unknown: AuthOptions = options; // which may allow anybody
  new Hono().use(auth(unknown)).get("/", (c) => {
    // @ts-expect-error -- not every kind of caller has a session
    c.var.auth.session;
    if (c.var.auth.kind !== "user") return c.text("");
    holds<Same<typeof c.var.auth.session, Session | null>>();
    return c.text("");
  });
});

Deno.test("auth() types the Supabase client with the database of its caller", () => {
  type Tables = {
    todos: {
      Row: { id: number; title: string };
      Insert: { title: string };
      Update: { title?: string };
      Relationships: [];
    };
  };
  type Database = {
    public: { Tables: Tables; Views: Record<never, never>; Functions: Record<never, never> };
  };
  const { options } = fakeAuth();
  new Hono().use(auth<Database>(options)).get("/", async (c) => {
    const { data } = await c.var.auth.supabase.from("todos").select().single();
    holds<Same<typeof data, { id: number; title: string } | null>>();
    // @ts-expect-error -- the schema has no such table
    c.var.auth.supabase.from("nope");
    return c.json(data);
  });
});

Deno.test("auth() asks with the project's key, the caller's bearer, and no redirects", async () => {
  const inits: RequestInit[] = [];
  const { options, calls } = fakeAuth();
  const fetch: typeof globalThis.fetch = (input, init) => {
    inits.push(init ?? {});
    return options.fetch(input, init);
  };
  const jwt = token();
  const headers = { ...bearer(jwt), apikey: "sb_publishable_of_the_caller", Cookie: "a=b" };
  const response = await me({ ...options, fetch }).request("/", { headers });
  assertEquals(response.status, 200);
  const [call] = calls;
  assert(call);
  assertEquals([call.method, call.url], ["GET", "https://project.example/auth/v1/user"]);
  assertEquals(call.headers.get("authorization"), `Bearer ${jwt}`);
  assertEquals(call.headers.get("apikey"), "sb_publishable_test");
  assertEquals(call.headers.get("cookie"), null);
  assertEquals(inits[0]?.redirect, "manual");
});

Deno.test("auth() answers auth_unavailable when Auth is silent for longer than the timeout", async () => {
  using time = new FakeTime();
  for (const timeout of [undefined, 500]) {
    const hung = deferred<Response>(); // a fetch that ignores its abort signal
    const { options } = fakeAuth(() => hung.promise);
    const pending = me({ ...options, timeout }).request("/", { headers: bearer(token()) });
    let answered = false;
    void Promise.resolve(pending).then(() => answered = true);
    await settle();
    time.tick((timeout ?? 3000) - 1);
    await settle();
    assertEquals(answered, false);
    time.tick(1);
    await assertRefusal(await pending, REFUSALS.auth_unavailable);
    hung.resolve(alive()); // too late: changes nothing
  }
});

Deno.test("auth() answers auth_unavailable when Auth's body does not end in time", async () => {
  using time = new FakeTime();
  let cancelled = false;
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode(JSON.stringify({ id: USER_ID }))),
      cancel: () => void (cancelled = true),
    });
  const { options } = fakeAuth((request) => {
    const stream = body();
    request.signal.addEventListener("abort", () => void stream.cancel().catch(() => {}));
    return new Response(stream, { headers: { "Content-Type": "application/json" } });
  });
  const pending = me(options).request("/", { headers: bearer(token()) });
  await settle();
  time.tick(3000);
  await assertRefusal(await pending, REFUSALS.auth_unavailable);
  assertEquals(cancelled, false); // locked by its reader: only the signal ends it
});

Deno.test("auth() leaves no timer and no aborted request behind", SANITIZED, async () => {
  const signals: (AbortSignal | null | undefined)[] = [];
  const { options } = fakeAuth();
  const fetch: typeof globalThis.fetch = (input, init) => {
    signals.push(init?.signal);
    return options.fetch(input, init);
  };
  assertEquals(
    (await me({ ...options, fetch }).request("/", { headers: bearer(token()) })).status,
    200,
  );
  assert(signals[0] instanceof AbortSignal);
});

Deno.test("auth() answers auth_unavailable when fetch throws, rejects or returns no usable Response", async () => {
  const invalid: unknown[] = [undefined, null, {}, "text", 5];
  const stubs: (typeof globalThis.fetch)[] = [
    () => {
      throw new Error("synchronous");
    },
    () => Promise.reject("a string"),
    () => Promise.reject(undefined),
    ...invalid.map((value) => () => Promise.resolve(value as Response)),
    () => Promise.resolve(Response.error()),
  ];
  for (const fetch of stubs) {
    const app = me({ env: environment(), fetch });
    await assertRefusal(
      await app.request("/", { headers: bearer(token()) }),
      REFUSALS.auth_unavailable,
    );
  }
});

Deno.test("auth() checks every request, also of the same token", async () => {
  const { options, calls } = fakeAuth();
  const app = me(options);
  const headers = bearer(token());
  for (let n = 1; n <= 3; n++) {
    assertEquals((await app.request("/", { headers })).status, 200);
    assertEquals(calls.length, n);
  }
});

Deno.test("auth() shares a check between spellings of the scheme, and sends `Bearer <token>`", async () => {
  const { options, calls } = fakeAuth();
  const app = me(options);
  const jwt = token();
  const page = ["Bearer", "bearer", "BEARER"].map((scheme) =>
    app.request("/", { headers: { Authorization: `${scheme} ${jwt}` } })
  );
  for (const response of await Promise.all(page)) assertEquals(response.status, 200);
  assertEquals(calls.map((call) => call.headers.get("authorization")), [`Bearer ${jwt}`]);
});

Deno.test("auth() applies each route's own rules when the token is already cached", async () => {
  const { options, calls } = fakeAuth();
  const sessionless = bearer(token({ session_id: undefined }));
  const open = new Hono().use(auth({ ...options, allowSessionless: true }))
    .get("/", (c) => c.text("in"));
  for (let n = 0; n < 2; n++) {
    assertEquals((await open.request("/", { headers: sessionless })).status, 200);
    await assertRefusal(
      await me(options).request("/", { headers: sessionless }),
      REFUSALS.session_required,
    );
  }
  assertEquals(calls.length, 2);
});

Deno.test("auth() gives each concurrent check its own answer, in whatever order they end", async () => {
  const gates: { request: Request; gate: PromiseWithResolvers<Response> }[] = [];
  const { options } = fakeAuth((request) => {
    const gate = deferred<Response>();
    gates.push({ request, gate });
    return gate.promise;
  });
  const app = new Hono<AuthEnv>().use(auth(options)).get(
    "/",
    (c) => c.text(c.var.auth.claims.sub + c.var.auth.user.id),
  );
  const ids = ["a", "b", "c", "d", "e", "f"].map((letter) => USER_ID.replace("1", letter));
  const responses = ids.map((sub) => app.request("/", { headers: bearer(token({ sub })) }));
  await settle();
  assertEquals(gates.length, ids.length);
  for (const { request, gate } of gates.toReversed()) {
    const [, payload = ""] = (request.headers.get("authorization") ?? "").split(".");
    gate.resolve(alive({ id: JSON.parse(atob(payload)).sub }));
  }
  for (const [n, sub] of ids.entries()) {
    assertEquals(await (await responses[n]!).text(), sub + sub);
  }
});

Deno.test("auth() shares a check between requests of one token in one turn, and not with later ones", async () => {
  using _time = new FakeTime();
  const gates: PromiseWithResolvers<Response>[] = [];
  const { options } = fakeAuth(() => {
    gates.push(deferred<Response>());
    return gates.at(-1)!.promise;
  });
  const seen: string[] = [];
  const app = me({
    ...options,
    onDecision: ({ source, upstream_calls }) => seen.push(`${source} ${upstream_calls}`),
  });
  const headers = bearer(token());
  const early = Array.from({ length: 100 }, () => app.request("/", { headers }));
  await settle();
  assertEquals(gates.length, 1);
  const late = app.request("/", { headers }); // a sign-out may have come between
  await settle();
  gates[0]!.resolve(alive());
  for (const response of early) assertEquals((await response).status, 200);
  await settle();
  assertEquals(gates.length, 2);
  gates[1]!.resolve(refuses(403, "session_not_found"));
  await assertRefusal(await late, REFUSALS.session_not_found);
  assertEquals(seen.toSorted().slice(0, 2), ["check 1", "check 1"]);
  assertEquals(new Set(seen), new Set(["check 1", "shared_check 0"]));
});

Deno.test("auth() begins the next check of a token when one has hung for longer than its patience", async () => {
  using time = new FakeTime();
  const gates: PromiseWithResolvers<Response>[] = [];
  const { options } = fakeAuth(() => {
    gates.push(deferred<Response>());
    return gates.at(-1)!.promise;
  });
  const app = me({ ...options, freshness: 60 });
  const headers = bearer(token());
  const first = app.request("/", { headers });
  await settle();
  const second = app.request("/", { headers });
  await settle();
  assertEquals(gates.length, 1);
  time.tick(250);
  await settle();
  assertEquals(gates.length, 2);
  // The newer answer comes first, and the older one does not replace it.
  gates[1]!.resolve(refuses(403, "session_not_found"));
  await assertRefusal(await second, REFUSALS.session_not_found);
  gates[0]!.resolve(alive());
  assertEquals((await first).status, 200); // it arrived before that sign-out was known
  await assertRefusal(await app.request("/", { headers }), REFUSALS.session_not_found);
  assertEquals(gates.length, 2);
});

Deno.test("auth() makes one call, and reports the source of its answer, when a request passes it twice", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).use("/admin/*", auth(options))
    .get("/admin/x", (c) => c.text("in"));
  const response = await app.request("/admin/x", { headers: bearer(token()) });
  assertEquals([response.status, calls.length], [200, 1]);
  const sources = (response.headers.get("Server-Timing") ?? "").match(/desc="\w+"/g)?.toSorted();
  assertEquals(sources, ['desc="check"', 'desc="memory"']);
});

Deno.test("auth() applies the stricter of two options when a request passes it twice", async () => {
  const { options, calls } = fakeAuth();
  const both = [auth({ ...options, allowSessionless: true }), auth(options)] as const;
  for (const [first, second] of [both, both.toReversed()] as MiddlewareHandler[][]) {
    const app = new Hono().use(first!).use(second!).get("/", (c) => c.text("in"));
    const headers = bearer(token({ session_id: undefined }));
    await assertRefusal(await app.request("/", { headers }), REFUSALS.session_required);
  }
  assertEquals(calls.length, 1);
});

Deno.test("auth() asks the other project too when a request passes it for two projects", async () => {
  const one = fakeAuth();
  const two = fakeAuth(() => refuses(403, "session_not_found"));
  const app = new Hono<AuthEnv>().use(auth(one.options)).use(auth(two.options))
    .get("/", (c) => c.text("in"));
  await assertRefusal(
    await app.request("/", { headers: bearer(token()) }),
    REFUSALS.session_not_found,
  );
  assertEquals([one.calls.length, two.calls.length], [1, 1]);
});

Deno.test("auth() returns its refusal whatever onError, some(), every() or except() do", async () => {
  const { options, calls } = fakeAuth(() => refuses(403, "session_not_found"));
  let ran = 0;
  const build = (middleware: MiddlewareHandler) =>
    new Hono().use(middleware).onError((_, c) => c.text("careless", 200))
      .notFound((c) => c.text("careless", 200))
      .all("/", (c) => c.text(`ran ${++ran}`)).all("/open", (c) => c.text("open"));
  const check = () => auth(options);
  const apps = {
    plain: build(check()),
    "some(auth, fallback)": build(some(check(), (_c, next) => next())),
    "some(false, auth)": build(some(() => false, check())),
    "every(auth)": build(every(check(), (_c, next) => next())),
    "except(/open, auth)": build(except("/open", check())),
    "route()": new Hono().route("/", build(check())),
    "mount()": new Hono().mount("/", build(check()).fetch),
    "fetch()": new Hono().all("*", (c) => build(check()).fetch(c.req.raw)),
  };
  for (const [name, app] of Object.entries(apps)) {
    for (
      const [headers, code] of [[bearer(token()), "session_not_found"], [
        {},
        "no_authorization",
      ]] as const
    ) {
      const response = await app.request("/", { headers });
      await assertRefusal(response, REFUSALS[code]);
    }
    for (const method of ["HEAD", "OPTIONS", "POST", "PROPFIND"]) {
      const response = await app.request("/", { method });
      assertEquals([name, method, response.status], [name, method, 401]);
      await response.body?.cancel();
    }
  }
  assertEquals(ran, 0);
  assert(calls.length >= 1);
  const open = await apps["except(/open, auth)"].request("/open");
  assertEquals(await open.text(), "open");
});

Deno.test("auth() keeps headers that a middleware before it set, but not those that would cache", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>()
    .use(async (c, next) => {
      c.header("Cache-Control", "public, max-age=3600");
      c.header("X-Frame-Options", "DENY");
      c.header("Vary", "Accept-Encoding");
      await next();
    })
    .use(auth(options)).get("/", (c) => c.text("in"));
  const refused = await app.request("/");
  assertEquals(refused.headers.get("X-Frame-Options"), "DENY");
  assertEquals(refused.headers.get("Vary"), "Accept-Encoding, Origin");
  await assertRefusal(refused, REFUSALS.no_authorization);
  const admitted = await app.request("/", { headers: bearer(token()) });
  assertEquals(admitted.headers.get("Cache-Control"), "public, max-age=3600");
});

Deno.test("auth() leaves the CORS headers of a middleware before it as they are", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(cors({ origin: "https://app.example" })).use(auth(options))
    .get("/", (c) => c.text("in"));
  const response = await app.request("/", { headers: { Origin: "https://app.example" } });
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  assertEquals(response.status, 401);
});

Deno.test("auth() behind Hono's requestId() uses its id", async () => {
  const { options } = fakeAuth();
  const app = new Hono().use(requestId()).use(auth(options)).get("/", (c) => c.text("in"));
  const response = await app.request("/", { headers: { "X-Request-Id": "abc-1" } });
  assertEquals((await response.json()).request_id, "abc-1");
});

Deno.test("auth() adds only Server-Timing when a handler returns a fetched response or a redirect", async () => {
  const { options } = fakeAuth();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("from afar", { status: 418, headers: { "X-Far": "yes" } }),
  );
  try {
    const app = new Hono<AuthEnv>().use(auth(options))
      .get("/far", () => fetch(`http://127.0.0.1:${server.addr.port}`))
      .get("/away", () => Response.redirect("https://app.example/", 302));
    const far = await app.request("/far", { headers: bearer(token()) });
    assertEquals([far.status, far.headers.get("X-Far")], [418, "yes"]);
    assert(far.headers.get("Server-Timing")?.startsWith('auth;desc="check"'));
    assertEquals(await far.text(), "from afar");
    const away = await app.request("/away", { headers: bearer(token()) });
    assertEquals([away.status, away.headers.get("Location")], [302, "https://app.example/"]);
    assert(away.headers.has("Server-Timing"));
  } finally {
    await server.shutdown();
  }
});

Deno.test("auth() passes on to the app what a handler throws", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options))
    .get("/error", () => {
      throw new Error("mine");
    })
    .get("/plain", () => {
      throw { not: "an Error" };
    })
    .onError((error, c) => c.text(error.message, 418));
  const response = await app.request("/error", { headers: bearer(token()) });
  assertEquals([response.status, await response.text()], [418, "mine"]);
  assert(response.headers.has("Server-Timing"));
  const thrown = await Promise.resolve(app.request("/plain", { headers: bearer(token()) }))
    .catch((error: unknown) => error);
  assertEquals(thrown, { not: "an Error" });
});

Deno.test("auth() answers a problem document only to an Accept that names it", async () => {
  const { options } = fakeAuth();
  const app = me(options);
  for (const Accept of ["application/json", "*/*", "application/*", "text/html"]) {
    await assertRefusal(await app.request("/", { headers: { Accept } }), REFUSALS.no_authorization);
  }
  for (const Accept of ["application/problem+json", "text/html, Application/Problem+JSON;q=0.9"]) {
    const response = await app.request("/", { headers: { Accept } });
    const body = await assertRefusal(response.clone(), {
      ...REFUSALS.no_authorization,
      contentType: "application/problem+json",
    });
    const { type, title, status } = await response.json();
    assertEquals([title, status], [body.message, 401]);
    assert(URL.canParse(type));
  }
});

Deno.test("auth() puts its realm into the challenge", async () => {
  const { options } = fakeAuth();
  const response = await me({ ...options, realm: "shop, Ltd." }).request("/");
  assertEquals(response.headers.get("WWW-Authenticate"), 'Bearer realm="shop, Ltd."');
});

Deno.test("auth() caps and keeps the Retry-After of Auth", async () => {
  const later = new Date(Date.now() + 30_000).toUTCString();
  for (
    const [given, least, most] of [
      ["7", 7, 7],
      ["0", 1, 60],
      [later, 28, 30],
      ["", 1, 60],
      [
        "1e3",
        1,
        60,
      ],
      ["-5", 1, 60],
      ["1.5", 1, 60],
      ["soon 5", 1, 60],
      ["5, 5", 1, 60],
      [
        "Wed, 21 Oct 2015 07:28:00 GMT",
        1,
        60,
      ],
      ["Thu, 31 Dec 2099 23:59:59 GMT", 3600, 3600],
      ["99999999999999999999", 3600, 3600],
    ] as const
  ) {
    const { options } = fakeAuth(() =>
      new Response("", { status: 503, headers: { "Retry-After": given } })
    );
    const response = await me(options).request("/", { headers: bearer(token()) });
    const { retry_after = -1 } = await assertRefusal(response, REFUSALS.auth_unavailable);
    assert(retry_after >= least && retry_after <= most, `${given} became ${retry_after}`);
  }
});

Deno.test("auth() refuses an expired token without a call when Auth's Date has confirmed the clock", async () => {
  const { options, calls } = fakeAuth(() => {
    const response = alive();
    response.headers.set("Date", new Date().toUTCString());
    return response;
  });
  const app = me(options);
  await app.request("/", { headers: bearer(token()) });
  assertEquals(calls.length, 1);
  for (let n = 0; n < 50; n++) {
    const headers = bearer(token({ exp: now() - 31 - n }));
    await assertRefusal(await app.request("/", { headers }), REFUSALS.token_expired);
  }
  assertEquals(calls.length, 1);
  // Inside the band, Auth decides.
  assertEquals(
    (await app.request("/", { headers: bearer(token({ exp: now() - 25 })) })).status,
    200,
  );
  assertEquals(calls.length, 2);
});

Deno.test("auth() refuses an expired token without a call also when it has admitted it before", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth(() => {
      const response = alive();
      response.headers.set("Date", new Date().toUTCString());
      return response;
    });
    const app = me(options);
    const headers = bearer(token({ exp: now() + 10 }));
    assertEquals((await app.request("/", { headers })).status, 200);
    time.tick(41_000);
    await assertRefusal(await app.request("/", { headers }), REFUSALS.token_expired);
    assertEquals(calls.length, 1);
  }));

Deno.test("auth() lets Auth decide about expiry when its Date shows our clock to be wrong", async () => {
  for (const hours of [-5, 5]) {
    const { options, calls } = fakeAuth(() => {
      const response = alive();
      response.headers.set("Date", new Date(Date.now() + hours * 3_600_000).toUTCString());
      return response;
    });
    const app = me(options);
    await app.request("/", { headers: bearer(token()) });
    // Expired by both clocks, or by ours alone: a wrong clock refuses nothing.
    for (const exp of [now() - 3600, now() - 6 * 3600]) {
      assertEquals((await app.request("/", { headers: bearer(token({ exp })) })).status, 200);
    }
    assertEquals(calls.length, 3);
  }
});

Deno.test("auth() asks about an expired token at most once per minute while Auth sends no Date", async () => {
  using time = new FakeTime();
  const { options, calls } = fakeAuth(() => refuses(403, "bad_jwt"));
  const app = me(options);
  const expired = () => app.request("/", { headers: bearer(token({ exp: now() - 3600 })) });
  for (let n = 0; n < 20; n++) await assertRefusal(await expired(), REFUSALS.token_expired);
  assertEquals(calls.length, 1);
  time.tick(60_000);
  for (let n = 0; n < 20; n++) await assertRefusal(await expired(), REFUSALS.token_expired);
  assertEquals(calls.length, 2);
});

Deno.test("auth() takes its skew as an option", async () => {
  const { options, calls } = fakeAuth(() =>
    refuses(403, "bad_jwt", { Date: new Date().toUTCString() })
  );
  const app = me({ ...options, skew: 100 });
  const at = (exp: number) => app.request("/", { headers: bearer(token({ exp: now() + exp })) });
  await assertRefusal(await at(3600), REFUSALS.bad_jwt);
  await assertRefusal(await at(-90), REFUSALS.token_expired);
  assertEquals(calls.length, 2);
  await assertRefusal(await at(-110), REFUSALS.token_expired);
  assertEquals(calls.length, 2);
});

Deno.test("auth() throws a TypeError that names a wrong option when it is built", () => {
  const wrong: [string, unknown][] = [
    ["timeout", 0],
    ["timeout", 1.5],
    ["timeout", 60_001],
    ["timeout", "3000"],
    ["timeout", Infinity],
    ["skew", -1],
    ["skew", NaN],
    ["skew", 301],
    ["allowSessionless", "yes"],
    ["freshness", "lax"],
    ["freshness", -1],
    ["freshness", 301],
    ["realm", 'a"b'],
    ["realm", "a\\b"],
    ["realm", "a\nb"],
    ["realm", "é"],
    ["onDecision", "log"],
    ["fetch", {}],
    ["env", "SUPABASE_URL"],
    ["env", null],
    ["timeOut", 5],
  ];
  for (const [name, value] of wrong) {
    const error = assertThrows(() => auth({ [name]: value } as AuthOptions), TypeError, "auth()");
    assert(error.message.includes(name), error.message);
  }
  assertThrows(() => auth(null as unknown as AuthOptions), TypeError);
});

Deno.test("auth() is a function named auth, so that a stack can be read", () => {
  assertEquals(auth({}).name, "auth");
});

Deno.test("auth() reads its environment when it is first asked, and only once", async () => {
  let read = 0;
  const env = new Proxy(environment() as Record<string, string | undefined>, {
    get(target, name: string) {
      if (name.startsWith("SUPABASE_")) read++; // zod looks for a `then`
      return target[name];
    },
  });
  const { options } = fakeAuth(undefined, env);
  const app = me(options);
  assertEquals(read, 0);
  await app.request("/", { headers: bearer(token()) });
  const once = read;
  assertNotEquals(once, 0);
  await app.request("/", { headers: bearer(token()) });
  assertEquals(read, once);
});

Deno.test("auth() answers internal_error and logs it when it has a defect of its own", async () => {
  const env = new Proxy({}, {
    get(_target, name: string) {
      if (name.startsWith("SUPABASE_")) throw new RangeError("UPSTREAM-TEXT in a defect");
    },
  });
  const { options, calls } = fakeAuth(undefined, env);
  const log = await logged(async () => {
    await assertRefusal(
      await me(options).request("/", { headers: bearer(token()) }),
      REFUSALS.internal_error,
    );
  });
  assertEquals(calls.length, 0);
  assert(log.includes("RangeError") && !log.includes("UPSTREAM"), log);
  assert(log.includes("auth_test.ts:"), log); // where it happened
});

Deno.test("auth() gives every refusal a new request id, or an acceptable inbound one", async () => {
  const { options } = fakeAuth();
  const id = async (inbound?: string) => {
    const headers: HeadersInit = inbound === undefined ? {} : { "X-Request-Id": inbound };
    return (await assertRefusal(
      await me(options).request("/", { headers }),
      REFUSALS.no_authorization,
    )).request_id;
  };
  assertEquals(await id("Req_1.2-3"), "Req_1.2-3");
  assertEquals(await id("x".repeat(64)), "x".repeat(64));
  assertNotEquals(await id(), await id());
  for (const bad of ["", " ", "a b", "x".repeat(65), "a,b", "<script>", 'a"b', "é", "a;b", "a/b"]) {
    assertNotEquals(await id(bad), bad);
  }
});

Deno.test("auth() answers auth_unavailable without upstream headers when Auth answers 200 {}", async () => {
  const { options } = fakeAuth(() =>
    json(200, {}, { "X-Upstream": "UPSTREAM-TEXT", "Set-Cookie": "session=UPSTREAM-TEXT" })
  );
  const response = await me(options).request("/", { headers: bearer(token()) });
  await assertRefusal(response, REFUSALS.auth_unavailable);
  assertEquals(response.headers.get("Set-Cookie"), null);
});

Deno.test("auth() shares one backend per project and fetch between its instances", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>().use("/a", auth(options)).use("/b", auth(options))
    .get("/:x", (c) => c.text(c.var.auth.user.id));
  const [a, b] = await Promise.all(
    ["/a", "/b"].map((path) => app.request(path, { headers: bearer(token({ path })) })),
  );
  assertEquals([a?.status, b?.status, calls.length], [200, 200, 2]);
  assertStrictEquals(calls[0]?.headers.get("apikey"), calls[1]?.headers.get("apikey"));
});

Deno.test("auth() passes on to the app what a middleware around it throws", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(async (_c, next) => {
    await next();
    throw { late: true };
  }).use(auth(options)).get("/", (c) => c.text("in"));
  const thrown = await Promise.resolve(app.request("/", { headers: bearer(token()) }))
    .catch((error: unknown) => error);
  assertEquals(thrown, { late: true });
});

Deno.test("auth() asks again when the same Request object is sent again", async () => {
  let dead = false;
  const { options } = fakeAuth(() => dead ? refuses(403, "session_not_found") : alive());
  const app = me(options);
  const request = new Request("http://localhost/", { headers: bearer(token()) });
  assertEquals((await app.fetch(request)).status, 200);
  dead = true;
  await assertRefusal(await app.fetch(request), REFUSALS.session_not_found);
});

Deno.test("auth() refuses also when an earlier middleware has already set a response", async () => {
  const { options } = fakeAuth();
  const app = new Hono().use(async (c, next) => {
    c.res = new Response("early", { headers: { ETag: '"early"', "Content-Encoding": "br" } });
    await next();
  }).use(auth(options)).get("/", (c) => c.text("in"));
  const response = await app.request("/");
  assertEquals([response.headers.get("ETag"), response.headers.get("Content-Encoding")], [
    null,
    null,
  ]);
  await assertRefusal(response, REFUSALS.no_authorization);
});

Deno.test("auth() takes no request id from another middleware when it is unacceptable", async () => {
  const { options } = fakeAuth();
  for (const id of ["", "bad\nvalue", "x".repeat(65), 5, null]) {
    const app = new Hono<{ Variables: { requestId: unknown } }>().use(async (c, next) => {
      c.set("requestId", id);
      await next();
    }).use(auth(options) as MiddlewareHandler).get("/", (c) => c.text("in"));
    await assertRefusal(await app.request("/"), REFUSALS.no_authorization);
  }
});

Deno.test("auth() never allows credentials, also when a cors() before it does", async () => {
  const { options } = fakeAuth();
  const app = new Hono().use(cors({ origin: ["https://app.example"], credentials: true }))
    .use(auth(options)).get("/", (c) => c.text("in"));
  const response = await app.request("/", { headers: { Origin: "https://evil.example" } });
  await assertRefusal(response, REFUSALS.no_authorization);
});

Deno.test("auth() reads an answer of Auth by its code, not by its text", async () => {
  const { options } = fakeAuth(() =>
    json(403, { code: 403, error_code: "session_not_found", msg: "this API key is gone" })
  );
  const response = await me(options).request("/", { headers: bearer(token()) });
  await assertRefusal(response, REFUSALS.session_not_found);
});

Deno.test("auth() keeps answers for one user out of caches, unless the handler says otherwise", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options))
    .get("/", (c) => c.text("in"))
    .get("/own", (c) => c.text("in", 200, { "Cache-Control": "private, max-age=60" }));
  const cached = async (path: string) =>
    (await app.request(path, { headers: bearer(token()) })).headers.get("Cache-Control");
  assertEquals([await cached("/"), await cached("/own")], [
    "private, no-store",
    "private, max-age=60",
  ]);
});

Deno.test("auth() answers auth_unavailable when upstream sends a code that only auth() has", async () => {
  for (
    const code of [
      "token_expired",
      "session_required",
      "invalid_authorization_header",
      "authentication_too_old",
      "insufficient_scope",
      "anonymous_not_allowed",
      "auth_unavailable",
      "auth_misconfigured",
      "internal_error",
      "not_found",
      "method_not_allowed",
    ]
  ) {
    const { options } = fakeAuth(() => refuses(403, code));
    const response = await me(options).request("/", { headers: bearer(token()) });
    await assertRefusal(response, REFUSALS.auth_unavailable);
  }
});

Deno.test("auth() does not admit a user whose ban cannot be read", async () => {
  for (const banned_until of ["infinity", "soon", {}, true]) {
    const { options } = fakeAuth(() => alive({ banned_until }));
    const response = await me(options).request("/", { headers: bearer(token()) });
    await assertRefusal(response, REFUSALS.auth_unavailable);
  }
  for (const banned_until of [null, "2020-01-01T00:00:00.123456789Z"]) {
    const { options } = fakeAuth(() => alive({ banned_until }));
    assertEquals((await me(options).request("/", { headers: bearer(token()) })).status, 200);
  }
});

Deno.test("auth() compares its clock with Auth's again when it has changed", async () => {
  using time = new FakeTime();
  let theirs = Date.now();
  const { options, calls } = fakeAuth(() => {
    const response = alive();
    response.headers.set("Date", new Date(theirs).toUTCString());
    return response;
  });
  const app = me(options);
  const jwt = token();
  assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 200);
  // The isolate is suspended, and wakes up with a clock five hours ahead.
  theirs += 1000;
  time.setDate(Date.now() + 5 * 3_600_000);
  assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 200);
  assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 200);
  assertEquals(calls.length, 3);
});
