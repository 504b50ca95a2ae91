// The ten guarantees of SECURITY.md, each by its number: these tests fail when one is broken. The
// details of each are in tests/unit/server, and of guarantee 9 in tests/unit/browser.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Hono, type MiddlewareHandler } from "hono";
import { some } from "hono/combine";
import {
  auth,
  type AuthEnv,
  type AuthOptions,
  edgeFunction,
  guard,
  ProblemError,
  requireRole,
} from "../shared/mod.ts";
import { timestamp } from "../shared/server/core/timestamp.ts";
import { webhook } from "../shared/server/webhook.ts";
import { signWebhook } from "../shared/testing/mod.ts";
import {
  type CacheEntry,
  createTokenCache,
  VERIFIED_MAX_BYTES,
} from "../shared/server/core/token_cache.ts";
import {
  alive,
  ANON,
  assertRefusal,
  bearer,
  deferred,
  environment,
  fakeAuth,
  FakeTime,
  inFakeTime,
  json,
  logged,
  newSigningKey,
  now,
  PUBLISHABLE,
  REFUSALS,
  refuses,
  SECRET,
  SERVICE_ROLE,
  settle,
  token,
  UPSTREAM_TEXT,
  USER_ID,
} from "./support/server.ts";
import { accessClaims } from "./support/tokens.ts";

/** A plain app behind `auth()` that counts how often its handler ran. */
function guarded(options: AuthOptions & { allowSessionless?: false }) {
  let ran = 0;
  const app = new Hono<AuthEnv>().use(auth(options))
    .all("/", (c) => c.text(`${c.var.auth.user.id} ${++ran}`));
  const ask = (headers: HeadersInit = {}) => Promise.resolve(app.request("/", { headers }));
  return { ask, ran: () => ran };
}

Deno.test("guarantee 1: auth() admits nobody when Auth refuses a token that looks valid", async () => {
  const { options, calls } = fakeAuth(() => refuses(403, "session_not_found"));
  const { ask, ran } = guarded(options);
  await assertRefusal(await ask(bearer(token())), REFUSALS.session_not_found);
  assertEquals([calls.length, ran()], [1, 0]);
});

Deno.test("guarantee 1: auth() admits nobody for a verified signature when Auth refuses", async () => {
  const { jwk, sign } = await newSigningKey("ES256");
  const genuine = await sign(accessClaims());
  const env = environment({ SUPABASE_JWKS: JSON.stringify({ keys: [jwk] }) });
  const { options, calls } = fakeAuth(() => refuses(403, "session_not_found"), env);
  const { ask } = guarded(options);
  await assertRefusal(await ask(bearer(genuine)), REFUSALS.session_not_found);
  assertEquals(calls.length, 1);
  // The same key, another signature: Auth decides, and admits nobody either.
  const forged = genuine.replace(/[^.]*$/, "A".repeat(86));
  await assertRefusal(await ask(bearer(forged)), REFUSALS.session_not_found);
});

Deno.test("guarantee 2: auth() admits from an answer for n seconds after its check began when freshness is n", async () => {
  using time = new FakeTime();
  const gate = deferred<Response>();
  const { options, calls } = fakeAuth((_, call) => call === 1 ? gate.promise : alive());
  const { ask } = guarded({ ...options, freshness: 10 });
  const headers = bearer(token());
  const first = ask(headers);
  await settle();
  time.tick(2_000); // Auth takes two seconds: the answer is as old as the request for it
  gate.resolve(alive());
  assertEquals((await first).status, 200);
  time.tick(8_000);
  assertEquals((await ask(headers)).status, 200);
  assertEquals(calls.length, 1);
  time.tick(1);
  assertEquals((await ask(headers)).status, 200);
  assertEquals(calls.length, 2);
});

Deno.test("guarantee 2: auth() asks Auth again when a token of a cached answer has expired", async () => {
  using time = new FakeTime();
  const { options, calls } = fakeAuth();
  const { ask } = guarded({ ...options, freshness: 60 });
  const headers = bearer(token({ exp: now() + 5 }));
  await ask(headers);
  time.tick(4_000);
  await ask(headers);
  assertEquals(calls.length, 1);
  time.tick(1_000);
  await ask(headers);
  assertEquals(calls.length, 2);
});

