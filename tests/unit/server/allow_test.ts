// Who is admitted as what: each list of modes with each combination of credentials.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createClient as newest } from "@supabase/supabase-js";
import { createClient as older } from "@supabase/supabase-js-2.109";
import fc from "fast-check";
import { Hono } from "hono";
import {
  type AllowMode,
  auth,
  type AuthContext,
  type AuthEnv,
  type AuthOptions,
  type CallerKind,
  type Decision,
  edgeFunction,
  type Session,
} from "../../../shared/mod.ts";
import { legacyKey } from "../../../shared/testing/project.ts";
import { outcomeOf } from "../../../shared/problems/table.ts";
import {
  alive,
  ANON,
  bearer,
  environment,
  fakeAuth,
  logged,
  PUBLISHABLE,
  REFUSALS,
  refuses,
  SECRET,
  SERVICE_ROLE,
  token,
  USER_ID,
} from "../../support/server.ts";
import { assertRefusal } from "../../support/refusals.ts";
import { encodePart } from "../../support/tokens.ts";

const CRON = "sb_secret_cron_of_the_project";
const WEB = "sb_publishable_web_of_the_project";
const KEYS = {
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE, web: WEB }),
  SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET, cron: CRON }),
};

/** Tokens and keys that no project has issued, or another one. */
const foreignKey = (role: string) =>
  `${legacyKey("anon").split(".")[0]}.${encodePart({ role })}.eA`;
const DEAD = token({ n: "dead" });
const USER = token({ n: "alive" });

type Caller = AuthContext<unknown, CallerKind, Session | null>;

/** An app that answers with the kind and the name of its caller, behind one list of modes. */
function appFor(allow: readonly AllowMode[], more: AuthOptions = {}, env = environment(KEYS)) {
  const { options, calls } = fakeAuth(
    ({ headers }) =>
      headers.get("authorization") === `Bearer ${DEAD}`
        ? refuses(403, "session_not_found")
        : alive(),
    env,
  );
  const decisions: Decision[] = [];
  const check = auth({
    ...options,
    allow,
    onDecision: (decision) => decisions.push(decision),
    ...more,
  });
  const app = new Hono().use(check).all("/", (c) => c.text(describe(c.var.auth)));
  const ask = async (headers: Record<string, string>) => {
    const response = await app.request("/", { headers });
    const text = await response.text();
    return response.status === 200 ? text : JSON.parse(text).code as string;
  };
  return { app, ask, calls, decisions };
}

function describe(caller: Caller): string {
  return "name" in caller && (caller.kind === "secret" || caller.kind === "publishable")
    ? `${caller.kind}:${caller.name}`
    : caller.kind;
}

const LISTS = {
  user: ["user"],
  none: ["none"],
  optional: ["user", "none"],
  cron: ["secret:cron"],
  "user+secret": ["user", "secret"],
  publishable: ["publishable"],
  "user+pub:*": ["user", "publishable:*"],
  "web+none": ["publishable:web", "none"],
  "cron+none": ["secret:cron", "none"],
  all: ["user", "secret:*", "publishable:*", "none"],
} as const satisfies Record<string, readonly AllowMode[]>;

