import { assert, assertEquals } from "@std/assert";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every, except, some } from "hono/combine";
import {
  auth,
  body,
  type Decision,
  edgeFunction,
  forbidAnonymous,
  type Guard,
  guard,
  requireAal,
  requireClaim,
  requireConfirmedEmail,
  requireRecentAuth,
  requireRole,
} from "../../../../shared/mod.ts";
import { z } from "zod";
import {
  alive,
  assertRefusal,
  bearer,
  fakeAuth,
  logged,
  PUBLISHABLE,
  REFUSALS,
  SECRET,
  token,
  USER_ID,
} from "../../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../../support/guards.ts";

/** Each guard, with a caller whom it refuses and the code it says. */
const GUARDS: readonly {
  readonly guard: Guard;
  readonly name: string;
  readonly refused: { readonly user?: object; readonly claims?: object };
  readonly code: keyof typeof GUARD_REFUSALS;
}[] = [
  {
    guard: requireAal("aal2"),
    name: "requireAal()",
    refused: { claims: { aal: "aal1" } },
    code: "insufficient_aal",
  },
  {
    guard: requireRecentAuth(300),
    name: "requireRecentAuth()",
    refused: { claims: { amr: [{ method: "password", timestamp: 1 }] } },
    code: "authentication_too_old",
  },
  {
    guard: requireRole("admin"),
    name: "requireRole()",
    refused: { user: { app_metadata: { role: "user" } } },
    code: "insufficient_scope",
  },
  {
    guard: requireClaim("plan", (plan) => plan === "pro"),
    name: "requireClaim()",
    refused: { claims: { plan: "free" } },
    code: "insufficient_scope",
  },
  {
    guard: forbidAnonymous(),
    name: "forbidAnonymous()",
    refused: { user: { is_anonymous: true } },
    code: "anonymous_not_allowed",
  },
  {
    guard: requireConfirmedEmail(),
    name: "requireConfirmedEmail()",
    refused: { user: { email_confirmed_at: null } },
    code: "email_not_confirmed",
  },
  {
    guard: guard("active", (auth) => auth.user.app_metadata.active !== false),
    name: 'guard("active")',
    refused: { user: { app_metadata: { role: "admin", active: false } } },
    code: "insufficient_scope",
  },
];

/** A caller whom every guard lets through. */
const GOOD = {
  user: {
    email_confirmed_at: "2026-11-01T08:00:00Z",
    app_metadata: { role: "admin" },
    is_anonymous: false,
    factors: [{ id: "f", status: "verified", factor_type: "totp" }],
  },
  claims: { aal: "aal2", plan: "pro" },
};

const ALL = GUARDS.map(({ guard }) => guard);

Deno.test("every guard lets a caller through who meets all of them, alone and together", async () => {
  for (const guards of [...ALL, ALL]) {
    assertEquals((await askGuards(guards, GOOD)).status, 200);
  }
});

Deno.test("guards can be in any order: the first that refuses answers", async () => {
  // Every order of two, with every pair of callers; and every rotation of all.
  for (const first of GUARDS) {
    const caller = {
      user: { ...GOOD.user, ...first.refused.user },
      claims: { ...GOOD.claims, ...first.refused.claims },
    };
    const others = ALL.filter((guard) => guard !== first.guard);
    const orders = others.flatMap((other) => [[first.guard, other], [other, first.guard]]);
    for (let i = 0; i <= others.length; i++) orders.push(others.toSpliced(i, 0, first.guard));
    for (const order of orders) {
      await assertRefusal(await askGuards(order, caller), GUARD_REFUSALS[first.code]);
    }
    for (const second of GUARDS) {
      if (second === first || second.name === 'guard("active")' && first.name === "requireRole()") {
        continue;
      }
      const both = {
        user: { ...caller.user, ...second.refused.user },
        claims: { ...caller.claims, ...second.refused.claims },
      };
      const { code } = await (await askGuards([first.guard, second.guard], both)).json();
      assertEquals([first.name, second.name, code], [first.name, second.name, first.code]);
    }
  }
});

