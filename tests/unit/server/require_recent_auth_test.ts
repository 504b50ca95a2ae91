import { assert, assertEquals, assertThrows } from "@std/assert";
import { requireRecentAuth } from "../../../shared/mod.ts";
import { assertRefusal, logged, now, REFUSALS } from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

const ago = (...seconds: number[]) =>
  seconds.map((s) => ({ method: "password", timestamp: now() - s }));

Deno.test("requireRecentAuth() goes by the newest authentication, whatever the order", async () => {
  for (const amr of [ago(0), ago(290), ago(5000, 10), ago(10, 5000), [...ago(10), "totp"]]) {
    const response = await askGuards(requireRecentAuth(300), { claims: { amr } });
    assertEquals([amr, response.status], [amr, 200]);
  }
  for (const amr of [ago(310), ago(5000, 400)]) {
    const response = await askGuards(requireRecentAuth(300), { claims: { amr } });
    assert(response.headers.get("WWW-Authenticate")?.endsWith(', max_age="300"'));
    const { max_age } = await assertRefusal(response, GUARD_REFUSALS.authentication_too_old);
    assertEquals(max_age, 300);
  }
});

Deno.test("requireRecentAuth() asks for a step-up when a token has no session", async () => {
  const response = await askGuards(requireRecentAuth(300), { claims: { session_id: undefined } });
  await assertRefusal(response, GUARD_REFUSALS.authentication_too_old);
});

Deno.test("requireRecentAuth() is auth_misconfigured when no authentication in amr has a time", async () => {
  const far = [{ method: "totp", timestamp: Date.now() }]; // milliseconds
  await logged(async () => {
    for (const amr of [undefined, [], ["pwd"], [{ method: "totp" }], "x", null, far]) {
      const response = await askGuards(requireRecentAuth(300), { claims: { amr } });
      await assertRefusal(response, REFUSALS.auth_misconfigured);
    }
  });
});

Deno.test("requireRecentAuth() throws a TypeError when the seconds are not a whole number of at least 1", () => {
  for (const seconds of [0, -1, 1.5, NaN, Infinity, "300", undefined, null]) {
    assertThrows(() => requireRecentAuth(seconds as number), TypeError, "requireRecentAuth()");
  }
  assertEquals(requireRecentAuth(1).name, "requireRecentAuth");
});
