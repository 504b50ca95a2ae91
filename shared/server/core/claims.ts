import { deepFreeze } from "./deep_freeze.ts";

/** The payload of an access token that names a user. Everything but `sub` may be missing. */
export interface Claims {
  /** The user's id. */
  readonly sub: string;
  /** Expiry, seconds since the epoch. */
  readonly exp?: number;
  /** Issued at, seconds since the epoch. */
  readonly iat?: number;
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly role?: string;
  readonly session_id?: string;
  readonly aal?: string;
  readonly amr?: readonly unknown[];
  readonly [claim: string]: unknown;
}

/** The session a token belongs to, as its claims tell it. */
export interface Session {
  /** The id of the row in `auth.sessions`. */
  readonly id: string;
  /** How strongly the user proved who they are: `aal1`, or `aal2` with a second factor. */
  readonly aal: string;
  /** How they proved it, newest first; `timestamp` in seconds since the epoch, where Auth gives it. */
  readonly amr: readonly { readonly method: string; readonly timestamp?: number }[];
  /** When this token (not the session) was issued, seconds since the epoch. */
  readonly issued: number | null;
  /** When this token (not the session) expires, seconds since the epoch. */
  readonly expires: number;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const NIL_UUID = "00000000-0000-0000-0000-000000000000";
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes a token without verifying anything: what comes back may only be used to *refuse*.
 *
 * @param token The compact form, three base64url parts (RFC 7519, section 3).
 * @returns The claims, or `null` for what is no JWT or names no user (no `sub`).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const token = `${btoa('{"alg":"HS256"}')}.${btoa('{"sub":"ada"}')}.c2ln`.replaceAll("=", "");
 * assertEquals(decodeClaims(token)?.sub, "ada");
 * assertEquals(decodeClaims("not-a-jwt"), null);
 * ```
 */
export function decodeClaims(token: string): Claims | null {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return null;
  const [header, payload] = parts.slice(0, 2).map(decodePart);
  if (!header || !payload || typeof payload.sub !== "string" || payload.sub === "") return null;
  return deepFreeze(payload as Claims);
}

/**
 * The session that Auth can revoke, or `null`: without a `session_id` (or with the nil UUID) Auth
 * skips its session check, and without `exp` a token lives for ever.
 *
 * @param claims Decoded claims.
 * @returns The session, frozen.
 */
export function sessionOf(claims: Claims): Session | null {
  const { session_id: id, exp, iat, aal, amr } = claims;
  if (typeof id !== "string" || !UUID.test(id) || id === NIL_UUID) return null;
  if (typeof exp !== "number" || !Number.isFinite(exp)) return null;
  return deepFreeze({
    id,
    aal: typeof aal === "string" ? aal : "aal1",
    amr: Array.isArray(amr) ? amr.flatMap(authenticationMethod) : [],
    issued: typeof iat === "number" ? iat : null,
    expires: exp,
  });
}

/** Decodes base64url without padding (RFC 4648, section 5); throws for what is none. */
export function decodeBase64Url(part: string) {
  return bytesOf(binaryOf(part));
}

/** Decodes one part of a token; `null` for what is no JSON object. */
export function decodePart(part: string): Record<string, unknown> | null {
  try {
    const binary = binaryOf(part);
    // Claims are ASCII as a rule, and need no second look at each byte then.
    const text = NOT_ASCII.test(binary) ? utf8.decode(bytesOf(binary)) : binary;
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

const NOT_ASCII = /[\x80-\xff]/;

/** One character a byte. */
function binaryOf(part: string): string {
  return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
}

function bytesOf(binary: string) {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Supabase writes `{ method, timestamp }`, RFC 8176 plain strings. */
function authenticationMethod(entry: unknown): Session["amr"] {
  if (typeof entry === "string") return [{ method: entry }];
  if (typeof entry !== "object" || entry === null) return [];
  const { method, timestamp } = entry as { method?: unknown; timestamp?: unknown };
  if (typeof method !== "string") return [];
  return [typeof timestamp === "number" ? { method, timestamp } : { method }];
}
