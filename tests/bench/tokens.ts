// Access tokens as a project with signing keys has them, and those that nobody issued.

/** What a batch of tokens is. */
export type TokenKind =
  | "live"
  /** Issued by Auth, and its session has ended. */
  | "dead"
  /** Issued by Auth, and `exp` was ten minutes ago. */
  | "expired"
  /** A key id of the project, and 64 random bytes for a signature. */
  | "bad_signature"
  /** A key id that nobody knows. */
  | "unknown_kid"
  /** HS256, signed without the secret. */
  | "hs256"
  /** A bearer that is no JWT. */
  | "no_jwt";

/** The kinds that Auth never issued. */
const FORGED: ReadonlySet<TokenKind> = new Set(["bad_signature", "unknown_kid", "hs256"]);

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Signs tokens like one Supabase project. */
export interface Issuer {
  /** What the JWKS endpoint serves. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  /** Makes one token, of a user and a session of its own. */
  mint(kind: TokenKind): Promise<{ readonly token: string; readonly sub: string }>;
}

/**
 * Makes an issuer with a new ES256 key.
 *
 * @param url The project's URL, for `iss`.
 */
export async function createIssuer(url: string): Promise<Issuer> {
  const pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
  const kid = crypto.randomUUID();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const key = { kty, crv, x, y, kid, alg: "ES256", use: "sig", key_ops: ["verify"], ext: true };
  return {
    jwks: { keys: [key as JsonWebKey] },
    async mint(kind) {
      const sub = crypto.randomUUID();
      if (kind === "no_jwt") return { token: base64url(randomBytes(48)), sub };
      const header = {
        alg: kind === "hs256" ? "HS256" : "ES256",
        ...(kind === "hs256" ? {} : { kid: kind === "unknown_kid" ? crypto.randomUUID() : kid }),
        typ: "JWT",
      };
      const signed = `${encode(header)}.${encode(claims(url, sub, kind === "expired"))}`;
      const signature = FORGED.has(kind)
        ? randomBytes(kind === "hs256" ? 32 : 64)
        : await crypto.subtle.sign(ES256, pair.privateKey, new TextEncoder().encode(signed));
      return { token: `${signed}.${base64url(new Uint8Array(signature))}`, sub };
    },
  };
}

/** Every claim that a hosted project writes. */
function claims(url: string, sub: string, expired: boolean) {
  const now = Math.floor(Date.now() / 1000) - (expired ? 4200 : 0);
  const email = `${sub.slice(0, 8)}@example.com`;
  return {
    iss: `${url}/auth/v1`,
    sub,
    aud: "authenticated",
    exp: now + 3600,
    iat: now,
    email,
    phone: "",
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: { email, email_verified: true, phone_verified: false, sub },
    role: "authenticated",
    aal: "aal1",
    amr: [{ method: "password", timestamp: now }],
    session_id: crypto.randomUUID(),
    is_anonymous: false,
  };
}

/** The body of GET /user for a token of {@linkcode Issuer}. */
export function userBody(sub: string): string {
  const at = "2026-11-01T08:00:00.000000Z";
  const email = `${sub.slice(0, 8)}@example.com`;
  const data = { email, email_verified: true, phone_verified: false, sub };
  return JSON.stringify({
    id: sub,
    aud: "authenticated",
    role: "authenticated",
    email,
    email_confirmed_at: at,
    phone: "",
    confirmed_at: at,
    last_sign_in_at: at,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: data,
    identities: [{
      identity_id: sub,
      id: sub,
      user_id: sub,
      identity_data: data,
      provider: "email",
      last_sign_in_at: at,
      created_at: at,
      updated_at: at,
      email,
    }],
    created_at: at,
    updated_at: at,
    is_anonymous: false,
  });
}

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const encode = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
