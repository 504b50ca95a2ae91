import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type } from "arktype";
import { Hono } from "hono";
import * as v from "valibot";
import { z } from "zod";
import * as mini from "zod/mini";
import { z as z3 } from "zod/v3";
import { body, edgeFunction, type StandardSchema } from "../../../shared/mod.ts";
import {
  assertRefusal,
  deferred,
  FakeTime,
  logged,
  REFUSALS,
  settle,
} from "../../support/server.ts";

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

/** Posts a JSON text to a function whose body has this schema. */
async function post(schema: StandardSchema, text: string, options = {}) {
  const app = edgeFunction("f", { public: ["/"] });
  app.post("/", body(schema, options), (c) => c.json({ value: c.req.valid("json") as string }));
  let response = new Response();
  const log = await logged(async () => {
    const headers = { "Content-Type": "application/json" };
    response = await app.request("/f", { method: "POST", body: text, headers });
    await settle();
  });
  return { response, log };
}

Deno.test("body() runs an asynchronous check once", async () => {
  let runs = 0;
  const check = () => Promise.resolve(++runs > 0);
  for (const schema of [z.string().refine(check), z3.string().refine(check)]) {
    runs = 0;
    const { response } = await post(schema, '"tea"');
    assertEquals([await response.json(), runs], [{ value: "tea" }, 1]);
  }
});

Deno.test("body() answers 500 in the shape when a check of the schema rejects or throws", async () => {
  const fails = () => Promise.reject(new Error("the lookup failed"));
  const throws = () => {
    throw new Error("the lookup failed");
  };
  const later = () =>
    new Promise<boolean>((_, reject) => setTimeout(() => reject(new Error("late")), 1));
  const schemas: StandardSchema[] = [
    z.string().refine(fails),
    z.string().refine(throws),
    z.string().refine(fails).refine(fails), // zod awaits the first only
    z.string().refine(later).refine(fails),
    z.string().refine(fails).refine(later),
    z.string().transform(fails),
    mini.string().check(mini.refine(fails), mini.refine(fails)),
    z3.string().refine(fails).refine(fails),
    v.pipeAsync(v.string(), v.checkAsync(fails), v.checkAsync(fails)),
  ];
  for (const schema of schemas) {
    using time = new FakeTime();
    const posted = post(schema, '"tea"');
    await time.tickAsync(1);
    const { response, log } = await posted;
    await assertRefusal(response, { ...REFUSALS.internal_error, replay: false });
    assertMatch(log, /a handler failed .*: Error: (the lookup failed|late)/);
    await time.tickAsync(5); // what rejects late ends no process
  }
});

Deno.test("body() takes any Standard Schema, with its types, paths and transforms", async () => {
  const schemas = {
    zod: z.object({ at: z.string(), tags: z.array(z.string()) }),
    "zod 3": z3.object({ at: z3.string(), tags: z3.array(z3.string()) }),
    "zod/mini": mini.object({ at: mini.string(), tags: mini.array(mini.string()) }),
    valibot: v.object({ at: v.string(), tags: v.array(v.string()) }),
    arktype: type({ at: "string", tags: "string[]" }),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    const { response } = await post(schema, '{"at":"x","tags":["a",2]}');
    const { issues } = await assertRefusal(response, INVALID);
    assertEquals([name, issues?.map(({ path }) => path)], [name, [["tags", 1]]]);
    assertMatch(issues?.[0]?.code ?? "", /^[a-z][a-z_]+$/);
  }
  const upper = v.pipeAsync(
    v.string(),
    v.transformAsync((text) => Promise.resolve(text.toUpperCase())),
  );
  new Hono().post("/", body(upper), (c) => c.text(c.req.valid("json") satisfies string));
  new Hono().post(
    "/",
    body(schemas.arktype),
    (c) => c.text(c.req.valid("json").at satisfies string),
  );
  new Hono().post(
    "/",
    body(schemas["zod 3"]),
    (c) => c.text(c.req.valid("json").at satisfies string),
  );
  assertEquals(await (await post(upper, '"tea"')).response.json(), { value: "TEA" });
});