const CREDENTIALS: Record<string, Record<string, string>> = {
  nothing: {},
  "an empty apikey": { apikey: "" },
  "another scheme": { Authorization: "Basic YTpi" },
  "a user": bearer(USER),
  "a user with the publishable key": { ...bearer(USER), apikey: PUBLISHABLE },
  "a user with a secret key": { ...bearer(USER), apikey: CRON },
  "a user with an unknown key": { ...bearer(USER), apikey: "sb_secret_other" },
  "a dead user": bearer(DEAD),
  "a dead user with a secret key": { ...bearer(DEAD), apikey: CRON },
  "a dead user with the publishable key": { ...bearer(DEAD), apikey: PUBLISHABLE },
  "a malformed bearer": { Authorization: "Bearer  x" },
  "a malformed bearer with a secret key": { Authorization: "Bearer  x", apikey: CRON },
  "no JWT with a secret key": { ...bearer("x"), apikey: CRON },
  "a user's token as apikey": { apikey: USER },
  "a user's token as both": { ...bearer(USER), apikey: USER },
  "the publishable key": { apikey: PUBLISHABLE },
  "the publishable key as both": { ...bearer(PUBLISHABLE), apikey: PUBLISHABLE },
  "the publishable key as bearer": bearer(PUBLISHABLE),
  "the web key": { apikey: WEB },
  "the anon key as both": { ...bearer(ANON), apikey: ANON },
  "the secret key": { apikey: SECRET },
  "the cron key": { apikey: CRON },
  "the cron key as both": { ...bearer(CRON), apikey: CRON },
  "the cron key as bearer": bearer(CRON),
  "the cron key with the publishable one as bearer": { ...bearer(PUBLISHABLE), apikey: CRON },
  "the publishable key with the cron one as bearer": { ...bearer(CRON), apikey: PUBLISHABLE },
  "the service_role key": { apikey: SERVICE_ROLE },
  "the service_role key as both": { ...bearer(SERVICE_ROLE), apikey: SERVICE_ROLE },
  "an unknown publishable key as both": {
    ...bearer("sb_publishable_y"),
    apikey: "sb_publishable_y",
  },
  "an unknown anon key": { apikey: foreignKey("anon") },
  "an unknown service_role key as both": {
    ...bearer(foreignKey("service_role")),
    apikey: foreignKey("service_role"),
  },
  "an unknown secret key": { apikey: "sb_secret_other" },
  "no key at all": { apikey: "x" },
  "two apikeys": { apikey: `${CRON}, ${CRON}` },
  "an apikey of 33 KiB": { apikey: "x".repeat(33 * 1024) },
};

/** How a cell of the table below is written. */
const CELLS: Record<string, string> = {
  pub: "publishable:default",
  web: "publishable:web",
  secret: "secret:default",
  cron: "secret:cron",
  no_user: "no_authorization",
  header: "invalid_authorization_header",
  jwt: "bad_jwt",
  dead: "session_not_found",
  scope: "insufficient_scope",
  key: "invalid_api_key",
  other: "api_key_not_allowed",
};

/** What becomes of each combination of credentials, in one column for each of {@linkcode LISTS}. */
// deno-fmt-ignore
const EXPECTED: Record<string, string> = {
  //                                                  user    none    optional cron    user+secret publishable user+pub:* web+none cron+none all
  "nothing":                                         "no_user none    none     key     no_user     key         no_user    none     none      none",
  "an empty apikey":                                 "no_user none    none     key     no_user     key         no_user    none     none      none",
  "another scheme":                                  "no_user none    none     key     no_user     key         no_user    none     none      none",
  "a user":                                          "user    none    user     scope   user        scope       user       scope    scope     user",
  "a user with the publishable key":                 "user    none    user     scope   user        scope       user       scope    scope     user",
  "a user with a secret key":                        "user    none    user     scope   user        scope       user       scope    scope     user",
  "a user with an unknown key":                      "user    none    user     scope   user        scope       user       scope    scope     user",
  "a dead user":                                     "dead    none    dead     scope   dead        scope       dead       scope    scope     dead",
  "a dead user with a secret key":                   "dead    none    dead     scope   dead        scope       dead       scope    scope     dead",
  "a dead user with the publishable key":            "dead    none    dead     scope   dead        scope       dead       scope    scope     dead",
  "a malformed bearer":                              "header  none    header   header  header      header      header     header   header    header",
  "a malformed bearer with a secret key":            "header  none    header   header  header      header      header     header   header    header",
  "no JWT with a secret key":                        "jwt     none    jwt      scope   jwt         scope       jwt        scope    scope     jwt",
  "a user's token as apikey":                        "no_user none    none     key     key         key         key        key      key       key",
  "a user's token as both":                          "header  none    header   header  header      header      header     header   header    header",
  "the publishable key":                             "no_user none    none     other   no_user     pub         pub        other    none      pub",
  "the publishable key as both":                     "no_user none    none     other   no_user     pub         pub        other    none      pub",
  "the publishable key as bearer":                   "no_user none    none     key     no_user     key         no_user    none     none      none",
  "the web key":                                     "no_user none    none     other   no_user     other       web        web      none      web",
  "the anon key as both":                            "no_user none    none     other   no_user     pub         pub        other    none      pub",
  "the secret key":                                  "no_user none    none     other   secret      other       other      other    other     secret",
  "the cron key":                                    "no_user none    none     cron    other       other       other      other    cron      cron",
  "the cron key as both":                            "jwt     none    jwt      cron    other       jwt         jwt        jwt      cron      cron",
  "the cron key as bearer":                          "jwt     none    jwt      key     key         jwt         jwt        jwt      key       key",
  "the cron key with the publishable one as bearer": "no_user none    none     cron    other       other       other      other    cron      cron",
  "the publishable key with the cron one as bearer": "jwt     none    jwt      key     key         jwt         jwt        jwt      key       key",
  "the service_role key":                            "no_user none    none     other   secret      other       other      other    other     secret",
  "the service_role key as both":                    "jwt     none    jwt      other   secret      jwt         jwt        jwt      other     secret",
  "an unknown publishable key as both":              "no_user none    none     key     no_user     key         key        key      none      key",
  "an unknown anon key":                             "no_user none    none     key     no_user     key         key        key      none      key",
  "an unknown service_role key as both":             "jwt     none    jwt      key     key         jwt         jwt        jwt      key       key",
  "an unknown secret key":                           "no_user none    none     key     key         key         key        key      key       key",
  "no key at all":                                   "no_user none    none     key     key         key         key        key      key       key",
  "two apikeys":                                     "no_user none    none     key     key         key         key        key      key       key",
  "an apikey of 33 KiB":                             "no_user none    none     key     key         key         key        key      key       key",
};

