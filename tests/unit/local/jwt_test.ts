import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  BadToken,
  decodeClaims,
  hmacKey,
  KeyRing,
  signHs256,
} from "../../../supabase/local/jwt.ts";
import { apiKeys, functionJwks, jwtSecret, signingKey } from "../../../supabase/local/keys.ts";

const ring = await KeyRing.of(signingKey, jwtSecret);
const now = Date.now();

Deno.test("KeyRing.verify() takes its own tokens and those of the legacy secret", async () => {
  assertEquals(await ring.verify(await ring.sign({ sub: "me" }), now), { sub: "me" });
  const legacy = await signHs256({ sub: "me" }, await hmacKey(jwtSecret));
  assertEquals(await ring.verify(legacy, now), { sub: "me" });
});

Deno.test("apiKeys are what the CLI signs for every local project", async () => {
  for (const [key, role] of [[apiKeys.anon, "anon"], [apiKeys.serviceRole, "service_role"]]) {
    const claims = { iss: "supabase-demo", role, exp: 1983812996 };
    assertStrictEquals(await signHs256(claims, await hmacKey(jwtSecret)), key);
  }
});

Deno.test("KeyRing.verify() lets a known kid decide the algorithm", async () => {
  const head = btoa(JSON.stringify({ alg: "HS256", kid: signingKey.kid, typ: "JWT" }));
  const data = `${head.replaceAll("=", "")}.${btoa(JSON.stringify({ sub: "me" }))}`
    .replaceAll("=", "");
  const key = await hmacKey(jwtSecret);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(data));
  const end = new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true });
  await assertRejects(() => ring.verify(`${data}.${end}`, now), BadToken, "invalid type");
});

Deno.test("KeyRing.verify() counts exp and nbf to the second", async () => {
  const seconds = Math.floor(now / 1000);
  const at = seconds * 1000;
  await ring.verify(await ring.sign({ exp: seconds + 1, nbf: seconds }), at);
  await assertRejects(async () => ring.verify(await ring.sign({ exp: seconds }), at), BadToken);
  await assertRejects(async () => ring.verify(await ring.sign({ nbf: seconds + 1 }), at), BadToken);
});

Deno.test("decodeClaims() refuses what is not JSON in base64url", () => {
  for (const token of ["", "a.b.c", "a.bnVsbA.c", "a.W10.c"]) {
    let thrown: unknown;
    try {
      decodeClaims(token);
    } catch (error) {
      thrown = error;
    }
    assertStrictEquals(thrown instanceof BadToken, true, token);
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
