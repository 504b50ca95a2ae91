import { assertEquals } from "@std/assert";
import { fetchOnce, parseRequest, withMembers } from "../../../shared/browser/request.ts";

const base = "https://project.example";

Deno.test("parseRequest() gives the same request when it gets a URL, a path or a Request", async () => {
  const init = { method: "POST", body: "text", headers: { "X-One": "1" } };
  const url = "https://project.example/functions/v1/me";
  for (const input of [url, new URL(url), "/functions/v1/me"]) {
    const made = await parseRequest(input, init, base);
    assertEquals([made.url.href, made.method, made.body], [url, "POST", "text"]);
    assertEquals(made.headers.get("x-one"), "1");
  }
  const made = await parseRequest(new Request(url, init), undefined, base);
  assertEquals([made.method, made.headers.get("x-one")], ["POST", "1"]);
  assertEquals(await new Response(made.body).text(), "text");
  assertEquals(made.headers.get("content-type"), "text/plain;charset=UTF-8");
  const changed = await parseRequest(new Request(url, init), { method: "PUT", body: "new" }, base);
  assertEquals([changed.method, changed.body], ["PUT", "new"]);
});

Deno.test("parseRequest() keeps the redirect option when there is one", async () => {
  assertEquals((await parseRequest("/x", {}, base)).rest.redirect, undefined);
  assertEquals((await parseRequest("/x", { redirect: "error" }, base)).rest.redirect, "error");
});

Deno.test("parseRequest() is repeatable when the method is safe or has an Idempotency-Key", async () => {
  const of = async (init: RequestInit) => {
    const { repeatable, bodyReusable } = await parseRequest("/x", init, base);
    return [repeatable, bodyReusable];
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

Deno.test("withMembers() adds to a JSON body, and replaces it when it is not JSON", async () => {
  const of = async (body: string) =>
    withMembers(await parseRequest("/x", { method: "PUT", body }, base), { nonce: "1" });
  const made = await of('{"a":1}');
  assertEquals([made.body, made.headers.get("content-type")], [
    '{"a":1,"nonce":"1"}',
    "application/json",
  ]);
  assertEquals((await of("text")).body, '{"nonce":"1"}');
});

Deno.test("fetchOnce() sends the new token in a plain object when there is one", async () => {
  let sent: RequestInit | undefined;
  const fake: typeof fetch = (_, init) => {
    sent = init;
    return Promise.resolve(new Response());
  };
  const request = await parseRequest(
    "/x",
    { headers: { "X-One": "1", Authorization: "old" } },
    base,
  );
  await fetchOnce(fake, request, "new");
  assertEquals(sent?.headers, { "x-one": "1", authorization: "Bearer new" });
});
