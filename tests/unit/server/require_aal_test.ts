import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  auth,
  edgeFunction,
  requireAal,
  type RequireAalOptions,
  type RequiredAal,
} from "../../../shared/mod.ts";
import {
  alive,
  assertRefusal,
  bearer,
  fakeAuth,
  logged,
  now,
  REFUSALS,
  token,
} from "../../support/server.ts";

const VERIFIED = [{ id: "f", status: "verified", factor_type: "totp" }];
const UNVERIFIED = [{ id: "f", status: "unverified", factor_type: "totp" }];
const INSUFFICIENT = {
  status: 401,
  code: "insufficient_aal",
  action: "step_up",
  challenge: "insufficient_user_authentication",
};
const TOO_OLD = { ...INSUFFICIENT, code: "authentication_too_old" };

async function ask(
  [required, options]: [RequiredAal, RequireAalOptions?],
  { factors, ...claims }: Record<string, unknown>,
  ahead = 0,
) {
  const upstream = fakeAuth(() => {
    const response = alive({ factors });
    response.headers.set("Date", new Date(Date.now() + ahead * 1000).toUTCString());
    return response;
  });
  const app = edgeFunction("f", { auth: { ...upstream.options, allowSessionless: true } });
  app.use("/*", requireAal(required, options));
  app.get("/", (c) => c.text("in"));
  const response = await app.request("/f", { headers: bearer(token(claims)) });
  return response;
}

Deno.test("requireAal() lets a user through whose session has the level", async () => {
  const cases: [RequiredAal, Record<string, unknown>][] = [
    ["aal1", {}],
    ["aal1", { aal: undefined }],
    ["aal2", { aal: "aal2", factors: VERIFIED }],
    ["enrolled", {}],
    ["enrolled", { factors: [] }],
    ["enrolled", { factors: UNVERIFIED }],
    ["enrolled", { aal: "aal2", factors: VERIFIED }],
    ["enrolled", { aal: "aal2" }],
  ];
  for (const [required, caller] of cases) {
    assertEquals([required, caller, (await ask([required], caller)).status], [
      required,
      caller,
      200,
    ]);
  }
});

Deno.test("requireAal() asks for a second factor, before the handler, in the form of RFC 9470", async () => {
  const cases: [RequiredAal, Record<string, unknown>][] = [
    ["aal2", { factors: VERIFIED }],
    ["aal2", { aal: "aal1" }],
    ["aal2", { aal: "aal3", factors: VERIFIED }],
    ["aal2", { aal: "aal2" }], // its factor was removed since
    ["aal2", { aal: "aal2", factors: UNVERIFIED }],
    ["aal2", { aal: "aal2", factors: VERIFIED, session_id: undefined }],
    ["enrolled", { factors: VERIFIED }],
    ["enrolled", { factors: VERIFIED, session_id: undefined }],
  ];
  for (const [required, caller] of cases) {
    const response = await ask([required], caller);
    assert(response.headers.get("WWW-Authenticate")?.endsWith(', acr_values="aal2"'));
    const { required_aal } = await assertRefusal(response, INSUFFICIENT);
    assertEquals(required_aal, "aal2");
  }
});

Deno.test("requireAal() asks for a more recent proof, by the newest one", async () => {
  const proof = (...ago: number[]) => ago.map((s) => ({ method: "totp", timestamp: now() - s }));
  const recent = [proof(0), proof(290), proof(5000, 10), proof(10, 5000)];
  for (const amr of recent) {
    assertEquals((await ask(["aal1", { maxAge: 300 }], { amr })).status, 200);
  }
  const old = [proof(310), proof(5000, 400), [...proof(310), "totp", { method: "sso" }]];
  for (const amr of old) {
    const response = await ask(["aal1", { maxAge: 300 }], { amr });
    assert(response.headers.get("WWW-Authenticate")?.endsWith(', max_age="300"'));
    const { max_age } = await assertRefusal(response, TOO_OLD);
    assertEquals(max_age, 300);
  }
  const sessionless = await ask(["aal1", { maxAge: 300 }], { session_id: undefined });
  await assertRefusal(sessionless, TOO_OLD);
});

Deno.test("requireAal() is auth_misconfigured when a hook has dropped what it reads, because no step-up would help", async () => {
  const milliseconds = [{ method: "totp", timestamp: Date.now() }];
  const cases: [[RequiredAal, RequireAalOptions?], Record<string, unknown>, string][] = [
    ...[[], undefined, ["totp"], [{ method: "totp" }], "x", milliseconds].map(
      (amr): [[RequiredAal, RequireAalOptions], Record<string, unknown>, string] => [
        ["aal1", { maxAge: 300 }],
        { amr },
        "amr",
      ],
    ),
    ...[undefined, null, ["aal2"]].map((aal): [[RequiredAal], Record<string, unknown>, string] => [
      ["aal2"],
      { aal, factors: VERIFIED },
      "aal",
    ]),
  ];
  const lines = await logged(async () => {
    for (const [guard, caller] of cases) {
      await assertRefusal(await ask(guard, caller), REFUSALS.auth_misconfigured);
    }
  });
  for (const claim of ["amr", "aal"]) {
    const told = lines.split("\n").filter((line) => line.includes(`a token has no ${claim}`));
    assertEquals([claim, told.length], [claim, 1]);
  }
  assert(lines.split("\n").every((line) => line.includes("custom access token hook")), lines);
});

Deno.test("requireAal() uses Auth's time when the function's clock is wrong", async () => {
  for (const ahead of [-5 * 3600, 5 * 3600]) {
    const proof = (ago: number) => [{ method: "totp", timestamp: now() + ahead - ago }];
    const caller = { exp: now() + ahead + 3600 };
    const recent = await ask(["aal1", { maxAge: 300 }], { ...caller, amr: proof(100) }, ahead);
    assertEquals([ahead, recent.status], [ahead, 200]);
    const old = await ask(["aal1", { maxAge: 300 }], { ...caller, amr: proof(400) }, ahead);
    await assertRefusal(old, TOO_OLD);
  }
});

Deno.test("requireAal() asks for the factor first, then for its age", async () => {
  const stale = [{ method: "totp", timestamp: now() - 1000 }];
  await assertRefusal(await ask(["aal2", { maxAge: 60 }], { amr: stale }), INSUFFICIENT);
  const caller = { amr: stale, aal: "aal2", factors: VERIFIED };
  await assertRefusal(await ask(["aal2", { maxAge: 60 }], caller), TOO_OLD);
});

Deno.test("requireAal() lets nobody through where no auth() ran", async () => {
  const app = edgeFunction("f", { auth: fakeAuth().options, public: ["/"] });
  app.get("/", requireAal("aal1"), (c) => c.text("in"));
  await logged(async () => {
    await assertRefusal(await app.request("/f"), REFUSALS.auth_misconfigured);
  });
});

Deno.test("requireAal() throws a TypeError when an argument is wrong", () => {
  const wrong: [unknown, unknown?][] = [
    ["aal3"],
    [undefined],
    ["AAL2"],
    ["aal2", { maxAge: 0 }],
    ["aal2", { maxAge: -1 }],
    ["aal2", { maxAge: 1.5 }],
    ["aal2", { maxAge: "5" }],
    ["aal2", { maxage: 5 }],
    ["aal2", null],
  ];
  for (const [required, options] of wrong) {
    assertThrows(
      () => requireAal(required as RequiredAal, options as RequireAalOptions),
      TypeError,
      "requireAal()",
    );
  }
  assertEquals(requireAal("aal2").name, "requireAal");
  assertEquals(auth({}).name, "auth");
});
