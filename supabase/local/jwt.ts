/** Signing and verifying JSON Web Tokens with WebCrypto, and Supabase Auth's words for bad ones. */

import type { SigningKey } from "./keys.ts";

/** The payload of a token. */
export type Claims = Record<string, unknown>;

/** Why a token does not verify, in the words Supabase Auth uses. */
export class BadToken extends Error {}

const encoder = new TextEncoder();
const es256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

function base64url(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function jsonPart(part: string, name: string): Record<string, unknown> {
  try {
    const bytes = Uint8Array.fromBase64(part, { alphabet: "base64url" });
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // One answer for bad base64, bad UTF-8 and bad JSON, below.
  }
  throw new BadToken(`token is malformed: could not JSON decode ${name}`);
}

/** Reads a token's claims without verifying anything. */
export function decodeClaims(token: string): Claims {
  return jsonPart(token.split(".")[1] ?? "", "claim");
}

/** The keys of a stack: signs its tokens, and verifies those it or its legacy secret signed. */
export class KeyRing {
  readonly #kid: string;
  readonly #sign: CryptoKey;
  readonly #verify: CryptoKey;
  readonly #hmac: CryptoKey;

  private constructor(kid: string, sign: CryptoKey, verify: CryptoKey, hmac: CryptoKey) {
    this.#kid = kid;
    this.#sign = sign;
    this.#verify = verify;
    this.#hmac = hmac;
  }

  /** Imports the ES256 key and the HS256 secret. */
  static async of(key: SigningKey, secret: string): Promise<KeyRing> {
    const { d: _, ...open } = key;
    return new KeyRing(
      key.kid,
      await crypto.subtle.importKey("jwk", { ...key, key_ops: ["sign"] }, es256, false, ["sign"]),
      await crypto.subtle.importKey("jwk", { ...open, key_ops: ["verify"] }, es256, false, [
        "verify",
      ]),
      await hmacKey(secret),
    );
  }

  /** Signs an ES256 token that names the key. */
  async sign(claims: Claims): Promise<string> {
    const head = base64url(JSON.stringify({ alg: "ES256", kid: this.#kid, typ: "JWT" }));
    const data = `${head}.${base64url(JSON.stringify(claims))}`;
    const signature = await crypto.subtle.sign(es256, this.#sign, encoder.encode(data));
    return `${data}.${base64url(new Uint8Array(signature))}`;
  }

  /** Checks signature, `exp` and `nbf` in the order Supabase Auth does; throws {@link BadToken}. */
  async verify(token: string, now: number): Promise<Claims> {
    const parts = token.split(".");
    if (parts.length !== 3) {
      throw new BadToken("token is malformed: token contains an invalid number of segments");
    }
    const header = jsonPart(parts[0] ?? "", "header");
    const claims = jsonPart(parts[1] ?? "", "claim");
    await this.#checkSignature(header, parts);
    if (typeof claims.exp === "number" && claims.exp * 1000 <= now) {
      throw new BadToken("token has invalid claims: token is expired");
    }
    if (typeof claims.nbf === "number" && claims.nbf * 1000 > now) {
      throw new BadToken("token has invalid claims: token is not valid yet");
    }
    return claims;
  }

  async #checkSignature(header: Record<string, unknown>, parts: string[]): Promise<void> {
    const { alg, kid } = header;
    if (alg !== "ES256" && alg !== "HS256") {
      throw new BadToken(`token signature is invalid: signing method ${alg} is invalid`);
    }
    // A known kid decides the key, whatever `alg` says: that is what stops algorithm confusion.
    if (kid === this.#kid && alg !== "ES256") {
      throw new BadToken("token signature is invalid: key is of invalid type");
    }
    if (kid !== this.#kid && alg !== "HS256") {
      throw new BadToken(
        "token is unverifiable: error while executing keyfunc: " +
          `unrecognized JWT kid ${kid ?? "<nil>"} for algorithm ${alg}`,
      );
    }
    const data = encoder.encode(`${parts[0]}.${parts[1]}`);
    const signature = signatureBytes(parts[2] ?? "");
    const good = alg === "ES256"
      ? await crypto.subtle.verify(es256, this.#verify, signature, data)
      : await crypto.subtle.verify("HMAC", this.#hmac, signature, data);
    if (!good) throw new BadToken("token signature is invalid: signature is invalid");
  }
}

function signatureBytes(part: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(part, { alphabet: "base64url" });
  } catch {
    throw new BadToken("token is malformed: could not base64 decode signature");
  }
}

/** Imports an HS256 secret. */
export function hmacKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
    "sign",
    "verify",
  ]);
}

/** Signs an HS256 token. */
export async function signHs256(claims: Claims, key: CryptoKey): Promise<string> {
  const head = base64url(JSON.stringify({ alg: "HS256", typ: "JWT" }));
  const data = `${head}.${base64url(JSON.stringify(claims))}`;
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(data));
  return `${data}.${base64url(new Uint8Array(signature))}`;
}