for (const [what, headers] of Object.entries(CREDENTIALS)) {
  Deno.test(`auth() decides by its modes when it gets ${what}`, async () => {
    const cells = EXPECTED[what]!.split(/\s+/);
    for (const [index, [name, list]] of Object.entries(LISTS).entries()) {
      const { ask, calls, decisions } = appFor(list);
      let answer = "";
      const log = await logged(async () => void (answer = await ask(headers)));
      assertEquals([name, answer], [name, CELLS[cells[index]!] ?? cells[index]]);
      assertEquals(calls.length, ["user", "session_not_found"].includes(answer) ? 1 : 0);
      const told = JSON.stringify(decisions) + log;
      for (const value of [...Object.values(headers), CRON, SECRET, SERVICE_ROLE, "eyJ", USER_ID]) {
        assert(value === "" || !told.includes(value), `${name}: ${told}`);
      }
    }
  });
}

Deno.test("auth() admits a caller only as the kind of its credential, for any list of modes", async () => {
  const modes = [
    "user",
    "secret",
    "secret:cron",
    "secret:*",
    "publishable",
    "publishable:web",
    "publishable:*",
  ] as const;
  const values = [
    USER,
    DEAD,
    "x",
    PUBLISHABLE,
    WEB,
    ANON,
    SECRET,
    CRON,
    SERVICE_ROLE,
    "sb_secret_y",
  ];
  const lists = fc.tuple(fc.subarray([...modes]), fc.boolean())
    .map(([list, none]): AllowMode[] => none ? [...list, "none"] : list)
    .filter((list) => list.length > 0);
  const value = fc.option(fc.constantFrom(...values));
  await logged(() =>
    fc.assert(
      fc.asyncProperty(lists, value, value, async (allow, jwt, apikey) => {
        const headers = { ...(jwt && bearer(jwt)), ...(apikey && { apikey }) };
        const { ask, calls, decisions: [decision] } = await asked(allow, headers);
        const { kind, key_name: name } = decision!;
        const readsNothing = allow.length === 1 && allow[0] === "none";
        if (kind === null) return;
        assert(allow.some((mode) => mode.split(":")[0] === kind), ask);
        assertEquals(kind === "user", calls.length > 0 && jwt === USER);
        if (readsNothing) return;
        if (jwt === USER) assertEquals(kind, "user");
        // As in the header apikey, it is a key that nobody knows, and no token.
        const isKey = jwt === "x" && apikey === "x";
        assert((jwt !== DEAD && jwt !== "x") || isKey, "a token that is there decides");
        if (kind === "secret") {
          const names = { [SECRET]: "default", [CRON]: "cron", [SERVICE_ROLE]: "default" };
          assertEquals(name, names[apikey!]);
          const mode = name === "default" ? "secret" : `secret:${name}`;
          assert(allow.some((one) => one === mode || one === "secret:*"));
        }
        if (kind === "publishable") assert([PUBLISHABLE, WEB, ANON].includes(apikey!));
      }),
      { numRuns: 400 },
    )
  );
});