/** Apps in which no auth() admitted the request before the guard. */
function unguarded(guard: Guard): [app: { request: Hono["request"] }, line: string][] {
  const { options } = fakeAuth();
  const middleware = guard as MiddlewareHandler;
  const handler = (c: Context) => c.text("in");
  const faked = {
    user: { id: USER_ID, ...GOOD.user },
    claims: GOOD.claims,
    session: { id: "x", aal: "aal2", amr: [{ method: "totp", timestamp: Date.now() / 1000 }] },
    now: Date.now() / 1000,
    token: "x",
    kind: "user",
  };
  const set = (value: unknown): MiddlewareHandler => async (c, next) => {
    c.set("auth", value);
    await next();
  };
  const open = edgeFunction("f", { auth: options, public: ["/"] });
  open.get("/", middleware, handler);
  let stolen: unknown;
  const thief = new Hono<{ Variables: { auth: unknown } }>()
    .get("/steal", auth(options) as MiddlewareHandler, (c) => {
      stolen = c.get("auth");
      return c.text("stolen");
    })
    .get(
      "/f",
      (c, next) => {
        c.set("auth", stolen);
        return next();
      },
      middleware,
      handler,
    );
  const mounted = new Hono().get("/*", middleware, handler);
  const outer = new Hono().use(auth(options)).mount("/f", mounted.fetch);
  return [
    [new Hono().get("/f", middleware, handler), "no auth() at all"],
    [new Hono().get("/f", middleware, auth(options), handler), "before auth()"],
    [open, "a public route"],
    [new Hono().use(set(faked)).get("/f", middleware, handler), "a context that a handler wrote"],
    [
      new Hono().use(auth(options)).use(set({ ...faked })).get("/f", middleware, handler),
      "a context that was replaced",
    ],
    [
      new Hono().use(auth(options)).use(set(undefined)).get("/f", middleware, handler),
      "a context that was removed",
    ],
    [
      new Hono().use(auth(options)).use((c, next) => {
        c.set("auth" as never, Object.create(c.get("auth" as never) as object) as never);
        return next();
      }).get("/f", middleware, handler),
      "an object that inherits from the context",
    ],
    [thief as unknown as Hono, "the context of another request"],
    [outer, "an app that is mounted, which gets a request of its own"],
  ];
}

Deno.test("every guard is auth_misconfigured, with one line, where auth() has not admitted this very request", async () => {
  for (const { guard, name } of GUARDS) {
    const lines = await logged(async () => {
      for (const [app, where] of unguarded(guard)) {
        const headers = bearer(token(GOOD.claims));
        await (await app.request("/steal", { headers })).body?.cancel();
        const response = await app.request("/f", { headers });
        const problem = await assertRefusal(response, REFUSALS.auth_misconfigured);
        assertEquals([where, problem.status], [where, 500]);
      }
    });
    assertEquals(lines.split("\n"), [
      `edge-auth: ${name} ran where auth() has admitted nobody: put it behind auth(), and not on a ` +
      "public route.",
    ]);
  }
});

Deno.test("every guard refuses callers of another kind: a machine, and a caller who is not signed in", async () => {
  let ran = 0;
  for (const { guard } of GUARDS) {
    const { options, calls } = fakeAuth();
    const allow = ["user", "secret:*", "publishable", "none"] as const;
    const app = edgeFunction("f", { auth: { ...options, allow } });
    app.get("/", guard, (c) => c.text(`ran ${++ran}`));
    const ask = async (headers: Record<string, string>) => await app.request("/f", { headers });
    for (const headers of [{ apikey: SECRET }, { apikey: SECRET, ...bearer(SECRET) }]) {
      await assertRefusal(await ask(headers), {
        status: 403,
        code: "api_key_not_allowed",
        action: "none",
      });
    }
    for (const headers of [{ apikey: PUBLISHABLE }, {} as Record<string, string>]) {
      await assertRefusal(await ask(headers), REFUSALS.no_authorization);
    }
    assertEquals(calls.length, 0);
  }
  assertEquals(ran, 0);
});

Deno.test("every guard is auth_misconfigured, with one line, on a route that admits no user, where no sign-in helps", async () => {
  for (const { guard, name } of GUARDS) {
    const middleware = guard as MiddlewareHandler;
    const lines = await logged(async () => {
      for (const allow of [["none"], ["publishable", "none"], ["secret"]] as const) {
        const { options, calls } = fakeAuth();
        const app = edgeFunction("f", { auth: options, paths: { "/*": { allow } } });
        app.get("/", middleware as never, (c) => c.text("in"));
        const headers: Record<string, string> = allow[0] === "secret" ? { apikey: SECRET } : {};
        await assertRefusal(await app.request("/f", { headers }), REFUSALS.auth_misconfigured);
        assertEquals(calls.length, 0);
      }
    });
    assertEquals(lines.split("\n"), [
      `edge-auth: ${name} ran on a route whose \`allow\` has no "user", so it refuses everybody: ` +
      'add "user" to it, or take the guard away.',
    ]);
  }
});

