import { assertEquals } from "@std/assert";
import {
  fetchOnce,
  type OutgoingRequest,
  parseRequest,
  withMembers,
} from "../../../shared/browser/request.ts";

const base = "https://project.example";

/** The body and a header of what is sent. */
async function sent(request: OutgoingRequest): Promise<[string, string | null]> {
  let made: Request | undefined;
  const fake: typeof fetch = (input, init) => {
    made = new Request(input, init);
    return Promise.resolve(new Response());
  };
  await fetchOnce(fake, request, null);
  return [await made?.text() ?? "", made?.headers.get("x-one") ?? null];
}

Deno.test("parseRequest() gives the same request when it gets a URL, a path or a Request", async () => {
  const init = { method: "POST", body: "text", headers: { "X-One": "1" } };
  const url = "https://project.example/functions/v1/me";
  for (const input of [url, new URL(url), "/functions/v1/me"]) {
    const made = parseRequest(input, init, base);
    assertEquals([made.url.href, made.method, made.headers.get("x-one")], [url, "POST", "1"]);
    assertEquals(await sent(made), ["text", "1"]);
  }
  const made = parseRequest(new Request(url, init), undefined, base);
  assertEquals([made.url.href, made.method, made.headers.get("x-one")], [url, "POST", "1"]);
  // A Request can be sent again, body included.
  for (let n = 0; n < 2; n++) assertEquals(await sent(made), ["text", "1"]);
  const changed = parseRequest(new Request(url, init), { method: "PUT", body: "new" }, base);
  assertEquals([changed.method, await sent(changed)], ["PUT", ["new", "1"]]);
});

Deno.test("fetchOnce() keeps the redirect option when there is one", async () => {
  for (const redirect of [undefined, "error"] as const) {
    let passed: unknown = "unset";
    const fake: typeof fetch = (_, init) => {
      passed = init?.redirect;
      return Promise.resolve(new Response());
    };
    await fetchOnce(fake, parseRequest("/x", redirect ? { redirect } : {}, base), null);
    assertEquals(passed, redirect);
  }
});

Deno.test("parseRequest() is repeatable when the method is safe or has an Idempotency-Key", () => {
  const of = (init: RequestInit) => {
    const { repeatable, bodyReusable } = parseRequest("/x", init, base);
    return [repeatable, bodyReusable];
  };
  for (const method of ["GET", "get", "HEAD", "OPTIONS"]) {
    assertEquals(of({ method }), [true, true]);
  }
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    assertEquals(of({ method }), [false, true]);
    const headers = { "Idempotency-Key": "k1" };
    assertEquals(of({ method, headers }), [true, true]);
  }
  assertEquals(of({ method: "POST", body: new Blob(["x"]).stream() }), [false, false]);
  // A stream of Node is no ReadableStream, and fetch takes it with this option.
  assertEquals(of({ method: "POST", body: "", duplex: "half" } as RequestInit), [false, false]);
  assertEquals(of({ method: "POST", duplex: undefined } as RequestInit), [false, true]);
});

Deno.test("withMembers() adds to a JSON body, and replaces it when it is not JSON", async () => {
  const of = (body: string) =>
    withMembers(parseRequest("/x", { method: "PUT", body }, base), { nonce: "1" });
  const made = await of('{"a":1}');
  assertEquals([made.init.body, made.headers.get("content-type")], [
    '{"a":1,"nonce":"1"}',
    "application/json",
  ]);
  assertEquals((await of("text")).init.body, '{"nonce":"1"}');
});

Deno.test("withMembers() adds to the body of a Request", async () => {
  const given = new Request(`${base}/x`, { method: "PUT", body: '{"a":1}' });
  const request = parseRequest(given, {}, base);
  for (const nonce of ["1", "2"]) {
    const { init } = await withMembers(request, { nonce });
    assertEquals(init.body, `{"a":1,"nonce":"${nonce}"}`);
  }
});

Deno.test("fetchOnce() sends the new token in a plain object when there is one", async () => {
  let passed: RequestInit | undefined;
  const fake: typeof fetch = (_, init) => {
    passed = init;
    return Promise.resolve(new Response());
  };
  const request = parseRequest(
    "/x",
    { headers: { "X-One": "1", Authorization: "old" } },
    base,
  );
  await fetchOnce(fake, request, "new");
  assertEquals(passed?.headers, { "x-one": "1", authorization: "Bearer new" });
});
