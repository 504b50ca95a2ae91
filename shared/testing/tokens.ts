/** The claims of a token; one that is `undefined` is left out. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** Stands where the signature is: the fake Auth has no keys, and takes this for its own. */
const SIGNATURE = "signature";

/**
 * Encodes a token as the fake Auth issues it. No key signs it: the fake Auth knows its own tokens by
 * a fixed text in the place of the signature.
 *
 * @param claims Its claims.
 * @param header Its header. @default {{ alg: "HS256", typ: "JWT" }}
 * @returns A JWT (RFC 7519) in compact form.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [, payload = ""] = encodeToken({ sub: "me", aal: undefined }).split(".");
 * assertEquals(atob(payload), '{"sub":"me"}');
 * ```
 */
export function encodeToken(
  claims: TokenClaims,
  header: TokenClaims = { alg: "HS256", typ: "JWT" },
): string {
  return [JSON.stringify(header), JSON.stringify(claims), SIGNATURE].map(encodeBase64url).join(
    ".",
  );
}

/** Whether a token ends as those of {@linkcode encodeToken} do. */
export function hasKnownSignature(token: string): boolean {
  return token.endsWith(`.${encodeBase64url(SIGNATURE)}`);
}

/** Reads the claims of a token; `undefined` for what is no JWT. */
export function readClaims(token: string): Record<string, unknown> | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const base64 = parts[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null
      ? claims as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

function encodeBase64url(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
