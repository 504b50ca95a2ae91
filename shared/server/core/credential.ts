import { decodeLegacyKey } from "./claims.ts";

/** The API keys of a project, as far as this function knows them. */
export interface ProjectKeys {
  /** Publishable and anon keys: they name the calling app, never a user. */
  readonly public: ReadonlySet<string>;
  /** Secret and service_role keys: they do not belong into an Authorization header. */
  readonly secret: ReadonlySet<string>;
}

/** What the Authorization header of a request holds. */
export type Credential =
  /** No header, another scheme, or a public key of the project: three ways to say "no user". */
  | { readonly kind: "none" }
  /** A Bearer header that RFC 6750 does not allow, or two headers. */
  | { readonly kind: "malformed" }
  | { readonly kind: "too_large" }
  /** A secret or service_role key where a user's token belongs. */
  | { readonly kind: "secret_key" }
  | BearerToken;

/** A bearer token that nobody has looked into yet. */
export interface BearerToken {
  readonly kind: "token";
  readonly token: string;
}

/** The largest token that is read, in bytes: a header has one per character. */
export const MAX_TOKEN_BYTES = 32 * 1024;

const SCHEME = "Bearer ";
const NOT_IN_A_TOKEN = /[ ,\t\xa0]/; // what a header can hold and a token cannot
const PUBLISHABLE_KEY_PREFIX = "sb_publishable_";
const SECRET_KEY_PREFIX = "sb_secret_";
const NONE: Credential = Object.freeze({ kind: "none" });
const MALFORMED: Credential = Object.freeze({ kind: "malformed" });
const TOO_LARGE: Credential = Object.freeze({ kind: "too_large" });
const SECRET_KEY: Credential = Object.freeze({ kind: "secret_key" });

/**
 * Reads the Authorization header. A bearer that is there decides: nothing else in the request can
 * take its place.
 *
 * @param header The Authorization header, `null` when absent. Two headers arrive joined by a comma.
 * @param keys The project's keys.
 * @param apikey The apikey header. supabase-js sends the key of a client as bearer too, where nobody is
 * signed in: a bearer that equals it is that key, and names no user.
 * @returns The credential. Never throws.
 *
 * @see RFC 6750, section 2.1; RFC 9110, section 11.6.2
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const keys = { public: new Set(["sb_publishable_x"]), secret: new Set<string>() };
 * assertEquals(readCredential("bearer a.b.c", keys), { kind: "token", token: "a.b.c" });
 * assertEquals(readCredential("Bearer sb_publishable_x", keys).kind, "none");
 * assertEquals(readCredential("Bearer a.b.c d", keys).kind, "malformed");
 * ```
 */
export function readCredential(
  header: string | null,
  keys: ProjectKeys,
  apikey: string | null = null,
): Credential {
  if (header === null) return NONE;
  if (header.length > SCHEME.length + MAX_TOKEN_BYTES) return TOO_LARGE;
  // Two headers, the second a bearer: which one counts must not depend on their order.
  if (!/^bearer(?![^\s,])/i.test(header)) {
    return /,\s*bearer(?![^\s,])/i.test(header) ? MALFORMED : NONE;
  }
  const token = header.slice(SCHEME.length);
  if (header[6] !== " " || token === "" || NOT_IN_A_TOKEN.test(token)) return MALFORMED;
  if (keys.public.has(token) || token.startsWith(PUBLISHABLE_KEY_PREFIX)) return NONE;
  if (keys.secret.has(token) || token.startsWith(SECRET_KEY_PREFIX)) return SECRET_KEY;
  return token === apikey ? readUnknownKey(token) : { kind: "token", token };
}

/** Whether the bearer of a header is this key. */
export function isBearer(header: string | null, key: string): boolean {
  return header !== null && header.slice(SCHEME.length) === key;
}

/** A key that this function does not know: the legacy keys are JWTs that name a role and no user. */
function readUnknownKey(key: string): Credential {
  const claims = decodeLegacyKey(key);
  if (claims?.role === "service_role") return SECRET_KEY;
  // Somebody who sends a user's token as key too is refused, not taken for nobody.
  return claims !== null && "sub" in claims ? MALFORMED : NONE;
}

/**
 * Whether a key is one that everybody may have: a publishable one, or a legacy anon key, which is a
 * JWT with a role and without a user.
 */
export function looksPublic(key: string): boolean {
  if (key.startsWith(PUBLISHABLE_KEY_PREFIX)) return true;
  const claims = key.length > MAX_TOKEN_BYTES ? null : decodeLegacyKey(key);
  return claims?.role === "anon" && !("sub" in claims);
}
