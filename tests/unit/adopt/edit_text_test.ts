import { assert, assertEquals } from "@std/assert";
import { addJsonMembers, addVerifyJwt, readJson } from "../../../supabase/adopt/edit_text.ts";

const HONO = { hono: "npm:hono@4", "hono/": "npm:/hono@4/" };

function addImports(text: string): string {
  const edited = addJsonMembers(text, "imports", HONO);
  assert("text" in edited, JSON.stringify(edited));
  return edited.text;
}

Deno.test("addJsonMembers() keeps comments, indentation, ends of lines and a byte order mark", () => {
  const text = '\ufeff{\r\n\t// ours\r\n\t"imports": {\r\n\t\t"a": "b", // why\r\n\t},\r\n}\r\n';
  assertEquals(
    addImports(text),
    '\ufeff{\r\n\t// ours\r\n\t"imports": {\r\n\t\t"hono": "npm:hono@4",\r\n' +
      '\t\t"hono/": "npm:/hono@4/",\r\n\t\t"a": "b", // why\r\n\t},\r\n}\r\n',
  );
});

Deno.test("addJsonMembers() makes the object when there is none", () => {
  for (const text of ["{}", '{"tasks":{"dev":"x"}}', '{\n  "imports": {}\n}\n']) {
    const { imports } = readJson(addImports(text)) as { imports: unknown };
    assertEquals(imports, HONO, text);
  }
});

Deno.test("addJsonMembers() changes no member that is there", () => {
  const text = '{ "imports": { "hono": "npm:hono@3", "hono/": "npm:/hono@3/" } }';
  assertEquals(addImports(text), text);
  assertEquals(addImports(addImports("{}")), addImports("{}"));
});

Deno.test("addJsonMembers() says why when the file is not what it should be", () => {
  for (const text of ["", "[]", '"imports"', '{ "imports": [] }', '{ "imports": ']) {
    assert("problem" in addJsonMembers(text, "imports", HONO), text);
  }
});

function openGateway(text: string, name = "me"): string {
  const edited = addVerifyJwt(text, name, ["because"]);
  assert("text" in edited, JSON.stringify(edited));
  return edited.text;
}

Deno.test("addVerifyJwt() writes below the head of the function's table", () => {
  assertEquals(
    openGateway('\ufeff[api]\r\nport = 1\r\n\r\n[functions.me] # ours\r\nentrypoint = "x.ts"\r\n'),
    "\ufeff[api]\r\nport = 1\r\n\r\n[functions.me] # ours\r\n# because\r\nverify_jwt = false\r\n" +
      'entrypoint = "x.ts"\r\n',
  );
  assertEquals(
    openGateway("[functions.me]"),
    "[functions.me]\n# because\nverify_jwt = false\n",
  );
  assertEquals(
    openGateway('[ functions . "me" ]\nenabled = true\n[functions.me.more]\n'),
    '[ functions . "me" ]\n# because\nverify_jwt = false\nenabled = true\n[functions.me.more]\n',
  );
});

Deno.test("addVerifyJwt() adds a table at the end when the function has none", () => {
  for (const text of ["", "[api]\nport = 1", "[api]\nport = 1\n", "[functions.you]\n"]) {
    const edited = openGateway(text);
    assert(edited.startsWith(text));
    assert(edited.endsWith("\n[functions.me]\n# because\nverify_jwt = false\n") || text === "");
  }
  const edited = addVerifyJwt("", "me", [], { entrypoint: "../functions/me/index.ts" });
  assertEquals(edited, {
    text: '[functions.me]\nverify_jwt = false\nentrypoint = "../functions/me/index.ts"\n',
  });
});

Deno.test("addVerifyJwt() changes nothing when the file says something about it", () => {
  for (
    const text of [
      "[functions.me]\nverify_jwt = true\n",
      "[functions.me]\nverify_jwt = false\n",
      "[functions]\nme = { verify_jwt = true }\n",
      "functions.me.verify_jwt = true\n",
    ]
  ) assertEquals(openGateway(text), text);
});

Deno.test("addVerifyJwt() is not misled by strings and comments", () => {
  const text = 'note = """\n[functions.me]\n"""\n# [functions.me]\n';
  assert(openGateway(text).startsWith(text));
});

Deno.test("addVerifyJwt() says why when the function has no table of its own", () => {
  for (
    const text of [
      "[functions]\nme = { enabled = true }\n",
      "functions.me.enabled = true\n",
      "[functions.me.more]\n",
      "[functions\n",
    ]
  ) assert("problem" in addVerifyJwt(text, "me", []), text);
});
