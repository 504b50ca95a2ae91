import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { auth, type AuthEnv, edgeFunction } from "../../../../shared/mod.ts";
import { getAdmission } from "../../../../shared/server/internal/context.ts";
import { Hono } from "hono";
import {
  alive,
  bearer,
  fakeAuth,
  inFakeTime,
  json,
  logged,
  refuses,
  token,
  USER_ID,
} from "../../../support/server.ts";

Deno.test("createContext() gives a client that acts as the user, with the project's key", async () => {
  const { options, calls } = fakeAuth((request) =>
    request.url.includes("/rest/") ? json(200, [{ id: 1 }]) : alive()
  );
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", async (c) => {
    const { data } = await c.var.auth.supabase.from("todos").select();
    return c.json(data);
  });
  const jwt = token();
  assertEquals(await (await app.request("/", { headers: bearer(jwt) })).json(), [{ id: 1 }]);
  const rest = calls[1];
  assert(rest);
  assertEquals(rest.url, "https://project.example/rest/v1/todos?select=*");
  assertEquals(rest.headers.get("authorization"), `Bearer ${jwt}`);
  assertEquals(rest.headers.get("apikey"), "sb_publishable_test");
});

Deno.test("createContext() builds the client when it is first touched, and once", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    assertStrictEquals(c.var.auth.supabase, c.var.auth.supabase);
    return c.text("in");
  });
  assertEquals((await app.request("/", { headers: bearer(token()) })).status, 200);
  assertEquals(calls.length, 1);
});

Deno.test("createContext() keeps two callers' clients apart", async () => {
  const { options, calls } = fakeAuth((request) =>
    request.url.includes("/rest/") ? json(200, []) : alive()
  );
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", async (c) => {
    await c.var.auth.supabase.from("todos").select();
    return c.text("in");
  });
  const tokens = [1, 2, 3, 4].map((n) => token({ n }));
  await Promise.all(tokens.map((jwt) => app.request("/", { headers: bearer(jwt) })));
  const rest = calls.filter(({ url }) => url.includes("/rest/"));
  const senders = rest.map(({ headers }) => headers.get("authorization"));
  assertEquals(senders.toSorted(), tokens.map((jwt) => `Bearer ${jwt}`).toSorted());
});

Deno.test("createContext() does not show the token to whoever logs or serialises it", async () => {
  const { options } = fakeAuth();
  const jwt = token();
  const app = edgeFunction("f", { auth: options });
  app.get("/", (c) => {
    const shown = [
      JSON.stringify(c.var.auth),
      Deno.inspect(c.var.auth, { depth: 20 }),
      JSON.stringify({ ...c.var.auth }),
      Deno.inspect({ ...c.var.auth }, { depth: 20 }),
    ].join("\n");
    assertEquals([shown.includes(jwt), c.var.auth.token], [false, jwt]);
    const { session, user, claims } = JSON.parse(JSON.stringify(c.var.auth));
    return c.json({ session: session.id, user: user.id, claims: claims.sub });
  });
  assertEquals((await app.request("/f", { headers: bearer(jwt) })).status, 200);
});

Deno.test("createContext() shares nothing that one request could change for the next", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth({ ...options, freshness: 60 })).get("/", (c) => {
    const { user, claims, session } = c.var.auth;
    const seen = [user.app_metadata?.["role"], claims["role"], session.aal];
    for (
      const [object, key] of [[user, "app_metadata"], [claims, "role"], [session, "aal"]] as const
    ) {
      try {
        (object as unknown as Record<string, unknown>)[key] = { role: "admin" };
      } catch (error) {
        assert(error instanceof TypeError); // frozen
      }
    }
    return c.json(seen);
  });
  const headers = bearer(token());
  for (let n = 0; n < 3; n++) {
    assertEquals(await (await app.request("/", { headers })).json(), [
      null,
      "authenticated",
      "aal1",
    ]);
  }
});

Deno.test("getAdmission() knows a context of ours, and takes nothing else for one", async () => {
  const { options } = fakeAuth();
  const jwt = token();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    const admission = getAdmission(c.var.auth, c);
    assertEquals(admission?.kind === "user" && admission.token, jwt);
    for (
      const other of [undefined, null, "auth", {}, { ...c.var.auth }, Object.create(c.var.auth)]
    ) {
      assertEquals(getAdmission(other, c), undefined);
    }
    return c.text("in");
  });
  assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 200);
});

Deno.test("createContext() shares no part of a strict request's session with the next one", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    const { claims, session, user } = c.var.auth;
    for (const part of [claims, claims.amr, session, session.amr, session.amr[0], user]) {
      assert(Object.isFrozen(part));
    }
    return c.text("in");
  });
  for (let n = 0; n < 2; n++) {
    assertEquals((await app.request("/", { headers: bearer(token()) })).status, 200);
  }
});

Deno.test("auth() behind an auth() that answered from memory asks if it is strict, and once", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>()
    .use(auth({ ...options, freshness: 60 }))
    .use("/strict", auth(options), auth(options))
    .get("/", (c) => c.text("in"))
    .get("/strict", (c) => c.text("in"));
  const headers = bearer(token());
  await app.request("/", { headers });
  assertEquals(calls.length, 1);
  const response = await app.request("/strict", { headers });
  assertEquals([response.status, calls.length], [200, 2]);
});

