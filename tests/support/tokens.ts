// The one place where tests make tokens: with jose, and a real key where a signature counts.
import { base64url, exportJWK, generateKeyPair, generateSecret, type JWK, SignJWT } from "jose";

export const USER_ID = "11111111-1111-4111-8111-111111111111";
export const SESSION_ID = "22222222-2222-4222-8222-222222222222";

/** The claims of a token; one that is `undefined` is left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** The current time in seconds, as `exp` and `iat` count it. */
export const now = () => Math.floor(Date.now() / 1000);

/**
 * The claims of an access token as Supabase Auth issues it: live for an hour, of one fixed user.
 *
 * @param changes What is otherwise.
 */
export function accessClaims(changes: Claims = {}): Claims {
  return {
    sub: USER_ID,
    aud: "authenticated",
    role: "authenticated",
    session_id: SESSION_ID,
    aal: "aal1",
    amr: [{ method: "password", timestamp: now() }],
    iat: now(),
    exp: now() + 3600,
    ...changes,
  };
}

/** Encodes a header, claims or any text as one part of a token. */
export function encodePart(part: unknown): string {
  return base64url.encode(typeof part === "string" ? part : JSON.stringify(part));
}

/**
 * A token with an invalid signature, for tests in which a fake Auth decides. It needs no key, so that
 * it is not a promise, unlike a token that jose signs.
 *
 * @param changes Claims that differ from {@linkcode accessClaims}.
 * @param header Its header.
 */
export function token(changes: Claims = {}, header: unknown = { alg: "HS256" }): string {
  return `${encodePart(header)}.${encodePart(accessClaims(changes))}.${encodePart("signature")}`;
}

/** A key that signs tokens, and what a key set shows of it. */
export interface SigningKey {
  /** The public key; for HS256, HS384 and HS512 the secret. */
  readonly jwk: JWK & { readonly kid: string };
  /**
   * Signs a token.
   *
   * @param claims All its claims.
   * @param header What its header has besides `alg`, `kid` and `typ`, or instead of them.
   */
  sign(claims: Claims, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * Makes a new key.
 *
 * @param alg ES256, RS256, HS256 or another algorithm that jose knows.
 * @param kid Its id in the header of its tokens and in a key set.
 */
export async function newSigningKey(
  alg: string,
  kid: string = crypto.randomUUID(),
): Promise<SigningKey> {
  const secret = alg.startsWith("HS");
  const key = secret ? await generateSecret(alg, { extractable: true }) : undefined;
  const pair = key === undefined ? await generateKeyPair(alg, { extractable: true }) : undefined;
  const jwk = { ...await exportJWK(key ?? pair!.publicKey), alg, kid };
  return {
    jwk,
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg, kid, typ: "JWT", ...header })
        .sign(key ?? pair!.privateKey),
  };
}
