import { assertEquals, assertThrows } from "@std/assert";
import { edgeFunction, requireRole } from "../../../shared/mod.ts";
import { alive, assertRefusal, bearer, fakeAuth, token } from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

const ROLES = requireRole("analyst", { path: ["app_metadata", "roles"] });

Deno.test("requireRole() lets a user through who has one of the roles", async () => {
  const cases: [ReturnType<typeof requireRole>, Record<string, unknown>][] = [
    [requireRole("admin"), { app_metadata: { role: "admin" } }],
    [requireRole("owner", "admin"), { app_metadata: { role: "admin" } }],
    [requireRole("admin"), { app_metadata: { role: ["editor", "admin"] } }],
    [requireRole("admin", {}), { app_metadata: { role: "admin" } }],
    [ROLES, { app_metadata: { roles: ["analyst"] } }],
    [ROLES, { app_metadata: { roles: "analyst" } }],
    [requireRole("a", "b", { path: ["app_metadata", "https://x.example/r", "in"] }), {
      app_metadata: { "https://x.example/r": { in: "b" } },
    }],
    [requireRole("service_admin", { path: ["role"] }), { role: "service_admin" }],
  ];
  for (const [guard, user] of cases) {
    assertEquals([user, (await askGuards(guard, { user })).status], [user, 200]);
  }
});

Deno.test("requireRole() refuses a user who has none of the roles in the expected place", async () => {
  const users: (Record<string, unknown> | undefined)[] = [
    undefined,
    { app_metadata: null },
    { app_metadata: {} },
    { app_metadata: { role: "Admin" } },
    { app_metadata: { role: "admin " } },
    { app_metadata: { role: "admin,owner" } },
    { app_metadata: { role: { admin: true } } },
    { app_metadata: { role: [["admin"], { admin: true }, null] } },
    { app_metadata: { role: true } },
    { app_metadata: { roles: ["admin"] } },
    { app_metadata: ["admin"] },
    { user_metadata: { role: "admin" }, role: "admin" },
  ];
  for (const user of users) {
    await assertRefusal(
      await askGuards(requireRole("admin"), { ...(user && { user }) }),
      GUARD_REFUSALS.insufficient_scope,
    );
  }
  for (const role of ["constructor", "toString", "__proto__"]) {
    const guard = requireRole(role, { path: ["app_metadata", role, "name"] });
    await assertRefusal(
      await askGuards(guard, { user: { app_metadata: {} } }),
      GUARD_REFUSALS.insufficient_scope,
    );
  }
});

Deno.test("requireRole() reads the role that Auth has just returned, and not the token", async () => {
  const claims = { app_metadata: { role: "admin" }, role: "admin" };
  const taken = { user: { app_metadata: {} }, claims };
  await assertRefusal(
    await askGuards(requireRole("admin"), taken),
    GUARD_REFUSALS.insufficient_scope,
  );

  let role: string | undefined = "admin";
  const { options } = fakeAuth(() => alive({ app_metadata: { role } }));
  const app = edgeFunction("f", { auth: options });
  app.get("/", requireRole("admin"), (c) => c.text("in"));
  const headers = bearer(token(claims));
  assertEquals((await app.request("/f", { headers })).status, 200);
  role = undefined; // the same token, a moment later
  await assertRefusal(await app.request("/f", { headers }), GUARD_REFUSALS.insufficient_scope);
  role = "admin";
  assertEquals((await app.request("/f", { headers })).status, 200);
});

Deno.test("requireRole() throws a TypeError when an argument is wrong", () => {
  const wrong: unknown[][] = [
    [],
    [""],
    [1],
    [undefined],
    [null],
    ["admin", undefined],
    ["admin", ""],
    [["admin"]],
    [{ path: ["app_metadata", "role"] }],
    ["admin", null],
    ["admin", {}, "owner"],
    ["admin", { paths: [] }],
    ...[
      "app_metadata.role",
      [],
      [""],
      ["app_metadata"],
      ["app_metadata", ""],
      ["app_metadata", 1],
      ["user_metadata", "role"],
      ["identities", "0"],
      ["email"],
      ["role", "x"],
      null,
    ].map((path) => ["admin", { path }]),
  ];
  for (const args of wrong) {
    assertThrows(
      () => (requireRole as (...args: unknown[]) => unknown)(...args),
      TypeError,
      "requireRole()",
      JSON.stringify(args),
    );
  }
  assertThrows(
    () => (requireRole as (...args: unknown[]) => unknown)("a", { path: ["user_metadata", "r"] }),
    TypeError,
    "users can write user_metadata themselves",
  );
  assertEquals(requireRole("admin").name, "requireRole");
});