Deno.test("auth() three times on a path makes one call, also out of a shared check", async () => {
  const { options, calls } = fakeAuth();
  const fresh = auth({ ...options, freshness: 60 });
  const app = new Hono<AuthEnv>()
    .get("/warm", fresh, (c) => c.text("in"))
    .get("/", auth(options), fresh, auth(options), (c) => c.text("in"));
  const headers = bearer(token());
  await app.request("/warm", { headers });
  await Promise.all([1, 2, 3].map(() => app.request("/", { headers })));
  assertEquals(calls.length, 2);
});

Deno.test("auth() again on a path asks about another token, whoever put it there", async () => {
  const dead = token({ n: "dead" });
  const { options, calls } = fakeAuth((request) =>
    request.headers.get("authorization") === `Bearer ${dead}`
      ? refuses(403, "session_not_found")
      : alive()
  );
  const app = new Hono<AuthEnv>()
    .use(auth(options))
    .use(async (c, next) => {
      c.req.raw = new Request(c.req.raw, { headers: bearer(dead) });
      await next();
    })
    .use(auth(options))
    .get("/", (c) => c.text("in"));
  const response = await app.request("/", { headers: bearer(token()) });
  assertEquals([response.status, calls.length], [401, 2]);
});

Deno.test("auth() takes no context of an earlier request for an answer about this one", async () => {
  let alive_ = true;
  const { options } = fakeAuth(() => alive_ ? alive() : refuses(403, "session_not_found"));
  let kept: AuthEnv["Variables"]["auth"] | undefined;
  const app = new Hono<AuthEnv>()
    .use(async (c, next) => {
      if (kept !== undefined) c.set("auth", kept);
      await next();
      kept = c.var.auth;
    })
    .use(auth(options))
    .get("/", (c) => c.text("in"));
  const headers = bearer(token());
  assertEquals((await app.request("/", { headers })).status, 200);
  alive_ = false;
  assertEquals((await app.request("/", { headers })).status, 401);
});

Deno.test("auth() again on a path goes by its own skew", async () => {
  const ahead = () => ({ Date: new Date(Date.now() + 100_000).toUTCString() });
  const { options } = fakeAuth(() => json(200, { id: USER_ID }, ahead()));
  const app = new Hono<AuthEnv>()
    .use(auth({ ...options, skew: 300 }))
    .get("/lax", (c) => c.json(c.var.auth.now))
    .get("/", auth(options), (c) => c.json(c.var.auth.now));
  const now = async (path: string) =>
    await (await app.request(path, { headers: bearer(token()) })).json() as number;
  assert(Math.abs(await now("/lax") - Date.now() / 1000) < 30);
  assert(await now("/") - Date.now() / 1000 > 70);
});

Deno.test("auth() takes the time of Auth only, not of a page on the way to it", async () => {
  const hourAgo = { Date: new Date(Date.now() - 3_600_000).toUTCString() };
  const answers = [
    () => new Response("<html>", { status: 503, headers: { ...hourAgo, "Retry-After": "1" } }),
    () => new Response("<html>", { status: 200, headers: hourAgo }),
    () => json(200, {}, hourAgo),
    () => json(200, { id: USER_ID }, { ...hourAgo, Age: "3600" }), // Auth's own, an hour ago
    () => alive(),
  ];
  const { options } = fakeAuth((_, call) => answers[call - 1]!());
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.json(c.var.auth.now));
  const ask = () => app.request("/", { headers: bearer(token()) });
  await logged(async () => {
    for (let n = 0; n < 4; n++) assertEquals((await ask()).status, 503);
  });
  const now = await (await ask()).json() as number;
  assert(Math.abs(now - Date.now() / 1000) < 30, `${now}`);
});

Deno.test("auth() keeps the answer for a strict route where another route is not strict", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>()
    .get("/fresh", auth({ ...options, freshness: 60 }), (c) => c.text("in"))
    .get("/strict", auth(options), (c) => c.text("in"));
  const ask = async (path: string, n: number) => {
    assertEquals((await app.request(path, { headers: bearer(token({ n })) })).status, 200);
    return calls.length;
  };
  assertEquals(await ask("/fresh", 1), 1);
  assertEquals(await ask("/strict", 2), 2);
  assertEquals(await ask("/fresh", 2), 2); // profits from the check of the strict route
  assertEquals(await ask("/strict", 2), 3);
});

Deno.test("auth() asks again on a context that has lived for more than a second", () =>
  inFakeTime(async (time) => {
    let isAlive = true;
    const { options, calls } = fakeAuth(() =>
      isAlive ? alive() : refuses(403, "session_not_found")
    );
    const check = auth(options);
    const seen: unknown[] = [];
    const app = new Hono<AuthEnv>().use(check).get("/", async (c) => {
      const again = async () => {
        const refusal = await check(c, () => Promise.resolve());
        return refusal === undefined ? "in" : (await refusal.json()).code;
      };
      seen.push(await again());
      time.tick(1001); // a stream that stays open
      seen.push(await again());
      isAlive = false;
      time.tick(1001);
      seen.push(await again());
      return c.text("");
    });
    await app.request("/", { headers: bearer(token()) });
    assertEquals([seen, calls.length], [["in", "in", "session_not_found"], 3]);
  }));