Deno.test("guarantee 1: auth() admits nobody as a user when an API key is sent", async () => {
  const { options, calls } = fakeAuth();
  const { ask, ran } = guarded(options);
  await logged(async () => {
    for (const key of [PUBLISHABLE, ANON, "sb_publishable_other"]) {
      await assertRefusal(await ask(bearer(key)), REFUSALS.no_authorization);
    }
    for (const key of [SECRET, SERVICE_ROLE, "sb_secret_other"]) {
      await assertRefusal(await ask(bearer(key)), REFUSALS.bad_jwt);
    }
    await assertRefusal(await ask({ apikey: SECRET }), REFUSALS.no_authorization);
  });
  assertEquals([calls.length, ran()], [0, 0]);
});

Deno.test("guarantee 1: auth() admits a key as its own kind only, and never as a user", async () => {
  const keys = [[SECRET, "secret"], [SERVICE_ROLE, "secret"], [PUBLISHABLE, "publishable"], [
    ANON,
    "publishable",
  ]] as const;
  const modes = ["user", "secret", "publishable"] as const;
  await logged(async () => {
    for (const [key, kind] of keys) {
      for (const mode of modes) {
        const { options, calls } = fakeAuth();
        const app = new Hono().use(auth({ ...options, allow: [mode] }))
          .get("/", (c) => c.text(c.var.auth.kind));
        for (const headers of [{ apikey: key }, { ...bearer(key), apikey: key }]) {
          const response = await app.request("/", { headers });
          if (mode === kind) assertEquals(await response.text(), kind);
          else assert([401, 403].includes(response.status));
        }
        assertEquals(calls.length, 0);
      }
    }
  });
});

Deno.test("guarantee 1: auth() admits no token of an OAuth client as the user unless the route names it", async () => {
  const { options, calls } = fakeAuth();
  const headers = bearer(token({ client_id: "app-1" }));
  for (const oauthClients of [undefined, [], ["app-2"]]) {
    const { ask, ran } = guarded({ ...options, oauthClients });
    await assertRefusal(await ask(headers), REFUSALS.oauth_client_not_allowed);
    assertEquals([ran(), calls.length], [0, 0]);
  }
  const { ask } = guarded({ ...options, oauthClients: ["app-1"] });
  assertEquals((await ask(headers)).status, 200);
  assertEquals(calls.length, 1); // Auth decides about it as about any other
});

Deno.test("guarantee 1: webhook() admits only signed requests, and auth() admits no signature", async () => {
  const { options, calls } = fakeAuth();
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  let ran = 0;
  const app = new Hono<AuthEnv>()
    .post("/signed", webhook({ secret }), (c) => c.text(`${c.get("auth") === undefined} ${++ran}`))
    .post("/guarded", auth(options), (c) => c.text(`${++ran}`));
  const send = (path: string, headers: HeadersInit) =>
    Promise.resolve(app.request(path, { method: "POST", headers }));
  await logged(async () => {
    for (const headers of [bearer(token()), bearer(SECRET), { apikey: SECRET }]) {
      await assertRefusal(await send("/signed", headers), REFUSALS.webhook_signature_missing);
    }
  });
  const { headers } = await signWebhook("/guarded", { secret });
  await assertRefusal(await send("/guarded", headers), REFUSALS.no_authorization);
  assertEquals([calls.length, ran], [0, 0]);
  // Who has signed is no user, whatever token is beside it.
  const signed = await signWebhook("/signed", { secret, headers: bearer(token()) });
  assertEquals(await (await app.fetch(signed)).text(), "true 1");
  assertEquals(calls.length, 0);
});

Deno.test("guarantee 2: auth() admits no request that arrives after a sign-out when a check is under way", async () => {
  let alone = true;
  const gates: PromiseWithResolvers<Response>[] = [];
  const { options } = fakeAuth(() => {
    if (!alone) return refuses(403, "session_not_found");
    gates.push(deferred<Response>());
    return gates.at(-1)!.promise;
  });
  const { ask } = guarded(options);
  const headers = bearer(token());
  const before = ask(headers);
  await settle();
  alone = false; // the sign-out returns while that check is under way
  const after = ask(headers);
  await settle();
  gates[0]!.resolve(alive());
  assertEquals((await before).status, 200);
  await assertRefusal(await after, REFUSALS.session_not_found);
});

Deno.test("guarantee 2: auth() asks Auth for every request when freshness is not set", async () => {
  let dead = false;
  for (const freshness of [undefined, "strict"] as const) {
    dead = false;
    const { options, calls } = fakeAuth(() => dead ? refuses(403, "session_not_found") : alive());
    const { ask } = guarded({ ...options, freshness });
    const headers = bearer(token());
    for (let n = 1; n <= 3; n++) {
      assertEquals([(await ask(headers)).status, calls.length], [200, n]);
    }
    dead = true;
    await assertRefusal(await ask(headers), REFUSALS.session_not_found);
  }
});

