import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { SignJWT } from "jose";
import { BadToken, decodeClaims, KeyRing, signHs256 } from "../../../supabase/local/jwt.ts";
import { apiKeys, functionJwks, jwtSecret, signingKey } from "../../../supabase/local/keys.ts";

const ring = await KeyRing.of(signingKey, jwtSecret);
const now = Date.now();

Deno.test("KeyRing.verify() accepts its own tokens and those of the legacy secret", async () => {
  assertEquals(await ring.verify(await ring.sign({ sub: "me" }), now), { sub: "me" });
  const legacy = await signHs256({ sub: "me" }, jwtSecret);
  assertEquals(await ring.verify(legacy, now), { sub: "me" });
});

Deno.test("apiKeys are the keys that the CLI signs for every local project", async () => {
  for (const [key, role] of [[apiKeys.anon, "anon"], [apiKeys.serviceRole, "service_role"]]) {
    const claims = { iss: "supabase-demo", role, exp: 1983812996 };
    assertStrictEquals(await signHs256(claims, jwtSecret), key);
  }
});

Deno.test("KeyRing.verify() refuses another algorithm when the kid is known", async () => {
  const token = await new SignJWT({ sub: "me" })
    .setProtectedHeader({ alg: "HS256", kid: signingKey.kid })
    .sign(new TextEncoder().encode(jwtSecret));
  await assertRejects(() => ring.verify(token, now), BadToken, "invalid type");
});

Deno.test("KeyRing.verify() compares exp and nbf to the second", async () => {
  const seconds = Math.floor(now / 1000);
  const at = seconds * 1000;
  await ring.verify(await ring.sign({ exp: seconds + 1, nbf: seconds }), at);
  await assertRejects(async () => ring.verify(await ring.sign({ exp: seconds }), at), BadToken);
  await assertRejects(async () => ring.verify(await ring.sign({ nbf: seconds + 1 }), at), BadToken);
});

Deno.test("decodeClaims() throws when the payload is not a JSON object in base64url", () => {
  for (const token of ["", "a.b.c", "a.bnVsbA.c", "a.W10.c"]) {
    assertThrows(() => decodeClaims(token), BadToken);
  }
});

Deno.test("functionJwks() holds the public key and the secret, and no private key", () => {
  const { keys } = JSON.parse(functionJwks());
  assertEquals(keys.map((key: JsonWebKey) => [key.kty, key.d]), [
    ["EC", undefined],
    ["oct", undefined],
  ]);
  assertStrictEquals(atob(keys[1].k), jwtSecret);
});
