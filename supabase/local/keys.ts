/**
 * The keys that `supabase start` has for every local project. They are public: with them, an app's
 * `.env.local` works on both stacks.
 */

import { base64url } from "jose";

/** The API keys of a stack: the new pair, and the legacy JWTs. */
export interface ApiKeys {
  readonly publishable: string;
  readonly secret: string;
  readonly anon: string;
  readonly serviceRole: string;
}

/** A private ES256 key, with the `kid` of its tokens. */
export interface SigningKey extends JsonWebKey {
  readonly kid: string;
}

/** The secret that legacy HS256 tokens (and the legacy keys) are signed with. */
export const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";

/** The ES256 key that access tokens are signed with. */
export const signingKey: SigningKey = {
  kty: "EC",
  kid: "b81269f1-21d8-4f2e-b719-c2240a840d90",
  use: "sig",
  key_ops: ["sign", "verify"],
  alg: "ES256",
  ext: true,
  crv: "P-256",
  x: "M5Sjqn5zwC9Kl1zVfUUGvv9boQjCGd45G8sdopBExB4",
  y: "P6IXMvA2WYXSHSOMTBH2jsw_9rrzGy89FjPf6oOsIxQ",
  d: "dIhR8wywJlqlua4y_yMq2SLhlFXDZJBCvFrY1DCHyVU",
};

/** The API keys. The legacy ones are `{iss: "supabase-demo", role, exp: 1983812996}`, HS256. */
export const apiKeys: ApiKeys = {
  publishable: "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
  secret: "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
  anon: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." +
    "eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJleHAiOjE5ODM4MTI5OTZ9." +
    "CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0",
  serviceRole: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." +
    "eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImV4cCI6MTk4MzgxMjk5Nn0." +
    "EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU",
};

/**
 * A second secret key, named `cron`: for functions that take a machine by the name of its key. Of
 * `supabase start`, which has one secret key only, there is no such key.
 */
export const cronKey = "sb_secret_local_cron";

/** The public key of {@link signingKey}, as in the JWKS. */
export function publicKey(): JsonWebKey & { kid: string } {
  const { alg, crv, kid, kty, use, x, y } = signingKey;
  return { alg, crv, key_ops: ["verify"], kid, kty, use, x, y } as JsonWebKey & { kid: string };
}

/** SUPABASE_JWKS of a function: the ES256 key, and the HS256 secret without a kid. */
export function functionJwks(): string {
  const k = base64url.encode(jwtSecret);
  return JSON.stringify({ keys: [publicKey(), { kty: "oct", k }] });
}