Deno.test("guarantee 2: auth() asks Auth again when the same Request object is sent again", async () => {
  let dead = false;
  const { options } = fakeAuth(() => dead ? refuses(403, "session_not_found") : alive());
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  const request = new Request("http://localhost/", { headers: bearer(token()) });
  assertEquals((await app.fetch(request)).status, 200);
  dead = true;
  await assertRefusal(await app.fetch(request), REFUSALS.session_not_found);
});

Deno.test("guarantee 3: auth() answers 503 or 429 with Retry-After when the call to Auth fails", async () => {
  const faults: [() => Response | Promise<Response>, keyof typeof REFUSALS][] = [
    [() => Promise.reject(new TypeError("down")), "auth_unavailable"],
    [() => new Response("<html>", { status: 502 }), "auth_unavailable"],
    [() => new Response("nope", { status: 403 }), "auth_unavailable"],
    [() => refuses(500, "session_not_found"), "auth_unavailable"],
    [() => json(401, { error: "unauthorized" }), "auth_unavailable"],
    [() => refuses(401, "no_authorization"), "auth_unavailable"],
    [() => Response.redirect("https://evil.example/"), "auth_unavailable"],
    [() => json(200, { id: USER_ID, pad: "x".repeat(2 * 1024 * 1024) }), "user_too_large"],
    [() => json(200, "{}"), "auth_unavailable"],
    [() => new Response("slow", { status: 429 }), "over_request_rate_limit"],
    [() => refuses(429, "session_not_found"), "over_request_rate_limit"],
  ];
  for (const [fault, code] of faults) {
    const { options } = fakeAuth(fault);
    const { ask, ran } = guarded(options);
    await logged(async () => {
      await assertRefusal(await ask(bearer(token())), REFUSALS[code]);
    });
    assertEquals(ran(), 0);
  }
});

Deno.test("guarantee 2: recheck() admits no stream after a sign-out, whatever the freshness", async () => {
  for (const freshness of ["strict", 60] as const) {
    let isAlive = true;
    const { options } = fakeAuth(() => isAlive ? alive() : refuses(403, "session_not_found"));
    const app = new Hono<AuthEnv>().use(auth({ ...options, freshness })).get("/", async (c) => {
      isAlive = false;
      return c.json(await c.var.auth.recheck());
    });
    const result = await (await app.request("/", { headers: bearer(token()) })).json();
    assertEquals([result.outcome, result.problem.code], ["refused", "session_not_found"]);
  }
});

Deno.test("guarantee 3: recheck() ends no stream as signed out when the call to Auth fails", async () => {
  const faults = [
    () => refuses(500, "unexpected_failure"),
    () => refuses(429, "over_request_rate_limit"),
    () => json(200, {}),
    () => json(401, { message: "Invalid API key" }),
    () => Promise.reject(new TypeError("network")),
  ];
  for (const fault of faults) {
    const { options } = fakeAuth((_, call) => call === 1 ? alive() : fault());
    const app = new Hono<AuthEnv>().use(auth(options))
      .get("/", async (c) => c.json(await c.var.auth.recheck()));
    await logged(async () => {
      const { outcome, problem } = await (await app.request("/", { headers: bearer(token()) }))
        .json();
      assertEquals(outcome, "unknown", problem?.code);
    });
  }
});

Deno.test("guarantee 3: auth() admits again when Auth is back", async () => {
  const { options } = fakeAuth((_, call) => call <= 2 ? new Response("", { status: 503 }) : alive() // a call is tried once more
  );
  const { ask } = guarded({ ...options, freshness: 60 });
  const headers = bearer(token());
  await assertRefusal(await ask(headers), REFUSALS.auth_unavailable);
  assertEquals((await ask(headers)).status, 200);
});

Deno.test("guarantee 4: auth() refuses an unusable credential when the request holds another one", async () => {
  const { options } = fakeAuth();
  const { ask } = guarded(options);
  const good = token();
  const others = {
    apikey: good,
    Cookie: `sb-access-token=${good}`,
    "X-Authorization": `Bearer ${good}`,
  };
  const cases = [
    ["Bearer", "invalid_authorization_header"],
    [`Bearer  ${good}`, "invalid_authorization_header"],
    [`Bearer ${good}, Bearer ${good}`, "invalid_authorization_header"],
    [`Basic x, Bearer ${good}`, "invalid_authorization_header"],
    [`Bearer ${PUBLISHABLE}, Bearer ${good}`, "invalid_authorization_header"],
    ["Bearer garbage", "bad_jwt"],
    [`Bearer ${token({ sub: undefined })}`, "bad_jwt"],
    [`Bearer ${token({ session_id: undefined })}`, "session_required"],
  ] as const;
  for (const [Authorization, code] of cases) {
    await assertRefusal(await ask({ ...others, Authorization }), REFUSALS[code]);
  }
  await assertRefusal(await ask(others), REFUSALS.no_authorization);
});