async function asked(allow: readonly AllowMode[], headers: Record<string, string>) {
  const app = appFor(allow);
  return { ...app, ask: await app.ask(headers) };
}

Deno.test("auth() refuses a key with an action that does not change a session", () => {
  for (const code of ["invalid_api_key", "api_key_not_allowed", "oauth_client_not_allowed"]) {
    const { action } = outcomeOf(code, "credential");
    assert(["fix_request", "none"].includes(action), code);
  }
});

Deno.test("auth() throws a TypeError that names what is wrong with `allow` when it is built", () => {
  const wrong: [unknown, string][] = [
    [[], "allow must be a list of at least one mode"],
    ["user", "allow must be a list"],
    [{}, "allow must be a list"],
    [["usr"], 'allow has no mode "usr"'],
    [["USER"], 'allow has no mode "USER"'],
    [["secret:"], 'allow has no mode "secret:"'],
    [["secret: cron"], 'allow has no mode "secret: cron"'],
    [["secret:a:b"], 'allow has no mode "secret:a:b"'],
    [["secret:c*"], 'allow has no mode "secret:c*"'],
    [["user:ada"], 'allow has no mode "user:ada"'],
    [["public"], 'allow has no mode "public"'],
    [["user", 5], "allow has no mode 5"],
    [["user", "user"], 'allow has the mode "user" twice'],
    [["secret", "secret:default"], 'allow has the mode "secret:default" twice'],
    [["none", "user"], 'allow must have "none" last'],
  ];
  for (const [allow, message] of wrong) {
    const options = { allow } as AuthOptions;
    assertThrows(() => auth(options), TypeError, `auth(): ${message}`);
    assertThrows(() => edgeFunction("f", { auth: options }), TypeError, message);
    assertThrows(() => edgeFunction("f", { paths: { "/a": options } }), TypeError, message);
  }
  for (const oauthClients of ["id", ["*"], [""], [5], {}]) {
    assertThrows(() => auth({ oauthClients } as AuthOptions), TypeError, "oauthClients must be");
  }
  assertThrows(() => auth({ admin: "yes" } as unknown as AuthOptions), TypeError, "admin must be");
  const paths = new Map([["/admin", { allow: ["user"] }]]) as unknown as Record<
    string,
    AuthOptions
  >;
  assertThrows(() => edgeFunction("f", { paths }), TypeError, "paths must be an object of options");
  const frozen: readonly AllowMode[] = Object.freeze(["user", "none"] as const);
  auth({ allow: frozen });
});

Deno.test("auth() keeps its list of modes when the given array changes later", async () => {
  const allow: AllowMode[] = ["user"];
  const oauthClients = ["a"];
  const { ask } = appFor(allow, { oauthClients });
  allow.push("none");
  oauthClients.push("b");
  assertEquals(await ask({}), "no_authorization");
  assertEquals(await ask(bearer(token({ client_id: "b" }))), "oauth_client_not_allowed");
});