Deno.test("every guard reports its refusal to onDecision once, after the admission, and nothing of the user", async () => {
  for (const { guard, name, refused, code } of GUARDS) {
    const seen: Decision[] = [];
    const user = { ...GOOD.user, ...refused.user };
    const { options } = fakeAuth(() => alive(user));
    const app = edgeFunction("f", {
      auth: { ...options, onDecision: (decision) => seen.push(decision) },
    });
    app.get("/", guard, ...ALL, (c) => c.text("in"));
    const jwt = token({ ...GOOD.claims, ...refused.claims });
    await assertRefusal(await app.request("/f", { headers: bearer(jwt) }), GUARD_REFUSALS[code]);
    const [admitted, reported] = seen;
    assertEquals([seen.length, admitted?.outcome, admitted?.guard], [2, "admitted", null]);
    const { ms = NaN, request_id, ...rest } = reported!;
    assertEquals([ms >= 0, request_id], [true, admitted?.request_id]);
    assertEquals(rest, {
      outcome: "refused",
      code,
      source: "guard",
      guard: name.replace("()", ""),
      kind: null,
      key_name: null,
      client_id: null,
      recheck: false,
      upstream_calls: 0,
    });
    assert(!JSON.stringify(seen).includes(USER_ID));
  }
});

Deno.test("a guard lets users through where other kinds are admitted as well", async () => {
  const { options } = fakeAuth(() => alive({ app_metadata: { role: "admin" } }));
  const app = edgeFunction("f", { auth: { ...options, allow: ["user", "secret", "none"] } });
  app.get("/", requireRole("admin"), (c) => c.text(c.var.auth.kind));
  const response = await app.request("/f", { headers: bearer(token()) });
  assertEquals([response.status, await response.text()], [200, "user"]);
});

Deno.test("no combination of middleware in Hono turns a guard's refusal into an admission", async () => {
  let ran = 0;
  const handler = () => new Response(`ran ${++ran}`);
  const pass: MiddlewareHandler = (_c, next) => next();
  const careless = () =>
    new Hono().onError((_, c) => c.text("careless")).notFound((c) => c.text("careless"));
  const failing = guard("failing", () => Promise.reject(new Error("broken")));
  await logged(async () => {
    for (
      const { guard, refused, name } of [...GUARDS, {
        guard: failing,
        refused: {},
        name: "failing",
      }]
    ) {
      const { options } = fakeAuth(() => alive({ ...GOOD.user, ...refused.user }));
      const middleware = guard as MiddlewareHandler;
      const sub = careless().use(middleware).all("/", handler);
      const apps = [
        careless().use(auth(options)).use(middleware).all("/", handler),
        careless().use(auth(options)).use("/*", middleware).use(pass).all("/", handler),
        careless().use(auth(options), middleware).all("/", handler),
        careless().use(auth(options)).use(some(middleware, pass)).all("/", handler),
        careless().use(auth(options)).use(some(every(pass, middleware), pass)).all("/", handler),
        careless().use(every(auth(options), middleware)).all("/", handler),
        careless().use(every(auth(options), some(middleware, pass), pass)).all("/", handler),
        careless().use(auth(options)).use(except("/never", middleware)).all("/", handler),
        careless().use(auth(options)).route("/", sub),
        careless().route("/", careless().use(auth(options)).route("/", sub)),
        careless().use(auth(options)).use(async (c, next) => {
          c.res = new Response("early");
          await next();
        }).use(middleware).all("/", handler),
        careless().use(async (_c, next) => {
          await next().catch(() => {});
        }).use(auth(options)).all("/", middleware, handler),
      ];
      for (const [i, app] of apps.entries()) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          const headers = bearer(token({ ...GOOD.claims, ...refused.claims }));
          const response = await app.request("/", { method, headers });
          assert(response.status >= 401, `${name} ${i} ${method}: ${response.status}`);
          await response.body?.cancel();
        }
      }
    }
  });
  assertEquals(ran, 0);
});

