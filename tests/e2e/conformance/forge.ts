/** Tokens that no Auth would issue, for what it answers to them. */

import {
  type Claims,
  decodeClaims,
  hmacKey,
  KeyRing,
  signHs256,
} from "../../../supabase/local/jwt.ts";
import { jwtSecret, publicKey, signingKey } from "../../../supabase/local/keys.ts";

const ring = await KeyRing.of(signingKey, jwtSecret);

function base64url(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A token with these claims, signed with the stack's ES256 key. */
export function signed(claims: Claims): Promise<string> {
  return ring.sign(claims);
}

/** The token with claims changed (undefined removes one), signed again with the stack's key. */
export function changed(token: string, change: Claims): Promise<string> {
  return ring.sign({ ...decodeClaims(token), ...change });
}

async function signedByOther(head: Record<string, string>, claims: Claims): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const data = `${base64url(head)}.${base64url(claims)}`;
  const bytes = new TextEncoder().encode(data);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, bytes));
  return `${data}.${signature.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** The forged tokens of the recordings, by the last part of their id. */
export async function forgeries(token: string): Promise<Record<string, string>> {
  const claims = decodeClaims(token);
  const [head = "", payload = "", signature = ""] = token.split(".");
  const now = Math.floor(Date.now() / 1000);
  const es256 = { alg: "ES256", typ: "JWT" };
  const own = { ...es256, kid: signingKey.kid };
  return {
    "not-a-jwt": "not-a-jwt",
    "two-segments": `${head}.${payload}`,
    "payload-not-json": `${head}.${base64url("not json")}.${signature}`,
    "expired": await changed(token, { exp: now - 3600 }),
    "expired-one-second": await changed(token, { exp: now - 1 }),
    "tampered": `${head}.${base64url({ ...claims, role: "service_role" })}.${signature}`,
    "wrong-secret": await signHs256(claims, await hmacKey("another secret of some length")),
    "unknown-kid": await signedByOther({ ...es256, kid: crypto.randomUUID() }, claims),
    "known-kid-bad-signature": await signedByOther(own, claims),
    "hs256-with-public-key": await withPublicKeyAsSecret(claims),
    "alg-none": `${base64url({ alg: "none", typ: "JWT" })}.${payload}.`,
    "no-sub": await changed(token, { sub: undefined }),
    "empty-sub": await changed(token, { sub: "" }),
    "sub-not-uuid": await changed(token, { sub: "me" }),
    "unknown-sub": await changed(token, { sub: crypto.randomUUID() }),
    "no-aud": await changed(token, { aud: undefined }),
    "session-id-unknown": await changed(token, { session_id: crypto.randomUUID() }),
    "session-id-not-uuid": await changed(token, { session_id: "mine" }),
    "nbf-future": await changed(token, { nbf: now + 600 }),
  };
}

/** Odd tokens that Auth takes all the same. */
export async function oddities(token: string, other: string): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  return {
    "legacy-hs256": await signHs256(decodeClaims(token), await hmacKey(jwtSecret)),
    "wrong-aud": await changed(token, { aud: "somebody" }),
    "aud-array": await changed(token, { aud: ["authenticated"] }),
    "session-id-nil": await changed(token, { session_id: "00000000-0000-0000-0000-000000000000" }),
    "no-session-id": await changed(token, { session_id: undefined }),
    "session-of-another-user": await changed(token, { session_id: decodeClaims(other).session_id }),
    "iat-future": await changed(token, { iat: now + 600 }),
    "no-exp": await changed(token, { exp: undefined }),
    "other-issuer": await changed(token, { iss: "https://elsewhere.example" }),
  };
}

/** Algorithm confusion: the public key's text as the secret, under its kid. */
async function withPublicKeyAsSecret(claims: Claims): Promise<string> {
  const key = await hmacKey(JSON.stringify(publicKey()));
  const data = `${base64url({ alg: "HS256", kid: signingKey.kid, typ: "JWT" })}.${
    base64url(claims)
  }`;
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(data));
  return `${data}.${
    new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true })
  }`;
}
