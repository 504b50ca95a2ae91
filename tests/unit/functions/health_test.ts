import { assertEquals } from "@std/assert";
import {
  assertRefusal,
  deferred,
  deployed,
  FakeTime,
  json,
  REFUSALS,
  settle,
} from "../../support/server.ts";

const health = deployed(() => import("../../../functions/health/index.ts"));

let time: FakeTime;
Deno.test.beforeAll(() => void (time = new FakeTime()));
Deno.test.afterAll(() => time[Symbol.dispose]());
/** The answer that the function keeps for five seconds is not of an earlier test. */
Deno.test.beforeEach(() => time.tick(5_000));

const ask = () => health.request("/health");
const asked = async () => (await health.sent()).map(({ method, path }) => `${method} ${path}`);

Deno.test("health answers ok to anybody, with no-store", async () => {
  const response = await ask();
  assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
  assertEquals(response.headers.get("Cache-Control"), "no-store");
  assertEquals(await asked(), ["GET /auth/v1/health"]);
});

Deno.test("health asks Auth once in five seconds when many ask", async () => {
  const gate = deferred<Response>();
  health.answer = () => gate.promise;
  const crowd = Array.from({ length: 20 }, ask);
  await settle();
  gate.resolve(json(200, {}));
  for (const response of crowd) assertEquals((await response).status, 200);
  health.answer = () => json(200, {});
  time.tick(4_999);
  assertEquals((await ask()).status, 200);
  assertEquals((await asked()).length, 1);
  time.tick(1);
  assertEquals((await ask()).status, 200);
  assertEquals((await asked()).length, 2);
});

Deno.test("health answers 503 for five seconds when Auth is down, and recovers", async () => {
  health.answer = () => new Response("<html>", { status: 502 });
  for (let n = 0; n < 3; n++) {
    await assertRefusal(await ask(), { ...REFUSALS.auth_unavailable, replay: false });
  }
  assertEquals((await asked()).length, 1);
  time.tick(5_000);
  health.answer = () => json(200, {});
  assertEquals((await ask()).status, 200);
});