Deno.test("guarantee 4: auth() uses neither token when a WebSocket has one in a header and one in a subprotocol", async () => {
  const { options, calls } = fakeAuth();
  const { ask, ran } = guarded({ ...options, webSocketToken: true });
  for (
    const Authorization of [`Bearer ${token()}`, "Bearer a.b.c", `Bearer ${ANON}`, "Basic eA=="]
  ) {
    const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": `x, jwt-${token()}` };
    const response = await ask({ ...headers, Authorization });
    assertEquals((await response.json()).code, "invalid_authorization_header");
  }
  assertEquals([calls.length, ran()], [0, 0]);
});

Deno.test("guarantee 4: auth() answers no_authorization only when the bearer equals a public key", async () => {
  const { options } = fakeAuth();
  const { ask } = guarded(options);
  await assertRefusal(await ask(bearer(PUBLISHABLE)), REFUSALS.no_authorization);
  await assertRefusal(await ask(bearer(ANON)), REFUSALS.no_authorization);
  const foreign = token({ sub: undefined, role: "anon" });
  await assertRefusal(await ask(bearer(foreign)), REFUSALS.bad_jwt);
});

Deno.test("guarantee 4: auth() never treats an unusable credential as a key or as none, whatever a route allows", async () => {
  const { options } = fakeAuth(() => refuses(403, "session_not_found"));
  const allow = ["user", "secret:*", "publishable:*", "none"] as const;
  const app = new Hono().use(auth({ ...options, allow })).get("/", (c) => c.text(c.var.auth.kind));
  const bearers = [
    [`Bearer ${token()}`, "session_not_found"],
    ["Bearer x", "bad_jwt"],
    ["Bearer", "invalid_authorization_header"],
    [`Bearer ${token({ client_id: "app-1" })}`, "oauth_client_not_allowed"],
    [`Bearer ${SECRET}x`, "invalid_api_key"],
  ] as const;
  await logged(async () => {
    for (const [Authorization, code] of bearers) {
      for (const apikey of [SECRET, SERVICE_ROLE, PUBLISHABLE, ANON, ""]) {
        const response = await app.request("/", { headers: { Authorization, apikey } });
        await assertRefusal(response, REFUSALS[code]);
      }
    }
    for (const apikey of ["sb_secret_other", "sb_publishable_other", token(), `${SECRET}, x`]) {
      const response = await app.request("/", { headers: { apikey } });
      await assertRefusal(response, REFUSALS.invalid_api_key);
    }
  });
});

Deno.test("guarantee 5: edgeFunction() answers every failure in the one shape, with all its headers", async () => {
  const { options } = fakeAuth(() => alive());
  const app = edgeFunction("f", { auth: options, public: ["/open"] });
  app.get("/crash", () => {
    throw new Error(UPSTREAM_TEXT);
  });
  app.get("/plain", () => {
    throw { code: "42501", message: UPSTREAM_TEXT, details: null, hint: null };
  });
  app.get("/problem", () => {
    throw new ProblemError("conflict");
  });
  const handler = { replay: false };
  const headers = bearer(token());
  const ask = (path: string, init: RequestInit = { headers }) => app.request(`/f${path}`, init);
  await logged(async () => {
    await assertRefusal(await ask("/crash", {}), REFUSALS.no_authorization);
    await assertRefusal(await ask("/nowhere", {}), REFUSALS.no_authorization);
    await assertRefusal(await ask("/crash"), { ...REFUSALS.internal_error, ...handler });
    await assertRefusal(await ask("/plain"), {
      status: 403,
      code: "insufficient_scope",
      action: "none",
      ...handler,
    });
    await assertRefusal(await ask("/problem"), {
      status: 409,
      code: "conflict",
      action: "retry",
      retry_after: true,
      ...handler,
    });
    await assertRefusal(await ask("/nowhere"), {
      status: 404,
      code: "not_found",
      action: "fix_request",
      ...handler,
    });
    await assertRefusal(await ask("/crash", { method: "POST", headers }), {
      status: 405,
      code: "method_not_allowed",
      action: "fix_request",
      ...handler,
    });
    await assertRefusal(await app.request("/elsewhere"), {
      status: 404,
      code: "not_found",
      action: "fix_request",
      ...handler,
    });
  });
});

