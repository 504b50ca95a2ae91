import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { type Context, Hono } from "hono";
import { getRequestId } from "../../../../shared/server/internal/request_id.ts";

async function idOf(inbound: string | null, before?: (c: Context) => void) {
  let id = "";
  const app = new Hono().get("/", (c) => {
    before?.(c);
    id = getRequestId(c);
    assertEquals(getRequestId(c), id); // the same for the whole request
    return c.text("");
  });
  await app.request("/", { headers: inbound === null ? {} : { "X-Request-Id": inbound } });
  return id;
}

Deno.test("getRequestId() takes an inbound id only if it is short and plain", async () => {
  for (const id of ["a", "A-b_c.9", "x".repeat(64)]) assertEquals(await idOf(id), id);
  for (const id of ["x".repeat(65), "a b", "a\tb", "a,b", 'a"b', "é", "a/b", "<b>", "a;b", "a=b"]) {
    assertMatch(await idOf(id), /^[0-9a-f-]{36}$/);
  }
});

Deno.test("getRequestId() makes a new one where none came", async () => {
  const [one, two] = [await idOf(null), await idOf(null)];
  assertMatch(one, /^[0-9a-f-]{36}$/);
  assertNotEquals(one, two);
});

Deno.test("getRequestId() keeps an acceptable one that a middleware set, and only such a one", async () => {
  assertEquals(await idOf("inbound", (c) => c.set("requestId", "theirs")), "theirs");
  for (const bad of ["", "a\nb", "x".repeat(65), 5, {}]) {
    assertEquals(await idOf("inbound", (c) => c.set("requestId", bad as string)), "inbound");
  }
});
