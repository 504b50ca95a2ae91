// c.var.auth of callers that are no users, and what reading too much of it comes to.
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { type Context, Hono } from "hono";
import {
  type AllowMode,
  auth,
  type AuthOptions,
  edgeFunction,
  type EdgeFunctionOptions,
} from "../../../../shared/mod.ts";
import { getUserContext } from "../../../../shared/server/internal/context.ts";
import {
  alive,
  assertRefusal,
  bearer,
  environment,
  fakeAuth,
  json,
  logged,
  PUBLISHABLE,
  REFUSALS,
  SECRET,
  token,
} from "../../../support/server.ts";

const CRON = "sb_secret_cron_of_the_project";
const WEB = "sb_publishable_web_of_the_project";
const KEYS = {
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE, web: WEB }),
  SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET, cron: CRON }),
};
const EVERYBODY: AllowMode[] = ["user", "secret:*", "publishable:*", "none"];

function project(env: Record<string, string | undefined> = KEYS) {
  return fakeAuth(
    ({ url }) => url.includes("/auth/v1/") ? alive() : json(200, [{ id: 1 }]),
    environment(env),
  );
}

/** The API key and the bearer that a client's query was sent with. */
async function sentWith(
  headers: Record<string, string>,
  member: "supabase" | "supabaseAdmin",
  more: AuthOptions = {},
) {
  const { options, calls } = project();
  const check = auth({ ...options, allow: EVERYBODY, ...more });
  const app = new Hono().use(check).get("/", async (c) => {
    const caller = c.var.auth as unknown as Record<typeof member, typeof c.var.auth.supabase>;
    assertStrictEquals(caller[member], caller[member]);
    const { data } = await caller[member].from("todos").select();
    return c.json(data);
  });
  const response = await app.request("/", { headers });
  assertEquals([response.status, await response.json()], [200, [{ id: 1 }]]);
  const query = calls.find(({ url }) => url.includes("/rest/v1/"))!.headers;
  const bearerOf = query.get("authorization")?.replace("Bearer ", "") ?? null;
  return {
    apikey: query.get("apikey"),
    bearer: bearerOf === query.get("apikey") ? null : bearerOf,
  };
}

Deno.test("createContext() gives each kind a client that acts as the caller", async () => {
  const jwt = token();
  const clients = [
    [bearer(jwt), { apikey: PUBLISHABLE, bearer: jwt }],
    [{ apikey: CRON }, { apikey: CRON, bearer: null }],
    [{ apikey: WEB }, { apikey: WEB, bearer: null }],
    [{}, { apikey: PUBLISHABLE, bearer: null }],
  ] as const;
  for (const [headers, sent] of clients) {
    assertEquals(await sentWith(headers, "supabase"), sent);
  }
});

Deno.test("createContext() gives a machine supabaseAdmin with its own key, and the others the default one", async () => {
  assertEquals(await sentWith({ apikey: CRON }, "supabaseAdmin"), { apikey: CRON, bearer: null });
  for (const headers of [bearer(token()), { apikey: WEB }, {}] as Record<string, string>[]) {
    const sent = await sentWith(headers, "supabaseAdmin", { admin: true });
    assertEquals(sent, { apikey: SECRET, bearer: null });
  }
});

Deno.test("auth() answers auth_misconfigured when a route wants supabaseAdmin and there is no secret key", async () => {
  const { options, calls } = project({
    SUPABASE_SECRET_KEYS: undefined,
    SUPABASE_SERVICE_ROLE_KEY: undefined,
  });
  const app = new Hono().use(auth({ ...options, admin: true })).get("/", (c) => c.text("in"));
  const log = await logged(async () => {
    const response = await app.request("/", { headers: bearer(token()) });
    await assertRefusal(response, REFUSALS.auth_misconfigured);
  });
  assertMatch(log, /`admin: true`, but SUPABASE_SECRET_KEYS holds no key/);
  assertEquals(calls.length, 0);
});

