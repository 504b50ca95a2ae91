/** The key values a project hands out, as far as this function knows them. */
export interface ProjectKeys {
  /** Publishable and anon keys: they say which app calls, never which user. */
  readonly public: ReadonlySet<string>;
  /** Secret and service_role keys: they have no place in an Authorization header. */
  readonly secret: ReadonlySet<string>;
}

/** What the Authorization header of a request holds. */
export type Credential =
  /** No header, another scheme, or a public key of the project: three ways to say "no user". */
  | { readonly kind: "none" }
  /** A Bearer header that RFC 6750 does not allow, or two of them, or more than 16 KiB. */
  | { readonly kind: "malformed" }
  /** A secret or service_role key where a user's token belongs. */
  | { readonly kind: "secret_key" }
  | BearerToken;

/** One bearer token, not yet looked into. */
export interface BearerToken {
  readonly kind: "token";
  readonly token: string;
  /** The Authorization header that carries it to Auth: its scheme in the one case that Auth reads. */
  readonly bearer: string;
}

/** Longest Authorization header that is read, in characters. */
export const MAX_HEADER_LENGTH = 16 * 1024;

const SCHEME = "Bearer ";
const NO_TOKEN = [" ", ",", "\t", "\xa0"]; // all that a header can hold and a token cannot
const SECRET_KEY_PREFIX = "sb_secret_";
const NONE: Credential = Object.freeze({ kind: "none" });
const MALFORMED: Credential = Object.freeze({ kind: "malformed" });
const SECRET_KEY: Credential = Object.freeze({ kind: "secret_key" });

/**
 * Reads the Authorization header once. If a bearer is there, it decides: nothing else in the
 * request can stand in for it.
 *
 * @param header The Authorization header, `null` when absent. Two headers arrive joined by a comma.
 * @param keys The project's keys; a bearer means "no user" only if it *equals* a public one.
 * @returns The credential. Never throws.
 *
 * @see RFC 6750, section 2.1; RFC 9110, section 11.6.2
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const keys = { public: new Set(["sb_publishable_x"]), secret: new Set<string>() };
 * const bearer = "Bearer a.b.c";
 * assertEquals(readCredential("bearer a.b.c", keys), { kind: "token", token: "a.b.c", bearer });
 * assertEquals(readCredential("Bearer sb_publishable_x", keys).kind, "none");
 * assertEquals(readCredential("Bearer a.b.c d", keys).kind, "malformed");
 * ```
 */
export function readCredential(header: string | null, keys: ProjectKeys): Credential {
  if (header === null) return NONE;
  if (header.length > MAX_HEADER_LENGTH) return MALFORMED;
  // Two headers, the second a bearer: which one would count must not depend on their order.
  if (!/^bearer(?![^\s,])/i.test(header)) {
    return /,\s*bearer(?![^\s,])/i.test(header) ? MALFORMED : NONE;
  }
  const token = header.slice(SCHEME.length);
  if (header[6] !== " " || token === "" || NO_TOKEN.some((char) => token.includes(char))) {
    return MALFORMED;
  }
  if (keys.public.has(token)) return NONE;
  if (keys.secret.has(token) || token.startsWith(SECRET_KEY_PREFIX)) return SECRET_KEY;
  const bearer = header.startsWith(SCHEME) ? header : SCHEME + token;
  return { kind: "token", token, bearer };
}
