// config.toml: where its keys stand, what the environment says, and remotes.
import { assertEquals, assertThrows } from "@std/assert";
import { readConfig } from "../../../supabase/doctor/project/config_file.ts";

const read = (text: string) => readConfig("supabase/config.toml", text);

const TEXT = `# [auth]
title = "[auth] # no comment"
[auth] # a comment with "quotes
site_url = 'http://a#b'
list = [
  "one", # two
  """three
  [auth.email]
  enabled = 1""",
  { a = [1,
    2], b = "x" },
]
"quoted.key" = 1
dotted.key.deep = 2026-01-01T00:00:00Z
[[hook]]
name = "a"
[[ hook ]]
name = "b"
[ auth . email ]
enabled = true
text = '''
enabled = false
'''
inline = { x.y = 1, z = { w = 2 } }
`;

Deno.test("lineOf() finds every kind of key when comments and strings look like keys", () => {
  const line = read(TEXT)[0]!.lineOf;
  const lines: [(string | number)[], number][] = [
    [["title"], 2],
    [["auth"], 3],
    [["auth", "site_url"], 4],
    [["auth", "list"], 5],
    [["auth", "list", 0], 6],
    [["auth", "list", 1], 7],
    [["auth", "list", 2], 10],
    [["auth", "list", 2, "b"], 11],
    [["auth", "quoted.key"], 13],
    [["auth", "dotted", "key", "deep"], 14],
    [["hook", 0, "name"], 16],
    [["hook", 1, "name"], 18],
    [["auth", "email", "enabled"], 20],
    [["auth", "email", "inline", "x", "y"], 24],
    [["auth", "email", "inline", "z", "w"], 24],
  ];
  assertEquals(lines.map(([path]) => [path, line(path)]), lines);
});

Deno.test("lineOf() gives the nearest parent when a key is not written", () => {
  const line = read(TEXT)[0]!.lineOf;
  assertEquals(line(["auth", "email", "smtp", "host"]), 19);
  assertEquals(line(["nowhere"]), 1);
});

Deno.test("readConfig() throws a SyntaxError when the text is no TOML", () => {
  for (const text of ["[auth", "= = =", "a = [1, {b", '"""', "[[", "a = {", "]]", "\u0000"]) {
    assertThrows(() => read(text), SyntaxError);
  }
});

Deno.test("get() is undefined when the value comes out of the environment", () => {
  const [config] = read(`[auth]\nsite_url = "env(SITE_URL)"\nexternal = "env(A) and more"`);
  assertEquals([config!.get("auth", "site_url"), config!.has("auth", "site_url")], [
    undefined,
    true,
  ]);
  assertEquals(config!.get("auth", "external"), "env(A) and more");
});

Deno.test("readConfig() gives each remote its own settings over those of the local stack", () => {
  const [local, remote, ...more] = read(
    "[auth]\njwt_expiry = 3600\nsite_url = 'http://localhost:3000'\n" +
      "[remotes.production]\nproject_id = 'abc'\n[remotes.production.auth]\njwt_expiry = 60\n",
  );
  assertEquals([local!.remote, remote!.remote, more], [undefined, "production", []]);
  assertEquals([local!.get("auth", "jwt_expiry"), remote!.get("auth", "jwt_expiry")], [3600, 60]);
  assertEquals(remote!.get("auth", "site_url"), "http://localhost:3000");
  assertEquals(remote!.lineOf(["auth", "jwt_expiry"]), 7);
});
