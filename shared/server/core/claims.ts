import { deepFreeze } from "./deep_freeze.ts";
import { parseJsonObject } from "./json.ts";

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

/** The session that a token belongs to, read from its claims. */
export interface Session {
  /** The id of the row in `auth.sessions`. */
  readonly id: string;
  /** Authenticator assurance level: `aal1`, or `aal2` with a second factor. */
  readonly aal: string;
  /** Authentication methods, newest first; `timestamp` in seconds since the epoch, where Auth gives it. */
  readonly amr: readonly { readonly method: string; readonly timestamp?: number }[];
  /** When this token (not the session) was issued, seconds since the epoch. */
  readonly issued: number | null;
  /** When this token (not the session) expires, seconds since the epoch. */
  readonly expires: number;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const NIL_UUID = "00000000-0000-0000-0000-000000000000";
const COMPACT_FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const BEYOND_ASCII = /[\x80-\xff]/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What a token holds. Nobody has verified it: it may only be used to *refuse*. */
export interface DecodedToken {
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
  readonly claims: Claims;
}

/**
 * Decodes a token without verifying anything.
 *
 * @param token The compact form, three base64url parts (RFC 7519, section 3).
 * @returns Header and claims; `null` for what is not a JWT or names no user (no `sub`).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const token = `${btoa('{"alg":"HS256"}')}.${btoa('{"sub":"ada"}')}.c2ln`.replaceAll("=", "");
 * assertEquals(decodeToken(token)?.claims.sub, "ada");
 * assertEquals(decodeToken("not-a-jwt"), null);
 * ```
 */
export function decodeToken(token: string): DecodedToken | null {
  if (!COMPACT_FORM.test(token)) return null;
  const [header, payload] = token.split(".", 2).map(decodeJsonPart);
  if (!header || !payload || typeof payload.sub !== "string" || payload.sub === "") return null;
  return { header, claims: deepFreeze(payload as Claims) };
}

/**
 * Reads the session that Auth can revoke. Without a `session_id` (or with the nil UUID) Auth skips
 * its session check, and without `exp` a token never expires.
 *
 * @param claims Decoded claims.
 * @returns The session, frozen; `null` if the token has none.
 */
export function readSession(claims: Claims): Session | null {
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

/** Decodes base64url without padding (RFC 4648, section 5); throws for anything else. */
export function decodeBase64Url(part: string) {
  return toBytes(decodeToBinary(part));
}

/** The decoded bytes as a string, one character per byte. */
function decodeToBinary(part: string): string {
  return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
}

function toBytes(binary: string) {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The header or the payload of a token; `null` for what is not a JSON object. */
export function decodeJsonPart(part: string): Record<string, unknown> | null {
  try {
    const binary = decodeToBinary(part);
    // Most claims are ASCII, which needs no decoding: that halves the time of this function.
    const text = BEYOND_ASCII.test(binary) ? utf8.decode(toBytes(binary)) : binary;
    return parseJsonObject(text);
  } catch { // not base64url, or not UTF-8
    return null;
  }
}

/** What a legacy API key, which is a JWT, says of itself; `null` for a key of another kind. */
export function decodeLegacyKey(key: string): Record<string, unknown> | null {
  return decodeJsonPart(key.split(".")[1] ?? "");
}

/** Supabase writes `{ method, timestamp }`; RFC 8176 has plain strings. */
function authenticationMethod(entry: unknown): Session["amr"] {
  if (typeof entry === "string") return [{ method: entry }];
  if (typeof entry !== "object" || entry === null) return [];
  const { method, timestamp } = entry as { method?: unknown; timestamp?: unknown };
  if (typeof method !== "string") return [];
  return [typeof timestamp === "number" ? { method, timestamp } : { method }];
}
