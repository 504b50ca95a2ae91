// What health() says while Supabase Auth is there, and while it is not.
import assert from "node:assert/strict";
import { fakeAuth, FakeTime } from "../../shared/testing/mod.ts";
import health from "./index.ts";

const ask = () => health.fetch(new Request("http://localhost/health"));

Deno.test("health() tells an outage of Auth, and its end five seconds later", async () => {
  using time = new FakeTime();
  using auth = fakeAuth().install();
  assert.equal((await ask()).status, 200);

  auth.fault = "page";
  time.tick(5_000); // for so long it remembers an answer
  assert.equal((await ask()).status, 503);

  auth.fault = null;
  time.tick(5_000);
  assert.equal((await ask()).status, 200);
});
