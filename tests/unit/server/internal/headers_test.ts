import { assertEquals, assertStrictEquals } from "@std/assert";
import { Hono } from "hono";
import { addToList, editHeaders } from "../../../../shared/server/internal/headers.ts";

Deno.test("addToList() adds what is missing, in any case, and nothing twice", () => {
  const list = (present: string | null, names: string[]) => {
    const headers = new Headers(present === null ? {} : { Vary: present });
    addToList(headers, "Vary", names);
    return headers.get("Vary");
  };
  assertEquals(list(null, ["Origin"]), "Origin");
  assertEquals(list("Accept", ["Origin"]), "Accept, Origin");
  assertEquals(list("Accept,origin", ["Origin"]), "Accept,origin");
  assertEquals(list("X-Origin", ["Origin"]), "X-Origin, Origin");
  assertEquals(list("a , B", ["b", "c", "A"]), "a , B, c");
});

Deno.test("editHeaders() changes headers in place where it can", async () => {
  const made = new Response("x");
  const app = new Hono().use(async (c, next) => {
    await next();
    editHeaders(c, (headers) => headers.set("X-A", "b"));
    assertStrictEquals(c.res, made);
  }).get("/", () => made);
  assertEquals((await app.request("/")).headers.get("X-A"), "b");
});

Deno.test("editHeaders() makes a new response of one that cannot be changed", async () => {
  const app = new Hono().use(async (c, next) => {
    await next();
    editHeaders(c, (headers) => headers.set("X-A", "b"));
  }).get("/", () => Response.redirect("https://app.example/x", 307));
  const response = await app.request("/");
  assertEquals([response.status, response.headers.get("X-A"), response.headers.get("Location")], [
    307,
    "b",
    "https://app.example/x",
  ]);
});