Deno.test("auth() answers auth_misconfigured when the key that a mode names may be the caller's", async () => {
  const none = { SUPABASE_SECRET_KEYS: undefined, SUPABASE_SERVICE_ROLE_KEY: undefined };
  const cases: [AllowMode[], Record<string, string | undefined>, string, string, RegExp?][] = [
    [["secret"], none, "sb_secret_x", "auth_misconfigured", /"secret", but SUPABASE_SECRET_KEYS/],
    [
      ["secret:*"],
      none,
      "x",
      "auth_misconfigured",
      /"secret:\*", but SUPABASE_SECRET_KEYS holds no key/,
    ],
    [["secret:corn"], KEYS, "sb_secret_x", "auth_misconfigured", /no key named "corn"/],
    [["secret:jobs"], KEYS, CRON, "api_key_not_allowed", /no key named "jobs"/], // the typo shows
    [["secret:cron", "secret:b"], KEYS, "sb_secret_x", "auth_misconfigured", /no key named "b"/],
    [["secret:cron", "secret:b2"], KEYS, CRON, "secret:cron"],
    [["publishable:app"], KEYS, "sb_publishable_x", "auth_misconfigured", /"publishable:app"/],
    [["secret:d"], KEYS, "sb_publishable_x", "invalid_api_key"], // certainly not that key
    [["secret:e"], KEYS, "", "invalid_api_key"],
    [["user", "secret:f"], KEYS, PUBLISHABLE, "no_authorization"],
  ];
  for (const [allow, env, apikey, expected, line] of cases) {
    const { ask } = appFor(allow, {}, environment(env));
    let answer = "";
    const log = await logged(async () => void (answer = await ask({ apikey })));
    assertEquals([allow, answer], [allow, expected]);
    if (line === undefined) assertEquals(log, "");
    else assert(line.test(log), log);
    assert(apikey === "" || !log.includes(apikey), log);
  }
  const { app } = appFor(["secret:gone"]);
  await logged(async () => {
    const response = await app.request("/", { headers: { apikey: "sb_secret_x" } });
    await assertRefusal(response, REFUSALS.auth_misconfigured);
  });
});

Deno.test("auth() takes no public key for a secret key", async () => {
  for (const key of [ANON, PUBLISHABLE, "sb_publishable_other", "shared"]) {
    const env = environment({
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: key, cron: key }),
      SUPABASE_SERVICE_ROLE_KEY: key,
      SUPABASE_PUBLISHABLE_KEY: "shared",
    });
    const { ask } = appFor(["secret", "secret:cron"], {}, env);
    await logged(async () => {
      for (const headers of [{ apikey: key }, { ...bearer(key), apikey: key }]) {
        assert(!(await ask(headers)).startsWith("secret"), key);
      }
    });
  }
});

Deno.test("auth() admits a key under any of its names", async () => {
  const env = environment({ SUPABASE_SECRET_KEYS: JSON.stringify({ default: CRON, cron: CRON }) });
  for (const [mode, name] of [["secret:cron", "cron"], ["secret", "default"]] as const) {
    assertEquals(await appFor([mode], {}, env).ask({ apikey: CRON }), `secret:${name}`);
  }
});

Deno.test("auth() reports the kind and the name of a caller to onDecision, and never a key", async () => {
  const { ask, decisions } = appFor(LISTS.all, { oauthClients: ["app-1"] });
  for (
    const headers of [
      bearer(USER),
      bearer(token({ client_id: "app-1" })),
      { apikey: CRON },
      { apikey: WEB },
      {},
      { apikey: "sb_secret_other" },
      bearer(token({ client_id: "app-2" })),
    ]
  ) await ask(headers);
  const seen = decisions.map(({ outcome, code, source, kind, key_name, client_id }) =>
    [outcome, code, source, kind, key_name, client_id].join(" ")
  );
  assertEquals(seen, [
    "admitted  check user  ",
    "admitted  check user  app-1",
    "admitted  key secret cron ",
    "admitted  key publishable web ",
    "admitted  precheck none  ",
    "refused invalid_api_key key   ",
    "refused oauth_client_not_allowed precheck   ",
  ]);
});

Deno.test("auth() says how it decided about a key in Server-Timing", async () => {
  const { app } = appFor(["secret:cron"]);
  for (const apikey of [CRON, "x"]) {
    const { headers } = await app.request("/", { headers: { apikey } });
    assert(/^auth;desc="key";dur=[\d.]+$/.test(headers.get("Server-Timing") ?? ""));
  }
});

