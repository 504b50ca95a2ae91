import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { assertRefusal, deferred, deployed, json, REFUSALS, settle } from "../../support/server.ts";

const health = deployed(() => import("../../../functions/health/index.ts"));

let now = 10_000;
Deno.test.beforeAll(() => void mock.method(performance, "now", () => now));
Deno.test.afterAll(() => mock.restoreAll());
/** What was remembered is forgotten before every test. */
Deno.test.beforeEach(() => void (now += 5_000));

const ask = () => health.request("/health");
const asked = async () => (await health.asked()).map(({ method, path }) => `${method} ${path}`);

Deno.test("health says ok to anybody, and no cache keeps it", async () => {
  const response = await ask();
  assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
  assertEquals(response.headers.get("Cache-Control"), "no-store");
  assertEquals(await asked(), ["GET /auth/v1/health"]);
});

Deno.test("health asks once in five seconds, however many ask", async () => {
  const gate = deferred<Response>();
  health.answer = () => gate.promise;
  const crowd = Array.from({ length: 20 }, ask);
  await settle();
  gate.resolve(json(200, {}));
  for (const response of crowd) assertEquals((await response).status, 200);
  health.answer = () => json(200, {});
  now += 4_999;
  assertEquals((await ask()).status, 200);
  assertEquals((await asked()).length, 1);
  now += 1;
  assertEquals((await ask()).status, 200);
  assertEquals((await asked()).length, 2);
});

Deno.test("health tells an outage, remembers it for five seconds, and recovers", async () => {
  health.answer = () => new Response("<html>", { status: 502 });
  for (let n = 0; n < 3; n++) {
    await assertRefusal(await ask(), { ...REFUSALS.auth_unavailable, replay: false });
  }
  assertEquals((await asked()).length, 1);
  now += 5_000;
  health.answer = () => json(200, {});
  assertEquals((await ask()).status, 200);
});
