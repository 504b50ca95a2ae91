import { assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { authHealth, ProblemError } from "../../../shared/mod.ts";
import { deferred, fakeAuth, json, settle } from "../../support/server.ts";

/** Runs with a clock of its own in `performance.now()`. */
async function timed(run: (advance: (ms: number) => void) => Promise<void>) {
  let now = 1000;
  const clock = mock.method(performance, "now", () => now);
  try {
    await run((ms) => now += ms);
  } finally {
    clock.mock.restore();
  }
}

Deno.test("authHealth() asks once in five seconds", () =>
  timed(async (advance) => {
    const { options, calls } = fakeAuth(() => json(200, { name: "GoTrue" }));
    const health = authHealth(options);
    assertEquals(calls.length, 0);
    for (let n = 0; n < 5; n++) await health();
    assertEquals(calls.map(({ url }) => url), ["https://project.example/auth/v1/health"]);
    advance(4999);
    await health();
    assertEquals(calls.length, 1);
    advance(1);
    await health();
    assertEquals(calls.length, 2);
  }));

Deno.test("authHealth() shares a question under way, and a bad answer too", () =>
  timed(async (advance) => {
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
    advance(5000);
    await health();
    assertEquals(calls.length, 2);
  }));

Deno.test("authHealth() keeps two questions apart", async () => {
  const { options, calls } = fakeAuth(() => json(200, {}));
  await Promise.all([authHealth(options)(), authHealth(options)()]);
  assertEquals(calls.length, 2);
});
