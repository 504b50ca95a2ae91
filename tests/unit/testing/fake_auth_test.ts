import { assert, assertEquals, assertRejects } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { edgeFunction } from "../../../shared/mod.ts";
import { fakeAuth, FakeTime, FAULTS, TOKEN_STATES } from "../../../shared/testing/mod.ts";

/** A function that says who calls. */
function functionOf(auth: ReturnType<typeof fakeAuth>) {
  const app = edgeFunction("f", { auth: auth.options });
  app.all("/", (c) => c.json({ id: c.var.auth.user.id }));
  return app;
}

Deno.test("fakeAuth() takes a function through every state of a token", async () => {
  const expected = {
    alive: [200, undefined],
    expired: [401, "token_expired"],
    forged: [401, "bad_jwt"],
    not_a_jwt: [401, "bad_jwt"],
    no_session: [401, "session_required"],
    signed_out: [401, "session_not_found"],
    user_deleted: [401, "user_not_found"],
    user_banned: [403, "user_banned"],
    anon_key: [401, "no_authorization"],
    publishable_key: [401, "no_authorization"],
  };
  const auth = fakeAuth();
  const app = functionOf(auth);
  for (const state of TOKEN_STATES) {
    const headers = { Authorization: `Bearer ${auth.token(state)}` };
    const response = await app.request("/f", { headers });
    assertEquals([response.status, (await response.json()).code], expected[state], state);
  }
});

Deno.test("fakeAuth() takes a function through every fault, and nobody is signed out", async () => {
  for (const fault of FAULTS) {
    using time = new FakeTime();
    const auth = fakeAuth();
    const app = functionOf(auth);
    const ada = auth.signIn();
    auth.fault = fault;
    const answer = Promise.resolve(app.fetch(ada.request("/f")));
    await time.tickAsync(10_000);
    const response = await answer;
    assertEquals(response.status, fault === "rate_limited" ? 429 : 503, fault);
    assertEquals((await response.json()).action, "retry");

    auth.fault = null;
    await time.tickAsync(60_000);
    assertEquals((await app.fetch(ada.request("/f"))).status, 200, fault);
  }
});

Deno.test("fakeAuth() answers after delayMs, or not at all when the caller gave up", async () => {
  using time = new FakeTime();
  const auth = fakeAuth();
  const app = functionOf(auth);
  auth.delayMs = 2_000;
  let status = 0;
  const answer = Promise.resolve(app.fetch(auth.signIn().request("/f")))
    .then((response) => status = response.status);
  await time.tickAsync(1_999);
  assertEquals(status, 0);
  await time.tickAsync(1);
  assertEquals(await answer, 200);

  auth.delayMs = 20_000;
  const late = Promise.resolve(app.fetch(auth.signIn().request("/f")));
  await time.tickAsync(5_000);
  assertEquals((await late).status, 503);
});

Deno.test("fakeAuth() keeps devices, users and bans apart", async () => {
  using time = new FakeTime();
  const auth = fakeAuth();
  const app = functionOf(auth);
  const phone = auth.signIn();
  const laptop = phone.signIn();
  const other = auth.signIn();
  const status = async (caller: typeof phone) => (await app.fetch(caller.request("/f"))).status;
  phone.signOut();
  assertEquals([await status(phone), await status(laptop), await status(other)], [401, 200, 200]);
  laptop.ban();
  assertEquals([await status(laptop), await status(other)], [403, 200]);
  laptop.ban(false);
  time.tick(5_000); // for so long a function remembers a refusal
  assertEquals(await status(laptop), 200);
  laptop.deleteUser();
  assertEquals([await status(laptop), await status(other)], [401, 200]);
});

Deno.test("fakeAuth() ends sessions by POST /logout, as far as its scope goes", async () => {
  const auth = fakeAuth();
  const post = (caller: { headers: HeadersInit }, scope: string) =>
    auth.options.fetch(`${auth.url}/auth/v1/logout?scope=${scope}`, {
      method: "POST",
      headers: caller.headers,
    });
  const alive = async (caller: { headers: HeadersInit }) =>
    (await auth.options.fetch(`${auth.url}/auth/v1/user`, { headers: caller.headers })).ok;
  const [a, b] = [auth.signIn(), auth.signIn()];
  const c = a.signIn();
  await post(a, "others");
  assertEquals([await alive(a), await alive(b), await alive(c)], [true, true, false]);
  const d = a.signIn();
  await post(a, "local");
  assertEquals([await alive(a), await alive(d)], [false, true]);
  await post(d, "global");
  assertEquals([await alive(d), await alive(b)], [false, true]);
});

