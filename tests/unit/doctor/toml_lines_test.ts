// The position finder of TOML, which must never take a comment or a string for a key.
import { assertEquals } from "@std/assert";
import { parse } from "@std/toml";
import { tomlLines } from "../../../supabase/doctor/project/toml_lines.ts";

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

Deno.test("tomlLines() finds every kind of key when comments and strings look like keys", () => {
  parse(TEXT); // it is TOML
  const line = tomlLines(TEXT);
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

Deno.test("tomlLines() gives the nearest parent when a key is not written", () => {
  const line = tomlLines(TEXT);
  assertEquals(line(["auth", "email", "smtp", "host"]), 19);
  assertEquals(line(["nowhere"]), 1);
});

Deno.test("tomlLines() ends when the text is no TOML", () => {
  for (const text of ["[auth", "= = =", "a = [1, {b", '"""', "[[", "a = {", "]]", "\u0000"]) {
    assertEquals(tomlLines(text)(["x"]), 1, text);
  }
});