Deno.test("guarantee 5: edgeFunction() takes over a request id only when it is short and plain", async () => {
  const { options } = fakeAuth();
  const { ask } = guarded(options);
  const id = async (inbound: string) => {
    const response = await ask({ "X-Request-Id": inbound });
    return (await assertRefusal(response, REFUSALS.no_authorization)).request_id;
  };
  assertEquals(await id("Good-1_2.3"), "Good-1_2.3");
  for (const bad of ["a b", "x".repeat(65), "<script>", "a,b"]) {
    assertMatch(await id(bad), /^[0-9a-f-]{36}$/);
  }
});

Deno.test("guarantee 6: auth() admits only when Auth answers 200 with the JSON of the token's user, who is not banned", async () => {
  const text = JSON.stringify({ id: USER_ID });
  const notAdmitted: [() => Response, keyof typeof REFUSALS][] = [
    [() => alive({ id: "" }), "auth_unavailable"],
    [() => alive({ id: undefined }), "auth_unavailable"],
    [() => alive({ id: USER_ID.replace("1", "2") }), "auth_unavailable"],
    [() => json(200, { user: { id: USER_ID } }), "auth_unavailable"],
    [() => json(201, text), "auth_unavailable"],
    [() => new Response(text), "auth_unavailable"],
    [() => new Response(text, { headers: { "Content-Type": "text/html" } }), "auth_unavailable"],
    [() => alive({ banned_until: "2999-01-01T00:00:00Z" }), "user_banned"],
    [() => alive({ banned_until: "infinity" }), "auth_unavailable"],
  ];
  for (const [answer, code] of notAdmitted) {
    const { options } = fakeAuth(answer);
    const { ask, ran } = guarded(options);
    await assertRefusal(await ask(bearer(token())), REFUSALS[code]);
    assertEquals(ran(), 0);
  }
});

Deno.test("guarantee 6: auth() does not follow a redirect when Auth's origin answers with one", async () => {
  const evil = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => alive());
  const real = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => Response.redirect(`http://127.0.0.1:${evil.addr.port}/auth/v1/user`),
  );
  try {
    const env = environment({ SUPABASE_URL: `http://127.0.0.1:${real.addr.port}` });
    const { ask, ran } = guarded({ env });
    await assertRefusal(await ask(bearer(token())), REFUSALS.auth_unavailable);
    assertEquals(ran(), 0);
  } finally {
    await Promise.all([evil.shutdown(), real.shutdown()]);
  }
});

Deno.test("guarantee 7: auth() refuses also within onError, some() and sub-apps, for HEAD and OPTIONS", async () => {
  const { options } = fakeAuth(() => refuses(403, "session_not_found"));
  let ran = 0;
  const careless = () =>
    new Hono().onError((_, c) => c.text("careless")).notFound((c) => c.text("careless"));
  const handler = () => new Response(`ran ${++ran}`);
  const apps = [
    careless().use(auth(options)).all("/", handler),
    careless().use(some(auth(options), (_c, next) => next())).all("/", handler),
    careless().route("/", careless().use(auth(options)).all("/", handler)),
    careless().use(async (c, next) => {
      c.res = new Response("early");
      await next();
    }).use(auth(options)).all("/", handler),
  ];
  for (const app of apps) {
    for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
      const preflight = { Origin: "https://a.example", "Access-Control-Request-Method": "GET" };
      for (const headers of [{}, bearer(token()), preflight]) {
        const response = await app.request("/", { method, headers });
        assertEquals(response.status, 401);
        await response.body?.cancel();
      }
    }
  }
  assertEquals(ran, 0);
});

Deno.test("guarantee 7: a guard refuses also within onError, some() and sub-apps, and when its test throws", async () => {
  const { options } = fakeAuth();
  let ran = 0;
  const handler = () => new Response(`ran ${++ran}`);
  const pass: MiddlewareHandler = (_c, next) => next();
  const careless = () => new Hono<AuthEnv>().onError((_, c) => c.text("careless"));
  const throwing = guard("throwing", () => Promise.reject(new Error("broken")));
  await logged(async () => {
    for (const one of [requireRole("admin"), guard("no", () => false), throwing]) {
      const apps = [
        careless().use(auth(options)).use(one).all("/", handler),
        careless().use(auth(options)).use(some(one, pass)).all("/", handler),
        careless().use(auth(options)).route("/", careless().use(one).all("/", handler)),
        careless().use(one).use(auth(options)).all("/", handler),
      ];
      for (const app of apps) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          const response = await app.request("/", { method, headers: bearer(token()) });
          assert(response.status === 403 || response.status === 500, String(response.status));
          await response.body?.cancel();
        }
      }
    }
  });
  assertEquals(ran, 0);
});