Deno.test("createContext() takes the default secret key for supabaseAdmin, else a legacy one, else any", async () => {
  const cases = [
    [{ SUPABASE_SECRET_KEYS: '{"a":"sb_secret_a","default":"sb_secret_d"}' }, "sb_secret_d"],
    [
      { SUPABASE_SECRET_KEYS: '{"a":"sb_secret_a"}', SUPABASE_SECRET_KEY: "sb_secret_s" },
      "sb_secret_s",
    ],
    [
      { SUPABASE_SECRET_KEYS: '{"a":"sb_secret_a"}', SUPABASE_SERVICE_ROLE_KEY: undefined },
      "sb_secret_a",
    ],
  ] as const;
  for (const [env, key] of cases) {
    const { options, calls } = project(env);
    const app = new Hono().use(auth({ ...options, admin: true })).get("/", async (c) => {
      await c.var.auth.supabaseAdmin.from("todos").select();
      return c.text("");
    });
    await app.request("/", { headers: bearer(token()) });
    assertEquals(calls.at(-1)?.headers.get("apikey"), key);
  }
});

Deno.test("createContext() does not show a key when it is logged or serialized", async () => {
  const { options } = project();
  const check = auth({ ...options, allow: EVERYBODY, admin: true });
  const app = new Hono().use(check).get("/", (c) => {
    c.var.auth.supabase;
    const shown = [
      JSON.stringify(c.var.auth),
      Deno.inspect(c.var.auth, { depth: 20, showHidden: true }),
      Deno.inspect({ ...c.var.auth }, { depth: 20 }),
    ].join("\n");
    for (const key of [CRON, SECRET, WEB, PUBLISHABLE]) assert(!shown.includes(key), shown);
    return c.json(c.var.auth);
  });
  for (
    const [apikey, expected] of [
      [CRON, { kind: "secret", name: "cron" }],
      [WEB, { kind: "publishable", name: "web" }],
      ["", { kind: "none" }],
    ] as const
  ) {
    assertEquals(await (await app.request("/", { headers: { apikey } })).json(), expected);
  }
});

/** The log of an edge function whose handler reads a member that is not there. */
async function reading(
  member: string,
  headers: Record<string, string>,
  options: EdgeFunctionOptions,
  path = "/items/:id",
) {
  const { options: ours } = project();
  let isThrown = false;
  const app = edgeFunction("shop", { ...options, auth: { ...ours, ...options.auth } });
  app.get(path, (c: Context) => {
    try {
      return c.json(c.get("auth")[member] ?? null);
    } catch (error) {
      isThrown = true;
      throw error;
    }
  });
  let status = 0;
  const log = await logged(async () => {
    const response = await app.request("/shop/items/7", { headers });
    ({ status } = response);
    if (status === 500) {
      await assertRefusal(response, { ...REFUSALS.internal_error, replay: false });
    }
  });
  return { status, log, isThrown };
}

Deno.test("edgeFunction() answers 500 and logs one clear sentence when a public route reads c.var.auth", async () => {
  for (const member of ["user", "session", "token", "supabase", "supabaseAdmin", "kind", "name"]) {
    const { status, log, isThrown } = await reading(member, bearer(token()), {
      public: ["/items/*"],
    });
    assertEquals([status, isThrown], [500, true]);
    assertMatch(log, new RegExp(`c\\.var\\.auth\\.${member} was read on GET /shop/items/:id, `));
    assertMatch(
      log,
      member === "supabaseAdmin"
        ? /nobody was checked there: give the function `auth: \{ allow: \["none"\], admin: true \}`/
        : /which is public, so nobody was checked there: take the route out of `public`/,
    );
    assert(!log.includes("Cannot read properties"), log);
  }
});

Deno.test("createContext() throws one clear sentence when a member is read that the kind does not have", async () => {
  const cases: [string, Record<string, string>, AuthOptions, string][] = [
    ["user", { apikey: CRON }, {}, "secret"],
    ["session", { apikey: WEB }, {}, "publishable"],
    ["token", {}, {}, "none"],
    ["now", {}, {}, "none"],
    ["name", {}, {}, "none"],
    ["name", bearer(token()), {}, "user"],
    ["supabaseAdmin", bearer(token()), {}, "user"],
    ["supabaseAdmin", { apikey: WEB }, {}, "publishable"],
  ];
  for (const [member, headers, options, kind] of cases) {
    const { status, log } = await reading(member, headers, {
      auth: { allow: EVERYBODY, ...options },
    });
    assertEquals(status, 500);
    assertMatch(log, new RegExp(`c\\.var\\.auth\\.${member} was read on GET /shop/items/:id`));
    assert(log.includes(`for a caller of the kind "${kind}"`), log);
  }
});

