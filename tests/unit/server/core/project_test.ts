import { assert, assertEquals, assertThrows } from "@std/assert";
import { EnvironmentError, readProject } from "../../../../shared/server/core/project.ts";

const URL = "https://abc.supabase.co";
const keysOf = (env: Record<string, string | undefined>) =>
  readProject({ SUPABASE_URL: URL, ...env });

Deno.test("readProject() reads a hosted environment: key maps and legacy keys", () => {
  const project = keysOf({
    SUPABASE_PUBLISHABLE_KEYS: '{"web":"sb_publishable_w","default":"sb_publishable_d"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_d","jobs":"sb_secret_j"}',
    SUPABASE_ANON_KEY: "anon",
    SUPABASE_SERVICE_ROLE_KEY: "service",
  });
  assertEquals(project.apiKey, "sb_publishable_d");
  assertEquals([...project.keys.public], ["sb_publishable_w", "sb_publishable_d", "anon"]);
  assertEquals([...project.keys.secret], ["sb_secret_d", "sb_secret_j", "service"]);
});

Deno.test("readProject() names the keys; those outside of the maps are named default", () => {
  const { apiKeys } = keysOf({
    SUPABASE_PUBLISHABLE_KEYS: '{"web":"sb_publishable_w"}',
    SUPABASE_PUBLISHABLE_KEY: "sb_publishable_s",
    SUPABASE_ANON_KEY: "anon",
    SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_c","default":"sb_secret_d"}',
    SUPABASE_SECRET_KEY: "sb_secret_s",
    SUPABASE_SERVICE_ROLE_KEY: "service",
  });
  assertEquals(apiKeys.map(({ kind, name, key }) => `${kind} ${name} ${key}`), [
    "publishable web sb_publishable_w",
    "publishable default sb_publishable_s",
    "publishable default anon",
    "secret cron sb_secret_c",
    "secret default sb_secret_d",
    "secret default sb_secret_s",
    "secret default service",
  ]);
});

Deno.test("readProject() finds the secret key for supabaseAdmin: default, legacy, else any", () => {
  const secretKey = (env: Record<string, string>) =>
    keysOf({ SUPABASE_ANON_KEY: "anon", ...env }).secretKey;
  assertEquals(secretKey({}), undefined);
  assertEquals(secretKey({ SUPABASE_SECRET_KEYS: '{"a":"x"}' }), "x");
  assertEquals(
    secretKey({ SUPABASE_SECRET_KEYS: '{"a":"x"}', SUPABASE_SERVICE_ROLE_KEY: "y" }),
    "y",
  );
  assertEquals(
    secretKey({
      SUPABASE_SECRET_KEYS: '{"a":"x","default":"z"}',
      SUPABASE_SERVICE_ROLE_KEY: "y",
    }),
    "z",
  );
});

Deno.test("readProject() takes no key for secret that everybody may have", () => {
  const legacyAnon = `e30.${btoa('{"role":"anon"}').replaceAll("=", "")}.x`;
  for (const key of ["anon", "sb_publishable_other", legacyAnon]) {
    const { apiKeys, secretKey } = keysOf({
      SUPABASE_ANON_KEY: "anon",
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: key }),
      SUPABASE_SERVICE_ROLE_KEY: key,
    });
    assertEquals(apiKeys.filter(({ kind }) => kind === "secret"), []);
    assertEquals(secretKey, undefined);
  }
});

Deno.test("readProject() falls back to any publishable key, then to the anon key", () => {
  assertEquals(keysOf({ SUPABASE_PUBLISHABLE_KEYS: '{"web":"w"}' }).apiKey, "w");
  assertEquals(keysOf({ SUPABASE_ANON_KEY: "anon" }).apiKey, "anon");
  assertEquals(
    keysOf({ SUPABASE_PUBLISHABLE_KEYS: "{}", SUPABASE_ANON_KEY: "anon" }).apiKey,
    "anon",
  );
});

Deno.test("readProject() takes white space, and slashes at the end of the URL, for nothing", () => {
  const project = readProject({
    SUPABASE_URL: `  ${URL}///\n`,
    SUPABASE_PUBLISHABLE_KEYS: "  ",
    SUPABASE_ANON_KEY: " anon\n",
    SUPABASE_SECRET_KEYS: "",
  });
  assertEquals([project.url, project.apiKey], [URL, "anon"]);
  assertEquals(project.keys.secret.size, 0);
});

Deno.test("readProject() takes white space around the keys of a map for nothing", () => {
  const { apiKey, apiKeys } = keysOf({
    SUPABASE_PUBLISHABLE_KEYS: '{"default":" sb_publishable_d\\n"}',
    SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_c\\r\\n","shared":"sb_publishable_d "}',
  });
  assertEquals(apiKey, "sb_publishable_d");
  assertEquals(apiKeys.map(({ name, key }) => `${name} ${key}`), [
    "default sb_publishable_d",
    "cron sb_secret_c",
  ]);
});

