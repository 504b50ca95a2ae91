import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ClaimPath, type ClaimTest, requireClaim } from "../../../shared/mod.ts";
import { assertRefusal, logged } from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

const { insufficient_scope } = GUARD_REFUSALS;
const isPro = (plan: unknown) => plan === "pro";

Deno.test("requireClaim() lets a user through whose token has a claim that passes the test", async () => {
  const cases: [ClaimPath, ClaimTest, Record<string, unknown>][] = [
    ["plan", isPro, { plan: "pro" }],
    [["plan"], (plan) => Promise.resolve(isPro(plan)), { plan: "pro" }],
    [["org", "plan"], isPro, { org: { plan: "pro" } }],
    ["https://x.example/plan", isPro, { "https://x.example/plan": "pro" }],
    ["plan", (plan) => plan === null, { plan: null }],
    ["aal", (aal) => aal === "aal1", {}],
  ];
  for (const [path, test, claims] of cases) {
    assertEquals([path, (await askGuards(requireClaim(path, test), { claims })).status], [
      path,
      200,
    ]);
  }
});

Deno.test("requireClaim() refuses when the test fails, and does not call it when there is no claim", async () => {
  const refused = async (path: ClaimPath, test: ClaimTest, claims: Record<string, unknown>) =>
    await assertRefusal(await askGuards(requireClaim(path, test), { claims }), insufficient_scope);
  await refused("plan", isPro, { plan: "free" });
  await refused("plan", () => Promise.resolve(false), { plan: "pro" });
  let asked = 0;
  const always = () => {
    asked++;
    return true;
  };
  await refused("plan", always, {});
  await refused(["org", "plan"], always, { org: "pro" });
  await refused(["org", "plan"], always, { org: null });
  await refused(["org", "constructor"], always, { org: {} });
  await refused("org.plan", always, { org: { plan: "pro" } });
  assertEquals(asked, 0);
});

Deno.test("requireClaim() reads what Auth returns about the user from the answer, and not from the token", async () => {
  const user = {
    app_metadata: { plan: "free" },
    aud: "authenticated",
    email: "ada@example.com",
    is_anonymous: false,
    phone: "",
    role: "authenticated",
  };
  const stale = {
    app_metadata: { plan: "pro" },
    aud: "other",
    email: "old@example.com",
    is_anonymous: true,
    phone: "1",
    role: "admin",
  };
  for (const name of Object.keys(stale) as (keyof typeof stale)[]) {
    const path: ClaimPath = name === "app_metadata" ? [name, "plan"] : name;
    const [now, before] = name === "app_metadata" ? ["free", "pro"] : [user[name], stale[name]];
    const caller = { user, claims: stale };
    const fresh = await askGuards(requireClaim(path, (value) => value === now), caller);
    assertEquals([name, fresh.status], [name, 200]);
    const guard = requireClaim(path, (value) => value === before);
    await assertRefusal(await askGuards(guard, caller), insufficient_scope);
  }
  // What the answer lacks counts as missing, also where the token still has it.
  const guard = requireClaim(["app_metadata", "plan"], () => true);
  const caller = { user: { app_metadata: {} }, claims: stale };
  await assertRefusal(await askGuards(guard, caller), insufficient_scope);
  const own = requireClaim("sub", (sub) => typeof sub === "string" && sub.length === 36);
  assertEquals((await askGuards(own)).status, 200);
});

Deno.test("requireClaim() refuses when the test throws, rejects or returns anything other than true", async () => {
  const claims = { plan: "pro" };
  const lines = await logged(async () => {
    for (const value of [undefined, null, 1, "true", {}, [true], new Boolean(true)]) {
      const test = (() => value) as unknown as ClaimTest;
      await assertRefusal(
        await askGuards(requireClaim("plan", test), { claims }),
        insufficient_scope,
      );
    }
    const failing: ClaimTest[] = [
      () => {
        throw new Error("broken test");
      },
      () => Promise.reject(new Error("broken test")),
    ];
    for (const test of failing) {
      const response = await askGuards(requireClaim("plan", test), { claims });
      await assertRefusal(response, {
        status: 500,
        code: "internal_error",
        action: "contact_support",
        replay: false,
      });
    }
  });
  assert(lines.includes('requireClaim("plan") returned string instead of true or false'), lines);
  assertEquals(lines.split("broken test").length - 1, 2);
});

Deno.test("requireClaim() throws a TypeError when an argument is wrong", () => {
  const wrong: unknown[][] = [
    [],
    ["plan"],
    ["plan", true],
    ["plan", "pro"],
    ["", isPro],
    [[], isPro],
    [["plan", ""], isPro],
    [["plan", 1], isPro],
    [1, isPro],
    ["user_metadata", isPro],
    [["user_metadata", "plan"], isPro],
  ];
  for (const args of wrong) {
    assertThrows(
      () => (requireClaim as (...args: unknown[]) => unknown)(...args),
      TypeError,
      "requireClaim()",
      JSON.stringify(args),
    );
  }
  assertEquals(requireClaim("plan", isPro).name, "requireClaim");
});
