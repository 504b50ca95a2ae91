import { assert, assertEquals } from "@std/assert";
import { decodeClaims, sessionOf } from "../../../../shared/server/core/claims.ts";
import { SESSION_ID, token, USER_ID } from "../../../support/server.ts";

const part = (text: string) =>
  btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const HEADER = part('{"alg":"HS256"}');

Deno.test("decodeClaims() reads the payload, also beyond ASCII and with base64url's own characters", () => {
  const claims = decodeClaims(token({ name: "Zoë Ω 😀", pad: "???>>>~~~" }));
  assertEquals(claims?.sub, USER_ID);
  assertEquals(claims?.name, "Zoë Ω 😀");
  assertEquals(claims?.pad, "???>>>~~~");
});

Deno.test("decodeClaims() answers null for what is no JWT", () => {
  const good = part('{"sub":"ada"}');
  const bad = [
    "",
    ".",
    "..",
    "a.b",
    "a.b.c",
    `${HEADER}.${good}`,
    `${HEADER}.${good}.`,
    `.${good}.c2ln`,
    `${HEADER}..c2ln`,
    `${HEADER}.${good}.c2ln.x`,
    `${HEADER}.${good}.c2ln.`,
    `${HEADER}.${good}=.c2ln`,
    `${HEADER}.${good}.c2+n`,
    `${HEADER}.${good} .c2ln`,
    `${HEADER}.${good}\n.c2ln`,
    `${HEADER}.${part("not json")}.c2ln`,
    `${HEADER}.${part("[]")}.c2ln`,
    `${HEADER}.${part("null")}.c2ln`,
    `${HEADER}.${part('"text"')}.c2ln`,
    `${HEADER}.${part('{"sub":"\xff"}')}.c2ln`, // not UTF-8
    `${HEADER}.A.c2ln`,
    `${part("[]")}.${good}.c2ln`,
    `${part("x")}.${good}.c2ln`,
    "a".repeat(16_000),
    ".".repeat(16_000),
  ];
  for (const text of bad) assertEquals([text, decodeClaims(text)], [text, null]);
});

Deno.test("decodeClaims() answers null for a token that names no user", () => {
  for (const sub of [undefined, null, "", 5, {}, ["ada"], true]) {
    assertEquals(decodeClaims(token({ sub })), null);
  }
  // An inherited name is no claim.
  assertEquals(decodeClaims(`${HEADER}.${part('{"__proto__":{"sub":"ada"}}')}.c2ln`), null);
});

Deno.test("decodeClaims() survives a payload nested as deep as a header can hold", () => {
  const nested = `{"sub":"ada","x":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  assertEquals(decodeClaims(`${HEADER}.${part(nested)}.c2ln`)?.sub, "ada");
});

Deno.test("sessionOf() reads the session, frozen", () => {
  const amr = [{ method: "totp", timestamp: 7 }, { method: "password" }, "otp"];
  const session = sessionOf({
    sub: USER_ID,
    session_id: SESSION_ID,
    exp: 9,
    iat: 8,
    aal: "aal2",
    amr,
  });
  assertEquals(session, {
    id: SESSION_ID,
    aal: "aal2",
    amr: [{ method: "totp", timestamp: 7 }, { method: "password" }, { method: "otp" }],
    issued: 8,
    expires: 9,
  });
  assert(Object.isFrozen(session) && Object.isFrozen(session?.amr));
});

Deno.test("sessionOf() takes aal1, no methods and an unknown issue for what is missing or wrong", () => {
  const bare = { id: SESSION_ID, aal: "aal1", amr: [], issued: null, expires: 9 };
  const claims = { sub: USER_ID, session_id: SESSION_ID, exp: 9 };
  assertEquals(sessionOf(claims), bare);
  const wrong = { aal: 2, amr: "password", iat: "now" } as unknown as Record<string, never>;
  assertEquals(sessionOf({ ...claims, ...wrong }), bare);
  assertEquals(
    sessionOf({ ...claims, amr: [null, 5, {}, { method: 5 }, { method: "otp", timestamp: "x" }] })
      ?.amr,
    [{ method: "otp" }],
  );
});

Deno.test("sessionOf() finds no session that Auth could not revoke", () => {
  const claims = { sub: USER_ID, session_id: SESSION_ID, exp: 9 };
  const unusable: Record<string, unknown>[] = [
    { session_id: undefined },
    { session_id: "" },
    { session_id: "00000000-0000-0000-0000-000000000000" },
    { session_id: "no-uuid" },
    { session_id: `${SESSION_ID}0` },
    { session_id: ` ${SESSION_ID}` },
    { session_id: `${SESSION_ID}\n` },
    { session_id: SESSION_ID.replaceAll("-", "") },
    { session_id: [SESSION_ID] },
    { exp: undefined },
    { exp: "9" },
    { exp: null },
    { exp: NaN },
    { exp: Infinity },
  ];
  for (const change of unusable) assertEquals(sessionOf({ ...claims, ...change }), null);
  assertEquals(sessionOf({ ...claims, session_id: SESSION_ID.toUpperCase() })?.aal, "aal1");
});