Deno.test("guarantee 7: edgeFunction() opens only its public routes, for every method", async () => {
  const { options, calls } = fakeAuth();
  const app = edgeFunction("f", { auth: options, public: ["/open"] });
  let ran = 0;
  app.all("*", (c) => c.text(`ran ${++ran}`));
  for (const path of ["/f", "/f/x", "/f/open/x", "/f/open/../x", "/f/opened", "/f/Open"]) {
    for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PURGE"]) {
      const response = await app.request(path, { method });
      assertEquals([path, method, response.status], [path, method, 401]);
      await response.body?.cancel();
    }
  }
  assertEquals([ran, calls.length], [0, 0]);
  assertEquals(await (await app.request("/f/open")).text(), "ran 1");
});

Deno.test("guarantee 7: auth() is as strict as the stricter one when two checks meet on a path", async () => {
  const { options } = fakeAuth();
  const lax = auth({ ...options, allowSessionless: true });
  const strict = auth(options);
  const sessionless = bearer(token({ session_id: undefined }));
  const apps = [
    new Hono().use(lax).use(strict).get("/", (c) => c.text("in")),
    new Hono().use(strict).use(lax).get("/", (c) => c.text("in")),
  ];
  for (const app of apps) {
    const response = await app.request("/", { headers: sessionless });
    await assertRefusal(response, REFUSALS.session_required);
  }

  let dead = false;
  const other = fakeAuth(() => dead ? refuses(403, "session_not_found") : alive());
  const fresh = new Hono().use(auth({ ...other.options, freshness: 60 }))
    .use("/strict", auth(other.options)).get("/*", (c) => c.text("in"));
  const headers = bearer(token());
  assertEquals((await fresh.request("/", { headers })).status, 200);
  dead = true;
  await assertRefusal(await fresh.request("/strict", { headers }), REFUSALS.session_not_found);
});

Deno.test("guarantee 8: edgeFunction() leaks no token, key, address or upstream text", async () => {
  const jwt = token({ email: "ada@example.com" });
  const answers = [
    () => refuses(403, "session_not_found"),
    () => refuses(403, "brand_new_code"),
    () => json(401, { message: `Invalid API key ${UPSTREAM_TEXT}` }),
    () => json(401, { code: "no_authorization", message: UPSTREAM_TEXT }),
    () => new Response(UPSTREAM_TEXT, { status: 500 }),
    () => json(403, { code: UPSTREAM_TEXT, message: UPSTREAM_TEXT }),
    () => Promise.reject(new Error(`${UPSTREAM_TEXT} ${jwt}`)),
  ];
  const log = await logged(async () => {
    for (const answer of answers) {
      const { options } = fakeAuth(answer);
      const seen: string[] = [];
      const { ask } = guarded({
        ...options,
        onDecision: (decision) => seen.push(JSON.stringify(decision)),
      });
      const response = await ask(bearer(jwt));
      const out = await response.text() + JSON.stringify([...response.headers]) + seen.join();
      for (const secret of ["UPSTREAM", "@", "eyJ", PUBLISHABLE, USER_ID]) {
        assert(!out.includes(secret), out);
      }
    }
    const app = edgeFunction("f", { public: ["/"] });
    app.get("/", () => {
      throw new Error(`${UPSTREAM_TEXT}\n    at ${jwt} (file:///x:1:1)`);
    });
    await app.request("/f");
  });
  // A developer sees what was thrown, without what looks like a secret.
  for (const secret of ["@", "eyJ", PUBLISHABLE]) {
    assert(!log.includes(secret), log);
  }
});