Deno.test("a guard runs once per request, and lets the handler's answer through as it is", async () => {
  let asked = 0;
  const once = guard("once", () => {
    asked++;
    return true;
  });
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: options });
  app.get("/", once, (c) => c.json({ id: c.var.auth.user.id }, 201, { "X-Own": "1" }));
  const response = await app.request("/f", { headers: bearer(token()) });
  assertEquals([response.status, response.headers.get("X-Own")], [201, "1"]);
  assertEquals([await response.json(), asked], [{ id: USER_ID }, 1]);
});

Deno.test("a guard compiles where a route admits users, and nowhere else", () => {
  const never = (): void => {
    const one = requireRole("admin");
    const app = edgeFunction("f");
    app.use(one);
    app.use("/x/*", auth(), one, requireAal("aal2"));
    app.get("/a/:id", one, body(z.object({ a: z.string() })), (c) => {
      const id: string = c.var.auth.user.id + c.req.param("id") + c.req.valid("json").a;
      return c.text(id);
    });
    app.on(["GET", "POST"], "/a", one, one, (c) => c.text(c.var.auth.user.id));
    edgeFunction("f", { auth: { allowSessionless: true } }).use(one);
    new Hono().use(auth()).use(one).get("/", one, (c) => c.text(c.var.auth.user.id));
    new Hono().use(auth(), one).get("/", (c) => c.text(c.var.auth.user.id));
    new Hono().use(every(auth(), one));
    const list: MiddlewareHandler[] = [auth(), one];
    app.use(...list);

    // @ts-expect-error -- nobody is checked here
    new Hono().use(one);
    // @ts-expect-error -- nobody is checked here
    new Hono().use("/x", one);
    // @ts-expect-error -- nobody is checked here
    new Hono().get("/", one, (c) => c.text("in"));
    // @ts-expect-error -- nobody is checked here
    new Hono().on("GET", "/", one, (c) => c.text("in"));
    // @ts-expect-error -- only something else is known here
    new Hono<{ Variables: { other: string } }>().use(one);
    // @ts-expect-error -- another `auth`
    new Hono<{ Variables: { auth: string } }>().use(one);
    for (const allow of [["user", "secret"], ["user", "none"]] as const) {
      edgeFunction("f", { auth: { allow } }).get("/", one, (c) => c.text(c.var.auth.kind));
      new Hono().use(auth({ allow })).use(one);
    }
    edgeFunction("f", { auth: { allow: ["user"], admin: true } }).use(one);
    edgeFunction("f", {}).get("/", auth(), one, (c) => c.text(c.var.auth.user.id));
    new Hono().get("/", auth(), one, requireAal("aal2"), (c) => c.text(c.var.auth.user.id));
    const options = { freshness: 5, allow: ["user"] } as const;
    new Hono().get("/", auth(options), one, (c) => c.text(c.var.auth.user.id));
    new Hono().get("/", auth<never>(), one, (c) => c.text(c.var.auth.user.id));
    // @ts-expect-error -- a key is no user
    edgeFunction("f", { auth: { allow: ["secret"] } }).use(one);
    // @ts-expect-error -- a key is no user
    edgeFunction("f", { auth: { allow: ["secret:cron"] } }).post("/", one, (c) => c.text("in"));
    // @ts-expect-error -- nobody is a user here
    edgeFunction("f", { auth: { allow: ["publishable", "none"] } }).use("/x", one);
    // @ts-expect-error -- a key is no user
    new Hono().use(auth({ allow: ["secret"] })).use(one);

    requireRole("a", "b", { path: ["app_metadata", "x", "y"] });
    // @ts-expect-error -- no role
    requireRole();
    // @ts-expect-error -- no role
    requireRole({ path: ["role"] });
    // @ts-expect-error -- users write it themselves
    requireRole("a", { path: ["user_metadata", "role"] });
    // @ts-expect-error -- the whole of it is no role
    requireRole("a", { path: ["app_metadata"] });
    // @ts-expect-error -- an option that there is not
    requireRole("a", { paths: ["role"] });
    // @ts-expect-error -- no path
    requireClaim([], () => true);
    // @ts-expect-error -- a test answers true or false
    requireClaim("plan", (plan) => plan);
    // @ts-expect-error -- a test answers true or false
    guard("member", async (auth) => (await auth.supabase.from("members").select()).data?.length);
    // @ts-expect-error -- a test answers true or false
    guard("member", (auth) => auth.user.email);
    // @ts-expect-error -- with allowSessionless there may be no session
    guard("member", (auth) => auth.session.aal === "aal2");
  };
  assert(never);
});
