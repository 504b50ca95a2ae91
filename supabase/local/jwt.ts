/** Signs and verifies JSON Web Tokens; a bad one is refused with the texts of Supabase Auth. */

import { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify, SignJWT } from "jose";
import type { SigningKey } from "./keys.ts";

/** The payload of a token. */
export type Claims = Record<string, unknown>;

/** Why a token does not verify, as Supabase Auth's message says it. */
export class BadToken extends Error {}

/** A key as jose takes it. */
type Key = CryptoKey | Uint8Array;

const encoder = new TextEncoder();

/** Reads a token's claims without verifying anything. */
export function decodeClaims(token: string): Claims {
  try {
    return decodeJwt(token);
  } catch {
    throw new BadToken("token is malformed: could not JSON decode claim");
  }
}

/** Signs an HS256 token. */
export function signHs256(claims: Claims, secret: string): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(encoder.encode(secret));
}

/** The keys of a stack: signs its tokens, and verifies them and those of its legacy secret. */
export class KeyRing {
  readonly #kid: string;
  readonly #privateKey: Key;
  readonly #publicKey: Key;
  readonly #secret: Uint8Array;

  private constructor(kid: string, privateKey: Key, publicKey: Key, secret: Uint8Array) {
    this.#kid = kid;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#secret = secret;
  }

  /** Imports the ES256 key and the HS256 secret. */
  static async of(key: SigningKey, secret: string): Promise<KeyRing> {
    const { d, key_ops: _, ...publicKey } = key;
    return new KeyRing(
      key.kid,
      await importJWK({ ...publicKey, ...(d ? { d } : {}) }, "ES256"),
      await importJWK(publicKey, "ES256"),
      encoder.encode(secret),
    );
  }

  /** Signs an ES256 token whose header names the key. */
  sign(claims: Claims): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: this.#kid, typ: "JWT" })
      .sign(this.#privateKey);
  }

  /**
   * Checks signature, `exp` and `nbf`, in the order in which Supabase Auth does.
   *
   * @param token The token.
   * @param now The time in milliseconds.
   * @throws {BadToken} It does not verify.
   */
  async verify(token: string, now: number): Promise<Claims> {
    if (token.split(".").length !== 3) {
      throw new BadToken("token is malformed: token contains an invalid number of segments");
    }
    const key = this.#keyOf(headerOf(token));
    decodeClaims(token);
    try {
      const { payload } = await jwtVerify(token, key, { currentDate: new Date(now) });
      return payload;
    } catch (error) {
      throw new BadToken(messageOf(error));
    }
  }

  #keyOf({ alg, kid }: { alg?: string; kid?: string }): Key {
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
    return alg === "ES256" ? this.#publicKey : this.#secret;
  }
}

function headerOf(token: string) {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new BadToken("token is malformed: could not JSON decode header");
  }
}

function messageOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "token has invalid claims: token is expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return "token has invalid claims: token is not valid yet";
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "token signature is invalid: signature is invalid";
  }
  return "token is malformed: could not base64 decode signature";
}
