import { assert, assertEquals } from "@std/assert";
import { decodeToken, readSession } from "../../../../shared/server/core/claims.ts";
import { SESSION_ID, token, USER_ID } from "../../../support/server.ts";

const part = (text: string) =>
  btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const HEADER = part('{"alg":"HS256"}');

Deno.test("decodeToken() reads the payload, also beyond ASCII and with base64url's own characters", () => {
  const claims = decodeToken(token({ name: "Zoë Ω 😀", pad: "???>>>~~~" }))?.claims ?? null;
  assertEquals(claims?.sub, USER_ID);
  assertEquals(claims?.name, "Zoë Ω 😀");
  assertEquals(claims?.pad, "???>>>~~~");
});

Deno.test("decodeToken() returns null when the text is not a JWT", () => {
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
  for (const text of bad) assertEquals([text, decodeToken(text)?.claims ?? null], [text, null]);
});

Deno.test("decodeToken() returns null when the token names no user", () => {
  for (const sub of [undefined, null, "", 5, {}, ["ada"], true]) {
    assertEquals(decodeToken(token({ sub }))?.claims ?? null, null);
  }
  // An inherited name is no claim.
  assertEquals(
    decodeToken(`${HEADER}.${part('{"__proto__":{"sub":"ada"}}')}.c2ln`)?.claims ?? null,
    null,
  );
});

Deno.test("decodeToken() decodes a payload that is nested as deep as a header can hold", () => {
  const nested = `{"sub":"ada","x":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  assertEquals(decodeToken(`${HEADER}.${part(nested)}.c2ln`)?.claims.sub, "ada");
});

Deno.test("readSession() reads the session, frozen", () => {
  const amr = [{ method: "totp", timestamp: 7 }, { method: "password" }, "otp"];
  const session = readSession({
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

Deno.test("readSession() takes aal1, no methods and an unknown issue for what is missing or wrong", () => {
  const bare = { id: SESSION_ID, aal: "aal1", amr: [], issued: null, expires: 9 };
  const claims = { sub: USER_ID, session_id: SESSION_ID, exp: 9 };
  assertEquals(readSession(claims), bare);
  const wrong = { aal: 2, amr: "password", iat: "now" } as unknown as Record<string, never>;
  assertEquals(readSession({ ...claims, ...wrong }), bare);
  assertEquals(
    readSession({ ...claims, amr: [null, 5, {}, { method: 5 }, { method: "otp", timestamp: "x" }] })
      ?.amr,
    [{ method: "otp" }],
  );
});

Deno.test("readSession() finds no session that Auth could not revoke", () => {
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
  for (const change of unusable) assertEquals(readSession({ ...claims, ...change }), null);
  assertEquals(readSession({ ...claims, session_id: SESSION_ID.toUpperCase() })?.aal, "aal1");
});
