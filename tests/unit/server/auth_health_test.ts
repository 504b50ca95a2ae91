import { assertEquals, assertRejects } from "@std/assert";
import { authHealth, ProblemError } from "../../../shared/mod.ts";
import { deferred, fakeAuth, inFakeTime, json, settle } from "../../support/server.ts";

Deno.test("authHealth() makes one call per five seconds", () =>
  inFakeTime(async (time) => {
    const { options, calls } = fakeAuth(() => json(200, { name: "GoTrue" }));
    const health = authHealth(options);
    assertEquals(calls.length, 0);
    for (let n = 0; n < 5; n++) await health();
    assertEquals(calls.map(({ url }) => url), ["https://project.example/auth/v1/health"]);
    time.tick(4999);
    await health();
    assertEquals(calls.length, 1);
    time.tick(1);
    await health();
    assertEquals(calls.length, 2);
  }));

Deno.test("authHealth() shares a call under way, and its failure", () =>
  inFakeTime(async (time) => {
    const gate = deferred<Response>();
    const { options, calls } = fakeAuth((_, call) => call === 1 ? gate.promise : json(200, {}));
    const health = authHealth(options);
    const asking = [health(), health(), health()];
    const settled = Promise.allSettled(asking);
    await settle(2);
    gate.resolve(new Response("", { status: 503 }));
    assertEquals((await settled).map(({ status }) => status), ["rejected", "rejected", "rejected"]);
    const error = await assertRejects(health, ProblemError);
    assertEquals([error.code, calls.length], ["auth_unavailable", 1]);
    time.tick(5000);
    await health();
    assertEquals(calls.length, 2);
  }));

Deno.test("authHealth() shares no call between two of its instances", async () => {
  const { options, calls } = fakeAuth(() => json(200, {}));
  await Promise.all([authHealth(options)(), authHealth(options)()]);
  assertEquals(calls.length, 2);
});
