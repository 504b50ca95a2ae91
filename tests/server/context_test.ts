import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { auth, type AuthEnv, edgeFunction } from "../../shared/mod.ts";
import { callerOf } from "../../shared/server/context.ts";
import { Hono } from "hono";
import { alive, bearer, fakeAuth, json, token } from "./_support.ts";

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

Deno.test("callerOf() knows a context of ours, and takes nothing else for one", async () => {
  const { options } = fakeAuth();
  const jwt = token();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => {
    assertEquals(callerOf(c.var.auth)?.token, jwt);
    for (
      const other of [undefined, null, "auth", {}, { ...c.var.auth }, Object.create(c.var.auth)]
    ) {
      assertEquals(callerOf(other), undefined);
    }
    return c.text("in");
  });
  assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 200);
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