Deno.test("readProject() keeps the names of keys as they are", () => {
  const names = ["__proto__", "constructor", "*", "", "a b", "1"];
  const map = `{${names.map((name, n) => `${JSON.stringify(name)}:"sb_secret_${n}"`).join(",")}}`;
  const { apiKeys } = keysOf({ SUPABASE_ANON_KEY: "anon", SUPABASE_SECRET_KEYS: map });
  const secrets = apiKeys.filter(({ kind }) => kind === "secret");
  assertEquals(new Set(secrets.map(({ name }) => name)), new Set(names));
  assertEquals(secrets.find(({ name }) => name === "__proto__")?.key, "sb_secret_0");
});

Deno.test("readProject() takes the URLs of local stacks", () => {
  for (const url of ["http://127.0.0.1:54321", "http://kong:8000", "http://localhost:1/base"]) {
    assertEquals(readProject({ SUPABASE_URL: url, SUPABASE_ANON_KEY: "a" }).url, url);
  }
});

Deno.test("readProject() takes a scheme in capitals (RFC 3986, section 3.1)", () => {
  const project = readProject({ SUPABASE_URL: "HTTPS://abc.supabase.co", SUPABASE_ANON_KEY: "a" });
  assertEquals(project.url, "HTTPS://abc.supabase.co");
});

Deno.test("readProject() names the variable that is missing or wrong, and never its value", () => {
  const wrong: [Record<string, string | undefined>, string][] = [
    [{ SUPABASE_URL: undefined }, "SUPABASE_URL is not set"],
    [{ SUPABASE_URL: " " }, "SUPABASE_URL is not set"],
    [{ SUPABASE_URL: "VALUE" }, "SUPABASE_URL must be"],
    [{ SUPABASE_URL: "ftp://VALUE" }, "SUPABASE_URL must be"],
    [{ SUPABASE_URL: "abc.supabase.co/VALUE" }, "SUPABASE_URL must be"],
    [{ SUPABASE_URL: "javascript:VALUE" }, "SUPABASE_URL must be"],
    [{ SUPABASE_ANON_KEY: undefined }, "SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY)"],
    [{ SUPABASE_PUBLISHABLE_KEYS: "sb_VALUE" }, "SUPABASE_PUBLISHABLE_KEYS must be a JSON"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '{"default":"VALUE"' }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '["VALUE"]' }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '"VALUE"' }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_PUBLISHABLE_KEYS: "null" }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '{"VALUE":5}' }, "SUPABASE_PUBLISHABLE_KEYS"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '{"VALUE":""}' }, "SUPABASE_PUBLISHABLE_KEYS"],
    ...["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"].map((name): typeof wrong[number] => [
      { [name]: "sb_secret_VALUE" },
      `${name} holds a secret key`,
    ]),
    [
      { SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_secret_VALUE"}' },
      "SUPABASE_PUBLISHABLE_KEYS holds a secret key",
    ],
    [
      { SUPABASE_PUBLISHABLE_KEYS: '{"default":" sb_secret_VALUE"}' },
      "SUPABASE_PUBLISHABLE_KEYS holds a secret key",
    ],
    [{ SUPABASE_PUBLISHABLE_KEYS: '{"default":" "}' }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_PUBLISHABLE_KEYS: '{"default":"VAL\\nUE"}' }, "SUPABASE_PUBLISHABLE_KEYS must be"],
    [{ SUPABASE_SECRET_KEYS: '{"default":"VALUE\u00e9"}' }, "SUPABASE_SECRET_KEYS must be"],
    [{ SUPABASE_ANON_KEY: "VAL UE" }, "SUPABASE_ANON_KEY must be a key"],
    [{ SUPABASE_SERVICE_ROLE_KEY: "VALUE\u2603" }, "SUPABASE_SERVICE_ROLE_KEY must be a key"],
    [{ SUPABASE_SECRET_KEYS: '{"default":["VALUE"]}' }, "SUPABASE_SECRET_KEYS"],
    [{ SUPABASE_URL: "VALUE", SUPABASE_SECRET_KEYS: "VALUE" }, "SUPABASE_SECRET_KEYS"],
  ];
  for (const [env, message] of wrong) {
    const all = { SUPABASE_URL: URL, SUPABASE_ANON_KEY: "anon", ...env };
    const error = assertThrows(() => readProject(all), EnvironmentError, message);
    assert(!error.message.includes("VALUE"), error.message);
  }
});
