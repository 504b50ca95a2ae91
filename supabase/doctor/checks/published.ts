/**
 * What everybody knows: the keys and secrets that `supabase start` and the self-hosting example
 * publish. Keys are kept as SHA-256: shared/ has no need of them, and no scanner for secrets should
 * stumble over this file.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";

const SECRETS: Readonly<Record<string, string>> = {
  "super-secret-jwt-token-with-at-least-32-characters-long":
    "the JWT secret of every `supabase start`",
  "your-super-secret-jwt-token-with-at-least-32-characters-long":
    "the JWT secret of the self-hosting example",
};

const HASHES: Readonly<Record<string, string>> = {
  "68a3c0689dd52919680c1d3f4a606714b44e2c0c75287fcbfec9908af6ad8b40":
    "the signing key of every `supabase start`",
  "9705102db0d5f99ee08daa19a73e510d9877a2a9add9369da247cbbe6c2a0140":
    "the publishable key of every `supabase start`",
  "c85debb55f2f204d868cc1552c42faa143b4c675f61363ab040dd50b5b5304cd":
    "the secret key of every `supabase start`",
  "bf1725a8f98bea37e88618702e725ba84bd8acdb2647c5e0ed638bfd685791cf":
    "the anon key of every `supabase start`",
  "70541e07fd4f900b66e289f5be55c85f9bef1def4924a5b0c518c45ea1688c12":
    "the service_role key of every `supabase start`",
};

/**
 * Tells whether a key or secret is published, and so protects nothing.
 *
 * @returns What it is, or `undefined`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const secret = "super-secret-jwt-token-with-at-least-32-characters-long";
 * assertEquals(published(secret), "the JWT secret of every `supabase start`");
 * ```
 */
export function published(text: string): string | undefined {
  return SECRETS[text] ?? HASHES[createHash("sha256").update(text).digest("hex")] ?? signedBy(text);
}

/** Tells which published secret signed an HS256 token: anybody can make such a token. */
export function signedBy(token: string): string | undefined {
  const [header, payload, signature, more] = token.split(".");
  if (!signature || more !== undefined) return undefined;
  const secret = Object.keys(SECRETS).find((one) =>
    createHmac("sha256", one).update(`${header}.${payload}`).digest("base64url") === signature
  );
  return secret && `signed with ${SECRETS[secret]}`;
}