Deno.test("guarantee 8: createTokenCache() is bounded in bytes", () => {
  const cache = createTokenCache();
  const beganAt = timestamp();
  const size = 64 * 1024;
  const most = VERIFIED_MAX_BYTES / size;
  let users = 0;
  const filled = (bytes: number, verdict: { ok: boolean }) => {
    const claims = { sub: `user${users++}`, text: "x".repeat(bytes) };
    const entry = { header: {}, claims, session: null, beganAt, verdict, isVerified: verdict.ok };
    return entry as unknown as CacheEntry;
  };
  const living = { ok: true, user: { id: USER_ID } };
  const gone = { ok: false, code: "session_not_found" };
  for (const [kind, verdict] of [["live", living], ["dead", gone]] as const) {
    for (let n = 0; n < 2 * most; n++) cache.set(`${kind}${n}`, filled(size, verdict));
    const kept = Array.from({ length: 2 * most }, (_, n) => cache.get(`${kind}${n}`))
      .filter(Boolean).length;
    assert(kept > 0 && kept <= most, `${kept} of ${kind}`);
    assert(cache.get(`${kind}${2 * most - 1}`));
  }
  // Dead ones do not evict live ones, and one that is too large evicts none.
  assert(cache.get(`live${2 * most - 1}`));
  cache.set("huge", filled(VERIFIED_MAX_BYTES, living));
  assertEquals(cache.get("huge"), undefined);
  assert(cache.get(`live${2 * most - 1}`));
});

/** The status of a request, and how long it took in fake time. */
interface Seen {
  readonly status: number;
  readonly ms: number;
}

/** A function in front of an Auth that takes 200 ms and knows `living`. */
function slowAuth(living: ReadonlySet<string>) {
  const { options, calls } = fakeAuth(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const jwt = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    return living.has(jwt) ? alive() : refuses(403, "bad_jwt");
  });
  const { ask } = guarded(options);
  return {
    calls,
    async ask(jwt: string, seen: Seen[] = []) {
      const began = Date.now();
      const { status } = await ask(bearer(jwt));
      seen.push({ status, ms: Date.now() - began });
    },
  };
}

const tokens = (count: number, kind: string) =>
  Array.from({ length: count }, (_, n) => token({ sub: USER_ID, kind, n }));

Deno.test("guarantee 8: auth() lets no new and no known user wait when one expired or forged token arrives", () =>
  inFakeTime(async (time) => {
    const [known, newUsers] = [tokens(200, "known"), tokens(250, "new")];
    const forged = token({ kind: "forged" });
    const expired = token({ kind: "expired", exp: now() - 86_400 });
    for (const bad of [forged, expired]) {
      const large = Array.from(
        { length: 70 },
        (_, n) => token({ sub: "eve", n, m: Array(3900).fill([]) }),
      );
      const { ask } = slowAuth(new Set([...known, ...newUsers, ...large]));
      for (const jwt of [...known, ...large]) void ask(jwt);
      await time.tickAsync(300);
      void ask(bad);
      await time.tickAsync(300);
      const seen: Seen[] = [];
      for (const jwt of [...known, ...newUsers]) void ask(jwt, seen);
      await time.tickAsync(400);
      assertEquals(seen.length, 450);
      for (const { status, ms } of seen) assert(status === 200 && ms <= 300, `${status} ${ms}`);
    }
  }));

Deno.test("guarantee 8: auth() admits known users at once and 95 % of new users when 500 forged HS256 tokens per second arrive", () =>
  inFakeTime(async (time) => {
    const [known, newUsers] = [tokens(100, "known"), tokens(100, "new")];
    const { ask } = slowAuth(new Set([...known, ...newUsers]));
    for (const jwt of known) void ask(jwt);
    await time.tickAsync(300);
    const ofKnown: Seen[] = [], ofNewUsers: Seen[] = [];
    let forged = 0;
    for (let step = 0; step < 500; step++) { // 5 s
      for (let n = 0; n < 5; n++) void ask(token({ kind: "forged", n: forged++ }));
      if (step >= 100 && step % 4 === 0) {
        void ask(known[step / 4 - 25]!, ofKnown);
        void ask(newUsers[step / 4 - 25]!, ofNewUsers);
      }
      await time.tickAsync(10);
    }
    await time.tickAsync(1500);
    for (const { status, ms } of ofKnown) assert(status === 200 && ms <= 210, `${status} ${ms}`);
    const admitted = ofNewUsers.filter(({ status }) => status === 200);
    assert(admitted.length >= 95, `${admitted.length} of 100`);
    for (const { status, ms } of ofNewUsers) {
      assert(status === 200 || status === 503 && ms <= 1000, `${status} ${ms}`);
    }
  }));

