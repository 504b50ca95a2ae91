/** Tokens that Auth never issues, and what it answers to them. */

import { SignJWT, UnsecuredJWT } from "jose";
import { type Claims, decodeClaims, KeyRing, signHs256 } from "../../../supabase/local/jwt.ts";
import { jwtSecret, publicKey, signingKey } from "../../../supabase/local/keys.ts";
import { encodePart, newSigningKey, now } from "../../support/tokens.ts";

const ring = await KeyRing.of(signingKey, jwtSecret);
const NIL_UUID = "00000000-0000-0000-0000-000000000000";

/** A token with other claims, signed with the stack's key; a claim that is `undefined` goes. */
export function withClaims(token: string, changes: Claims): Promise<string> {
  return ring.sign({ ...decodeClaims(token), ...changes });
}

/** Tokens that Auth refuses, by the last part of a recording's id. */
export async function refusedTokens(token: string): Promise<Record<string, string>> {
  const claims = decodeClaims(token);
  const [header = "", payload = "", signature = ""] = token.split(".");
  const other = await newSigningKey("ES256");
  return {
    "not-a-jwt": "not-a-jwt",
    "two-segments": `${header}.${payload}`,
    "payload-not-json": `${header}.${encodePart("not json")}.${signature}`,
    "expired": await withClaims(token, { exp: now() - 3600 }),
    "expired-one-second": await withClaims(token, { exp: now() - 1 }),
    "tampered": `${header}.${encodePart({ ...claims, role: "service_role" })}.${signature}`,
    "wrong-secret": await signHs256(claims, "another secret of some length"),
    "unknown-kid": await other.sign(claims),
    "known-kid-bad-signature": await other.sign(claims, { kid: signingKey.kid }),
    "hs256-with-public-key": await withPublicKeyAsSecret(claims),
    "alg-none": new UnsecuredJWT({ ...claims }).encode(),
    "no-sub": await withClaims(token, { sub: undefined }),
    "empty-sub": await withClaims(token, { sub: "" }),
    "sub-not-uuid": await withClaims(token, { sub: "me" }),
    "unknown-sub": await withClaims(token, { sub: crypto.randomUUID() }),
    "no-aud": await withClaims(token, { aud: undefined }),
    "session-id-unknown": await withClaims(token, { session_id: crypto.randomUUID() }),
    "session-id-not-uuid": await withClaims(token, { session_id: "mine" }),
    "nbf-future": await withClaims(token, { nbf: now() + 600 }),
  };
}

/** Tokens that Auth accepts, by the last part of a recording's id. */
export async function acceptedTokens(
  token: string,
  tokenOfAnotherUser: string,
): Promise<Record<string, string>> {
  const { session_id } = decodeClaims(tokenOfAnotherUser);
  return {
    "legacy-hs256": await signHs256(decodeClaims(token), jwtSecret),
    "wrong-aud": await withClaims(token, { aud: "somebody" }),
    "aud-array": await withClaims(token, { aud: ["authenticated"] }),
    "session-id-nil": await withClaims(token, { session_id: NIL_UUID }),
    "no-session-id": await withClaims(token, { session_id: undefined }),
    "session-of-another-user": await withClaims(token, { session_id }),
    "iat-future": await withClaims(token, { iat: now() + 600 }),
    "no-exp": await withClaims(token, { exp: undefined }),
    "other-issuer": await withClaims(token, { iss: "https://elsewhere.example" }),
  };
}

/** Algorithm confusion: HS256 under the public key's id, with the text of that key as secret. */
function withPublicKeyAsSecret(claims: Claims): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256", kid: signingKey.kid, typ: "JWT" })
    .sign(new TextEncoder().encode(JSON.stringify(publicKey())));
}