Deno.test("auth() refuses where a second check admits a caller as another kind", async () => {
  const cases: [AllowMode[], AllowMode[], Record<string, string>, string][] = [
    [["user"], ["secret"], bearer(USER), "insufficient_scope"],
    [["user"], ["secret"], { apikey: SECRET }, "no_authorization"],
    [["user"], ["none"], bearer(USER), "insufficient_scope"],
    [["user", "secret"], ["secret"], { apikey: SECRET }, "secret:default"],
    [["user", "secret"], ["secret"], bearer(USER), "insufficient_scope"],
    [["user", "secret"], ["user"], bearer(USER), "user"],
    [["user", "secret"], ["user"], { apikey: SECRET }, "no_authorization"],
    [["user", "secret"], ["user", "none"], { apikey: SECRET }, "insufficient_scope"],
    [["user", "secret:*"], ["user", "secret:cron"], { apikey: CRON }, "secret:cron"],
    [["user", "secret:*"], ["user", "secret:cron"], { apikey: SECRET }, "api_key_not_allowed"],
    [["user", "none"], ["user"], {}, "no_authorization"],
    [["user", "none"], ["user"], bearer(USER), "user"],
    [["none"], ["user"], bearer(USER), "user"],
    [["none"], ["user"], bearer(DEAD), "session_not_found"],
  ];
  for (const [first, second, headers, expected] of cases) {
    const { options, calls } = fakeAuth(
      (request) =>
        request.headers.get("authorization") === `Bearer ${DEAD}`
          ? refuses(403, "session_not_found")
          : alive(),
      environment(KEYS),
    );
    const allow = (list: AllowMode[]) => auth({ ...options, allow: list });
    const app = new Hono().use(allow(first)).use(allow(second))
      .get("/", (c) => c.text(describe(c.var.auth)));
    await logged(async () => {
      const response = await app.request("/", { headers });
      const text = await response.text();
      const answer = response.status === 200 ? text : JSON.parse(text).code;
      assertEquals([first, second, answer], [first, second, expected]);
    });
    assert(calls.length <= 1);
  }
});

Deno.test("edgeFunction() checks a path by its own modes, before the default check refuses it", async () => {
  const { options, calls } = fakeAuth(() => alive(), environment(KEYS));
  const app = edgeFunction("shop", {
    auth: options,
    paths: {
      "/jobs/*": { allow: ["secret:cron"] },
      "/catalog": { allow: ["user", "none"] },
      "/all/*": { allow: ["none"] },
      "/all/of/it": { allow: ["user"] }, // too late: the first one decides
    },
    public: ["/open", "/jobs/open"],
  });
  const machines = new Hono<AuthEnv<unknown, "secret">>()
    .post("/run", (c) => c.text(`${c.var.auth.kind}:${c.var.auth.name}`))
    .get("/open", (c) => c.text("open"));
  const visitors = new Hono<AuthEnv<unknown, "user" | "none">>()
    .get("/", (c) => c.text(describe(c.var.auth)));
  app.route("/jobs", machines).route("/catalog", visitors);
  app.get("/all/of/it", (c) => c.text(c.var.auth.kind));
  app.get("/open", (c) => c.text("open"));
  app.get("/", (c) => c.text(c.var.auth.user.id));
  const cases: [string, Record<string, string>, string, string?][] = [
    ["/jobs/run", {}, "invalid_api_key", "POST"],
    ["/jobs/run", { apikey: CRON }, "secret:cron", "POST"],
    ["/jobs/run", { apikey: SECRET }, "api_key_not_allowed", "POST"],
    ["/jobs/run", bearer(USER), "insufficient_scope", "POST"],
    ["/jobs/open", {}, "invalid_api_key"], // a check comes before `public`
    ["/jobs/nothing", {}, "invalid_api_key"],
    ["/jobs/nothing", { apikey: CRON }, "not_found"],
    ["/jobs/run", { apikey: CRON }, "method_not_allowed"],
    ["/catalog", {}, "none"],
    ["/catalog", { apikey: PUBLISHABLE, ...bearer(PUBLISHABLE) }, "none"],
    ["/catalog", bearer(USER), "user"],
    ["/catalog", bearer("x"), "bad_jwt"],
    ["/all/of/it", bearer("x"), "none"],
    ["/open", bearer("x"), "open"],
    ["/", { apikey: CRON }, "no_authorization"],
    ["/", bearer(USER), USER_ID],
  ];
  await logged(async () => {
    for (const [path, headers, expected, method = "GET"] of cases) {
      const response = await app.request(`/shop${path}`, { method, headers });
      const text = await response.text();
      const answer = response.status === 200 ? text : JSON.parse(text).code;
      assertEquals([path, headers, answer], [path, headers, expected]);
    }
  });
  assertEquals(calls.length, 2);
});