Deno.test("guarantee 8: auth() lets no new user wait when ended sessions are refused", async () => {
  const hung = deferred<Response>();
  const dead = token({ n: "dead" });
  const { options, calls } = fakeAuth((request) =>
    request.headers.get("authorization") === `Bearer ${dead}`
      ? refuses(403, "session_not_found")
      : hung.promise
  );
  const { ask } = guarded(options);
  assertEquals((await ask(bearer(dead))).status, 401);
  const strangers = Array.from({ length: 30 }, (_, n) => ask(bearer(token({ n }))));
  await settle();
  assertEquals(calls.length, 1 + 30);
  hung.resolve(alive());
  await Promise.all(strangers);
});

Deno.test("guarantee 9: auth() answers sign_in only when Auth said so about this very token", async () => {
  const answers: [string, () => Response][] = [
    ["session_not_found", () => refuses(403, "session_not_found")],
    ["user_not_found", () => refuses(403, "user_not_found")],
  ];
  for (const [code, answer] of answers) {
    const { ask } = guarded(fakeAuth(answer).options);
    const body = await (await ask(bearer(token()))).json();
    assertEquals([body.code, body.action], [code, "sign_in"]);
  }
  const others: (() => Response | Promise<Response>)[] = [
    () => refuses(403, "bad_jwt"),
    () => refuses(403, "brand_new_code"),
    () => refuses(403, "user_banned"),
    () => refuses(500, "session_not_found"),
    () => refuses(429, "session_not_found"),
    () => new Response("", { status: 401 }),
    () => json(401, { message: "Invalid API key" }),
    () => Promise.reject(new Error("down")),
  ];
  for (const answer of others) {
    const { ask } = guarded(fakeAuth(answer).options);
    await logged(async () => {
      assert((await (await ask(bearer(token()))).json()).action !== "sign_in");
    });
  }
  const { ask } = guarded(fakeAuth().options);
  for (const jwt of [token({ exp: now() - 3600 }), "garbage", token({ session_id: undefined })]) {
    const response = await ask(bearer(jwt));
    if (response.status !== 200) assert((await response.json()).action !== "sign_in");
  }
});

Deno.test("guarantee 5: edgeFunction() answers replay only when the handler never ran", async () => {
  const { options } = fakeAuth((request) =>
    request.headers.get("authorization")?.includes(dead) ? refuses(403, "bad_jwt") : alive()
  );
  const dead = token({ n: "dead" });
  const app = edgeFunction("f", { auth: options });
  const codes = ["session_not_found", "bad_jwt", "insufficient_aal", "auth_unavailable"] as const;
  for (const code of codes) {
    app.get(`/${code}`, () => {
      throw new ProblemError(code);
    });
  }
  for (const path of [...codes, "nowhere"]) {
    const { replay, action } = await (await app.request(`/f/${path}`, { headers: bearer(token()) }))
      .json();
    assert(!replay && !["sign_in", "refresh", "step_up"].includes(action));
  }
  const refused = await (await app.request("/f/x", { headers: bearer(dead) })).json();
  assertEquals(refused.replay, true);
});

Deno.test("guarantee 10: the functions import supabase-js, hono and zod only, and standardwebhooks with webhook()", async () => {
  const root = new URL("../", import.meta.url);
  const entries = [
    "shared/mod.ts",
    ...[...Deno.readDirSync(new URL("functions/", root))].map(({ name }) =>
      `functions/${name}/index.ts`
    ),
  ];
  for (const entry of entries) {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", entry],
      cwd: root,
      stderr: "null",
    }).output();
    assert(success);
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { specifier: string; kind: string; npmPackage?: string; error?: string }[];
    };
    const outside = new Set<string>();
    for (const { specifier, kind, npmPackage, error } of modules) {
      assertEquals([specifier, error], [specifier, undefined]);
      if (kind === "esm") {
        const path = specifier.slice(root.href.length);
        assert(/^(?:shared\/(?:mod\.ts|server\/|problems\/)|functions\/)/.test(path), path);
      } else outside.add((npmPackage ?? specifier).replace(/_.*/, ""));
    }
    const { imports } = JSON.parse(Deno.readTextFileSync(new URL("import_map.json", root))) as {
      imports: Record<string, string>;
    };
    const pinned = (name: string) => imports[name]?.replace(/^npm:/, "") ?? name;
    const usesWebhooks = modules.some(({ specifier }) => specifier.endsWith("/server/webhook.ts"));
    assert(!(usesWebhooks && entry === "shared/mod.ts"), "mod.ts pulls in an optional entry");
    const optional = usesWebhooks ? ["standardwebhooks"] : [];
    const allowed = ["@supabase/supabase-js", "hono", "zod", ...optional].map(pinned);
    for (const one of outside) assert(allowed.includes(one), `${entry} imports ${one}`);
  }
});
