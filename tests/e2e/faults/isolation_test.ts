import { assertEquals } from "@std/assert";
import { settle } from "../../support/async.ts";
import { alive, bearer, fakeAuth, refuses } from "../../support/fake_auth.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { token } from "../../support/tokens.ts";
import { edgeFunction } from "../../../shared/mod.ts";

Deno.test("edgeFunction() gives 2,000 concurrent requests of 200 users each their own user", async () => {
  using time = new FakeTime();
  const ids = Array.from(
    { length: 200 },
    (_, n) => `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`,
  );
  const byToken = new Map(ids.map((sub, n) => [token({ sub, n }), sub]));
  const { options } = fakeAuth(async ({ headers }) => {
    const jwt = headers.get("authorization")!.slice("Bearer ".length);
    const id = byToken.get(jwt)!;
    // Answers in another order than they were asked for, some of them refusals.
    await new Promise((resolve) => setTimeout(resolve, (Number(id.slice(-12)) * 37) % 500));
    return Number(id.slice(-12)) % 10 === 9 ? refuses(403, "session_not_found") : alive({ id });
  });
  const app = edgeFunction("f", { auth: options });
  app.get("/:id", async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const { user, claims, token } = c.var.auth;
    return c.json({ id: user.id, sub: claims.sub, of: byToken.get(token), for: c.req.param("id") });
  });
  const tokens = [...byToken];
  const answers: Promise<[string, number, unknown]>[] = [];
  for (let n = 0; n < 2000; n++) {
    const [jwt, id] = tokens[(n * 7919) % tokens.length]!;
    const asked = Promise.resolve(app.request(`/f/${id}`, { headers: bearer(jwt) }));
    answers.push(asked.then(async (response) => [id, response.status, await response.json()]));
    if (n % 20 === 0) {
      await settle(1);
      time.tick(5);
    }
  }
  for (let n = 0; n < 200; n++) {
    await settle(1);
    time.tick(10);
  }
  for (const [id, status, body] of await Promise.all(answers)) {
    if (Number(id.slice(-12)) % 10 === 9) assertEquals(status, 401);
    else assertEquals([status, body], [200, { id, sub: id, of: id, for: id }]);
  }
});