Deno.test("fakeAuth() keeps what was sent, and lets the test answer it", async () => {
  const auth = fakeAuth();
  auth.onRequest((request) =>
    request.url.includes("/rest/v1/") ? Response.json([{ id: 1 }]) : undefined
  );
  const app = edgeFunction("f", { auth: auth.options });
  app.post("/", async (c) => c.json((await c.var.auth.supabase.from("todos").select()).data));
  const ada = auth.signIn();
  const response = await app.fetch(ada.request("/f", { method: "POST", body: { a: 1 } }));
  assertEquals(await response.json(), [{ id: 1 }]);
  const [check, rows] = auth.calls;
  assertEquals([check?.path, auth.checks.length], ["/auth/v1/user", 1]);
  assertEquals([rows?.method, rows?.path], ["GET", "/rest/v1/todos?select=*"]);
  assertEquals(rows?.headers.get("authorization"), ada.headers.Authorization);
});

Deno.test("fakeAuth() names a call that nothing answers", async () => {
  const auth = fakeAuth();
  await assertRejects(
    () => auth.options.fetch(`${auth.url}/rest/v1/todos`),
    Error,
    "nothing answers GET /rest/v1/todos. Answer it with onRequest()",
  );
  await assertRejects(() => auth.options.fetch("https://other.example/x"), Error, "other.example");
});

Deno.test("install() replaces fetch and the environment until it is restored", async () => {
  const before = { fetch: globalThis.fetch, url: Deno.env.get("SUPABASE_URL") };
  {
    using auth = fakeAuth({ env: { APP_ORIGINS: "https://app.example" } }).install();
    assertEquals(Deno.env.get("APP_ORIGINS"), "https://app.example");
    assertEquals(Deno.env.toObject().SUPABASE_URL, auth.url);
    assertEquals(Deno.env.has("SUPABASE_JWKS"), false);
    assert(Deno.env.toObject().PATH !== undefined);
    assertEquals((await fetch(`${auth.url}/auth/v1/health`)).status, 200);
  }
  assertEquals({ fetch: globalThis.fetch, url: Deno.env.get("SUPABASE_URL") }, before);
  assertEquals(Deno.env.get("APP_ORIGINS"), undefined);
});

Deno.test("install() gives each test an Auth of its own, whatever the one before it went through", async () => {
  const app = edgeFunction("f");
  app.get("/", (c) => c.json({ app: Deno.env.get("APP") }));
  for (const APP of ["a", "b"]) {
    using time = new FakeTime();
    using auth = fakeAuth({ env: { APP } }).install();
    const answer = await app.fetch(auth.signIn().request("/f"));
    assertEquals([answer.status, await answer.json()], [200, { app: APP }]);
    auth.fault = "network";
    const faults = Array.from({ length: 8 }, () => app.fetch(auth.signIn().request("/f")));
    await time.tickAsync(10_000);
    for (const fault of await Promise.all(faults)) assertEquals(fault.status, 503);
  }
});

Deno.test("request() sends objects as JSON and everything else as it is", async () => {
  const ada = fakeAuth().signIn();
  const sent = (body: unknown) => ada.request("/f", { method: "POST", body });
  assertEquals(await sent({ a: 1 }).json(), { a: 1 });
  assertEquals(sent([1]).headers.get("content-type"), "application/json");
  assertEquals(await sent("text").text(), "text");
  assertEquals(
    sent(new URLSearchParams({ a: "1" })).headers.get("content-type"),
    "application/x-www-form-urlencoded;charset=UTF-8",
  );
  const own = ada.request("/f", { headers: { Authorization: "Basic x" } });
  assertEquals(own.headers.get("authorization"), "Basic x");
});

Deno.test("fakeAuth() serves a client of supabase-js, which refreshes and is signed out", async () => {
  using time = new FakeTime();
  const auth = fakeAuth();
  const ada = auth.signIn();
  const supabase = createClient(auth.url, "sb_publishable_test", {
    auth: { autoRefreshToken: false, persistSession: false, skipAutoInitialize: true },
    global: { fetch: auth.options.fetch },
  });
  const { access_token, refresh_token } = ada.session;
  const { error } = await supabase.auth.setSession({ access_token, refresh_token });
  assertEquals(error, null);
  time.tick(1000); // a token of the same second would be the same
  const refreshed = await supabase.auth.refreshSession();
  assert(refreshed.data.session?.access_token !== access_token);
  assertEquals((await supabase.auth.getUser()).data.user?.id, ada.user.id);
  ada.signOut();
  assertEquals((await supabase.auth.refreshSession()).error?.code, "refresh_token_not_found");
});
