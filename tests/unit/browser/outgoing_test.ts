import { assertEquals, assertRejects } from "@std/assert";
import { outgoing, withBody } from "../../../shared/browser/outgoing.ts";

const base = new URL("https://project.example/");

Deno.test("outgoing() refuses a URL when its origin is not the project's", async () => {
  const others = [
    "https://project.example.evil.example/functions/v1/me",
    "https://project.example@evil.example/",
    "https://project.example:8443/",
    "http://project.example/",
    "https://sub.project.example/",
    "//evil.example/functions/v1/me",
    "https:\\\\evil.example/",
    "data:text/plain,x",
    "blob:https://project.example/1",
  ];
  for (const url of others.filter((one) => !one.startsWith("blob:"))) {
    await assertRejects(() => outgoing(url, undefined, base), TypeError, "project only");
  }
  await assertRejects(() => outgoing(new Request(others[0]!), undefined, base), TypeError);
});

Deno.test("outgoing() takes URLs, paths and Requests of the project", async () => {
  const init = { method: "POST", body: "text", headers: { "X-One": "1" } };
  const url = "https://project.example/functions/v1/me";
  for (const input of [url, new URL(url), "/functions/v1/me"]) {
    const made = await outgoing(input, init, base);
    assertEquals([made.url.href, made.method, made.body], [url, "POST", "text"]);
    assertEquals(made.headers.get("x-one"), "1");
  }
  const made = await outgoing(new Request(url, init), undefined, base);
  assertEquals([made.method, made.headers.get("x-one")], ["POST", "1"]);
  assertEquals(await new Response(made.body).text(), "text");
  assertEquals(made.headers.get("content-type"), "text/plain;charset=UTF-8");
  const changed = await outgoing(new Request(url, init), { method: "PUT", body: "new" }, base);
  assertEquals([changed.method, changed.body], ["PUT", "new"]);
});

Deno.test("outgoing() follows no redirect", async () => {
  for (const redirect of [undefined, "follow", "manual"] as const) {
    const init = redirect === undefined ? {} : { redirect };
    assertEquals((await outgoing("/x", init, base)).rest.redirect, "manual");
  }
  assertEquals((await outgoing("/x", { redirect: "error" }, base)).rest.redirect, "error");
});

Deno.test("outgoing() knows what may run twice and what can be sent twice", async () => {
  const of = async (init: RequestInit) => {
    const { repeatable, bodyKept } = await outgoing("/x", init, base);
    return [repeatable, bodyKept];
  };
  for (const method of ["GET", "get", "HEAD", "OPTIONS"]) {
    assertEquals(await of({ method }), [true, true]);
  }
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    assertEquals(await of({ method }), [false, true]);
    const headers = { "Idempotency-Key": "k1" };
    assertEquals(await of({ method, headers }), [true, true]);
  }
  assertEquals(await of({ method: "POST", body: new Blob(["x"]).stream() }), [false, false]);
});

Deno.test("withBody() sends JSON when the body is an object, and anything else as it is", async () => {
  const request = await outgoing("/x", { method: "PUT", body: "old" }, base);
  const made = withBody(request, { nonce: "1" });
  assertEquals([made.body, made.headers.get("content-type")], [
    '{"nonce":"1"}',
    "application/json",
  ]);
  const form = new FormData();
  assertEquals(withBody(request, form).body, form);
  assertEquals(request.headers.get("content-type"), null);
});