Deno.test("createContext() supports `in`, by which TypeScript narrows, for the members that the kind has", async () => {
  const all = ["user", "claims", "session", "client", "now", "token", "name", "supabaseAdmin"];
  const membersFor = async (headers: Record<string, string>, admin: boolean, path = "/") => {
    const { options } = project();
    const app = edgeFunction("f", {
      auth: { ...options, allow: EVERYBODY, admin },
      public: ["/open"],
    });
    app.get(path, (c) => c.json(all.filter((member) => member in c.var.auth)));
    return await (await app.request(`/f${path}`, { headers })).json();
  };
  const user = ["user", "claims", "session", "client", "now", "token"];
  assertEquals(await membersFor(bearer(token()), false), user);
  assertEquals(await membersFor({ apikey: CRON }, false), ["name", "supabaseAdmin"]);
  assertEquals(await membersFor({ apikey: WEB }, false), ["name"]);
  assertEquals(await membersFor({}, false), []);
  assertEquals(await membersFor(bearer(token()), true), [...user, "supabaseAdmin"]);
  assertEquals(await membersFor({ apikey: WEB }, true), ["name", "supabaseAdmin"]);
  assertEquals(await membersFor({}, true), ["supabaseAdmin"]);
  assertEquals(await membersFor(bearer(token()), true, "/open"), []);
});

Deno.test("createContext() has no user for `in` when the caller is of another kind", async () => {
  const { options } = project();
  const app = edgeFunction("f", { auth: { ...options, allow: ["user", "none"] } });
  app.get("/", (c) => "user" in c.var.auth ? c.text("for members") : c.text("for all"));
  assertEquals(await (await app.request("/f")).text(), "for all");
  const admitted = await app.request("/f", { headers: bearer(token()) });
  assertEquals(await admitted.text(), "for members");
});

Deno.test("createContext() can be spread, compared and awaited on a public route", async () => {
  const { options } = project();
  const app = edgeFunction("shop", { auth: options, public: ["/open"] });
  app.get("/open", async (c) => {
    const { auth } = c.var;
    await auth;
    return c.json([{ ...auth }, JSON.stringify(auth), getUserContext(c) === undefined]);
  });
  assertEquals(await (await app.request("/shop/open")).json(), [{}, "{}", true]);
});

Deno.test("auth() checks a part of a public path, and its context takes the place of the missing one", async () => {
  const { options } = project();
  const app = edgeFunction("shop", { auth: options, public: ["/open/*"] });
  app.get("/open/mine", auth(options), (c) => c.text(c.var.auth.user.email!));
  const refused = await app.request("/shop/open/mine");
  await assertRefusal(refused, REFUSALS.no_authorization);
  const admitted = await app.request("/shop/open/mine", { headers: bearer(token()) });
  assertEquals(await admitted.text(), "ada@example.com");
});

Deno.test("getUserContext() knows the user of this request, and no other caller", async () => {
  const { options } = project();
  const seen: (string | undefined)[] = [];
  let kept: unknown;
  const app = new Hono().use(auth({ ...options, allow: EVERYBODY })).get("/", (c) => {
    seen.push(getUserContext(c)?.user.email);
    (c as unknown as Context).set("auth", kept ??= c.var.auth);
    seen.push(getUserContext(c)?.user.email);
    return c.text("");
  });
  await app.request("/", { headers: bearer(token()) });
  await app.request("/", { headers: bearer(token()) });
  await app.request("/", { headers: { apikey: CRON } });
  await app.request("/");
  const ada = "ada@example.com";
  assertEquals(seen, [ada, ada, ada, undefined, undefined, undefined, undefined, undefined]);
});

Deno.test("edgeFunction() keeps a handler's own 401 where nobody is signed in", async () => {
  const { HTTPException } = await import("hono/http-exception");
  const { options } = project();
  const app = edgeFunction("f", { auth: { ...options, allow: EVERYBODY } });
  app.get("/", () => {
    throw new HTTPException(401);
  });
  const statusOf = async (headers: Record<string, string>) =>
    (await app.request("/f", { headers })).status;
  assertEquals(await statusOf({}), 401);
  assertEquals(await statusOf({ apikey: WEB }), 401);
  assertEquals(await statusOf({ apikey: CRON }), 403);
  assertEquals(await statusOf(bearer(token())), 403);
});
