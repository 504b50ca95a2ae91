import { assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { limitRequests } from "../../../shared/mod.ts";
import { assertRefusal, inFakeTime } from "../../support/server.ts";

function limited(max = 2) {
  const app = new Hono().get("/", limitRequests({ max, windowSeconds: 300 }), (c) => c.text("in"));
  return async (headers: Record<string, string> = {}) => await app.request("/", { headers });
}
const statuses = async (count: number, ask: () => Promise<Response>) => {
  const seen: number[] = [];
  for (let n = 0; n < count; n++) seen.push((await ask()).status);
  return seen;
};

Deno.test("limitRequests() lets one address use up nothing of another's", () =>
  inFakeTime(async (time) => {
    const ask = limited();
    const from = (address: string) => () => ask({ "CF-Connecting-IP": address });
    assertEquals(await statuses(3, from("192.0.2.1")), [200, 200, 429]);
    assertEquals(await statuses(2, from("192.0.2.2")), [200, 200]);
    time.tick(100_000);
    await assertRefusal(await from("192.0.2.1")(), {
      status: 429,
      code: "over_request_rate_limit",
      action: "retry",
      replay: false,
      retry_after: 200,
    });
    time.tick(200_000);
    assertEquals(await statuses(3, from("192.0.2.1")), [200, 200, 429]);
  }));

Deno.test("limitRequests() takes the networks of one subscriber for one, and the header of the platform first", async () => {
  const ask = limited();
  const v6 = ["2001:db8::1", "2001:db8:0:0:ffff::1", "2001:DB8::"].map((address) =>
    address.toLowerCase()
  );
  const seen: number[] = [];
  for (const address of v6) seen.push((await ask({ "CF-Connecting-IP": address })).status);
  assertEquals(seen, [200, 200, 429]);
  assertEquals((await ask({ "CF-Connecting-IP": "2001:db8:0:1::1" })).status, 200);
  const mapped = ["::ffff:192.0.2.1", "::ffff:c000:202", "64:ff9b::192.0.2.3", "::ffff:192.0.2.4"];
  for (const address of mapped) {
    assertEquals((await ask({ "CF-Connecting-IP": address })).status, 200, address);
  }
  const same = () => ask({ "CF-Connecting-IP": "::FFFF:192.0.2.1" });
  assertEquals(await statuses(2, same), [200, 429]);
  let n = 0;
  const spoofed = () =>
    ask({ "CF-Connecting-IP": "192.0.2.9", "X-Forwarded-For": `10.0.0.${n++}` });
  assertEquals(await statuses(3, spoofed), [200, 200, 429]);
  assertEquals(await statuses(3, () => ask({ "X-Forwarded-For": "192.0.2.7, 10.0.0.1" })), [
    200,
    200,
    429,
  ]);
});

Deno.test("limitRequests() limits nobody where no address is told, and forgets the oldest of many", async () => {
  const ask = limited(1);
  assertEquals(await statuses(3, () => ask()), [200, 200, 200]);
  assertEquals(await statuses(3, () => ask({ "X-Forwarded-For": "unknown" })), [200, 200, 200]);
  const from = (n: number) =>
    ask({ "CF-Connecting-IP": `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` });
  for (let n = 0; n <= 10_000; n++) await from(n);
  assertEquals([(await from(10_000)).status, (await from(0)).status], [429, 200]);
});

Deno.test("limitRequests() throws when an option is missing or wrong", () => {
  for (
    const options of [{}, { max: 1 }, { max: 0, windowSeconds: 1 }, { max: 1, windowSeconds: 0.5 }]
  ) {
    assertThrows(() => limitRequests(options as never), TypeError, "limitRequests(): ");
  }
});
