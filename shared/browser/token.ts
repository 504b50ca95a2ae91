/** What a page may read out of its own access token, unverified. @module */

/** The claims that recovery compares; a claim that is missing or of another type is `undefined`. */
export interface TokenFacts {
  readonly session: string | undefined;
  readonly user: string | undefined;
  /** Seconds since 1970, by Auth's clock. */
  readonly issued: number | undefined;
}

/**
 * Reads a token's claims without verifying it: only Auth decides what they are worth.
 *
 * @param token An access token.
 * @returns What it says; everything `undefined` if it is no JWT.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const token = `e30.${btoa(JSON.stringify({ sub: "ada", session_id: "s1" }))}.sig`;
 * assertEquals(tokenFacts(token), { session: "s1", user: "ada", issued: undefined });
 * ```
 */
export function tokenFacts(token: string): TokenFacts {
  const { session_id, sub, iat } = decode(token);
  return {
    session: typeof session_id === "string" ? session_id : undefined,
    user: typeof sub === "string" ? sub : undefined,
    issued: typeof iat === "number" ? iat : undefined,
  };
}

function decode(token: string): { session_id?: unknown; sub?: unknown; iat?: unknown } {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