Deno.test("edgeFunction() uses the options of `auth` on a path that does not set them", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", {
    auth: { ...options, oauthClients: ["a"], realm: "mine" },
    paths: { "/b": { oauthClients: ["b"] } },
  });
  app.get("/*", (c) => c.text(String(c.var.auth.client)));
  const ask = async (path: string, client_id?: string) => {
    const headers = bearer(token({ client_id }));
    return await (await app.request(path, { headers })).text();
  };
  assertEquals(await ask("/f/b", "b"), "b");
  assertEquals(await ask("/f/a", "a"), "a");
  assertEquals(await ask("/f/a"), "null");
  for (const [path, client] of [["/f/a", "b"], ["/f/b", "a"]] as const) {
    assert((await ask(path, client)).includes("oauth_client_not_allowed"));
  }
  const refused = await app.request("/f/b", { headers: bearer("x") });
  assert(refused.headers.get("WWW-Authenticate")?.startsWith('Bearer realm="mine"'));
});

Deno.test("edgeFunction() gives a path supabaseAdmin only where the path asks for it", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", {
    auth: { ...options, admin: true },
    paths: { "/open": { allow: ["none"] }, "/asks": { allow: ["none"], admin: true } },
  });
  app.get("/*", (c) => c.json("supabaseAdmin" in c.var.auth));
  const has = async (path: string, headers = {}) =>
    await (await app.request(path, { headers })).json();
  assertEquals(await has("/f/mine", bearer(USER)), true);
  assertEquals(await has("/f/open"), false);
  assertEquals(await has("/f/asks"), true);
});

Deno.test("edgeFunction() throws a TypeError when a path is wrong, or is also in `public`", () => {
  for (const paths of [[], { "jobs": {} }, { "/a?b": {} }, { "/a/:id{[}": {} }]) {
    const options = { paths } as unknown as Parameters<typeof edgeFunction>[1];
    assertThrows(() => edgeFunction("f", options), TypeError, "paths must be");
  }
  assertThrows(
    () => edgeFunction("f", { paths: { "/a": { allow: ["none"] } }, public: ["/a"] }),
    TypeError,
    "/a is in paths and in public: list it in one of them",
  );
  for (const own of [5, null, { freshnes: 1 }]) {
    const options = { paths: { "/a": own } } as unknown as Parameters<typeof edgeFunction>[1];
    assertThrows(() => edgeFunction("f", options), TypeError);
  }
});

for (const [version, createClient] of Object.entries({ "2.119": newest, "2.109": older })) {
  Deno.test(`auth() admits functions.invoke() of supabase-js ${version} as the key of its client`, async () => {
    const cases: [string, AllowMode[], string][] = [
      [SECRET, ["secret"], "secret:default"],
      [CRON, ["user", "secret:cron"], "secret:cron"],
      [SERVICE_ROLE, ["secret"], "secret:default"],
      [PUBLISHABLE, ["publishable"], "publishable:default"],
      [WEB, ["user", "publishable:*"], "publishable:web"],
      [ANON, ["publishable"], "publishable:default"],
      [PUBLISHABLE, ["user", "none"], "none"],
      [ANON, ["user", "none"], "none"],
      [PUBLISHABLE, ["user", "secret"], "no_authorization"],
    ];
    for (const [key, allow, expected] of cases) {
      const { app } = appFor(allow);
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const { headers } = new Request(input, init);
        return await app.request("/", { headers });
      };
      const supabase = createClient("https://project.example", key, {
        auth: { persistSession: false, autoRefreshToken: false },
        global: { fetch },
      });
      const { data, error } = await supabase.functions.invoke("f", { method: "GET" });
      const answer = error === null ? data : (await error.context.json()).code;
      assertEquals([allow, answer], [allow, expected]);
    }
  });
}

Deno.test("edgeFunction() takes an option of a path that is undefined for one that is not given", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", {
    auth: { ...options, allow: ["secret:cron"] },
    paths: { "/report": { allow: undefined } },
  });
  app.get("/report", (c) => c.text("in"));
  const response = await app.request("/f/report", { headers: bearer(token()) });
  assertEquals(response.status, 403);
});