Deno.test("body() says at most 20 things, each in a few words", async () => {
  const { response } = await post(z.array(z.string()), JSON.stringify(Array(40_000).fill(1)));
  const text = await response.clone().text();
  const { issues } = await assertRefusal(response, INVALID);
  assertEquals(issues?.length, 20);
  assert(text.length < 4000, `${text.length} characters`);
  const long = JSON.stringify({ ["k".repeat(100_000)]: 1 });
  const { response: named } = await post(z.strictObject({}), long);
  assert((await named.text()).length < 1000);
});

Deno.test("body() refuses more bytes or more values than it is for, before the schema runs", async () => {
  let runs = 0;
  const schema = z.any().refine(() => ++runs > 0);
  const TOO_LARGE = {
    status: 413,
    code: "request_entity_too_large",
    action: "fix_request",
    replay: false,
  };
  const megabyte = JSON.stringify("x".repeat(1024 * 1024 - 2));
  assertEquals((await post(schema, megabyte)).response.status, 200);
  await assertRefusal((await post(schema, `${megabyte} `)).response, TOO_LARGE);
  await assertRefusal((await post(schema, `[${"1,".repeat(50_000)}1]`)).response, TOO_LARGE);
  await assertRefusal(
    (await post(schema, `${"[".repeat(501)}${"]".repeat(501)}`)).response,
    TOO_LARGE,
  );
  await assertRefusal((await post(schema, '"tea"', { maxBytes: 4 })).response, TOO_LARGE);
  assertEquals((await post(schema, '"tea"', { maxBytes: 5 })).response.status, 200);
  assertEquals(runs, 2);
});

Deno.test("body() counts no commas and brackets in strings, nor what a level had before", async () => {
  const texts = [
    JSON.stringify({ csv: 'a,b,"c",[{\\'.repeat(20_000) }),
    JSON.stringify(["\\", '"', '\\"', ",".repeat(60_000)]),
    `[${"[],".repeat(10_000)}[]]`,
    `${"[".repeat(500)}${"]".repeat(500)}`,
  ];
  for (const text of texts) {
    const { response } = await post(z.any(), text);
    assertEquals([response.status, text.slice(0, 20)], [200, text.slice(0, 20)]);
  }
});

Deno.test("body() is an error of the function when something has read the body before", async () => {
  const app = edgeFunction("f", { public: ["/*"] });
  app.use(async (c, next) => {
    await c.req.raw.text();
    await next();
  });
  app.post("/", body(z.any()), (c) => c.text("in"));
  const log = await logged(async () => {
    const headers = { "Content-Type": "application/json" };
    const response = await app.request("/f", { method: "POST", body: "{}", headers });
    await assertRefusal(response, { ...REFUSALS.internal_error, replay: false });
  });
  assert(log.includes("Put body() before that."), log);
});

Deno.test("body() stops reading at the bound, whatever Content-Length says", async () => {
  let sent = 0;
  const cancelled = deferred();
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
    cancel: () => cancelled.resolve(),
  });
  const headers = { "Content-Type": "application/json" };
  const response = await app.request("/", { method: "POST", body: endless, headers });
  assertEquals(response.status, 413);
  await cancelled.promise;
  assert(sent < 2 * 1024 * 1024, `${sent} bytes`);
  const claimed = await app.request("/", {
    method: "POST",
    body: "{}",
    headers: { "Content-Type": "application/json", "Content-Length": "1048577" },
  });
  assertEquals(claimed.status, 413);
});

Deno.test("body() leaves the text to the handler", async () => {
  const echo = new Hono().post("/", body(z.any()), async (c) => c.text(await c.req.text()));
  const headers = { "Content-Type": "application/json" };
  const response = await echo.request("/", { method: "POST", body: '{"a": 1}', headers });
  assertEquals(await response.text(), '{"a": 1}');
});

Deno.test("body() says what it wants when it is built with something else", () => {
  for (const schema of [undefined, null, {}, "string", () => true]) {
    assertThrows(
      () => body(schema as never),
      TypeError,
      "must be a Standard Schema, such as z.object",
    );
  }
  assertThrows(() => body(z.any(), { maxBytes: 0 }), TypeError, "maxBytes must");
});
