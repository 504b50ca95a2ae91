import { assert, assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { z } from "zod";
import { body } from "../../../shared/mod.ts";
import { assertRefusal } from "../../support/server.ts";

const Todo = z.strictObject({
  title: z.string().trim().min(1),
  tags: z.array(z.string()).default([]),
});
const app = new Hono().post("/", body(Todo), (c) => {
  const { title, tags } = c.req.valid("json") satisfies { title: string; tags: string[] };
  return c.json({ title, tags });
});
const send = (text: BodyInit | null, type: string | null = "application/json") =>
  app.request("/", {
    method: "POST",
    body: text,
    headers: type === null ? {} : { "Content-Type": type },
  });

const INVALID = { status: 400, code: "validation_failed", action: "fix_request", replay: false };
const BAD_JSON = { ...INVALID, code: "bad_json" };

Deno.test("body() hands the handler the parsed value, with defaults and transforms", async () => {
  for (
    const type of [
      "application/json",
      "application/json; charset=utf-8",
      "Application/JSON",
      "application/vnd.api+json",
    ]
  ) {
    const response = await send('{"title":"  tea "}', type);
    assertEquals(await response.json(), { title: "tea", tags: [] });
  }
});

Deno.test("body() answers bad_json for what is no JSON", async () => {
  for (const text of ["", "{", "{'a':1}", "undefined", "NaN", '{"a":1}x', "<html>", "\u0000"]) {
    await assertRefusal(await send(text), BAD_JSON);
  }
  await assertRefusal(await send(null), BAD_JSON);
});

Deno.test("body() answers validation_failed, with where and what, for what does not fit", async () => {
  const cases: [string, (string | number)[], string][] = [
    ['{"title":1}', ["title"], "invalid_type"],
    ["{}", ["title"], "invalid_type"],
    ['{"title":" "}', ["title"], "too_small"],
    ['{"title":"a","tags":["b",2]}', ["tags", 1], "invalid_type"],
    ['{"title":"a","x":1}', [], "unrecognized_keys"],
    ["[]", [], "invalid_type"],
    ["null", [], "invalid_type"],
    ['"text"', [], "invalid_type"],
  ];
  for (const [text, path, code] of cases) {
    const { issues } = await assertRefusal(await send(text), INVALID);
    assertEquals([text, issues?.[0]?.path, issues?.[0]?.code], [text, path, code]);
    assert((issues?.[0]?.message ?? "").length > 0);
  }
});

Deno.test("body() answers validation_failed for another content type, so that no form can post here", async () => {
  const types = [
    null,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/json",
    "application/jsonp",
    "x/application/json",
    "",
  ];
  for (const type of types) {
    const { issues } = await assertRefusal(await send('{"title":"tea"}', type), INVALID);
    assertEquals(issues?.[0]?.path, []);
  }
});

Deno.test("body() is not polluted by a prototype in the text", async () => {
  const response = await send('{"title":"a","__proto__":{"polluted":true}}');
  await assertRefusal(response, INVALID);
  assertEquals(({} as { polluted?: boolean }).polluted, undefined);
});

Deno.test("body() answers bad_json when the client breaks off", async () => {
  const cut = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"title":'));
      controller.error(new Error("gone"));
    },
  });
  await assertRefusal(await send(cut), BAD_JSON);
});

Deno.test("body() waits for a schema that checks asynchronously", async () => {
  const Slow = z.object({ name: z.string().refine((name) => Promise.resolve(name !== "taken")) });
  const slow = new Hono().post("/", body(Slow), (c) => c.json(c.req.valid("json").name));
  const post = (name: string) =>
    slow.request("/", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    });
  assertEquals(await (await post("free")).json(), "free");
  await assertRefusal(await post("taken"), INVALID);
});

Deno.test("body() throws when it is built with what is no schema", () => {
  for (const schema of [undefined, null, {}, "string", () => true]) {
    assertThrows(() => body(schema as never), TypeError, "zod");
  }
});
