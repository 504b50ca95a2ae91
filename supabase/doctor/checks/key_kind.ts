import { decodeJsonPart } from "../library.ts";

/** What kind of API key a text is. */
export type KeyKind = "publishable" | "secret" | "anon" | "service_role";

/**
 * Tells the kind of an API key; `undefined` for what is none. The keys that every local stack
 * publishes are keys as well: see `published()`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(keyKind("sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"), "publishable");
 * assertEquals(keyKind("sb_secret_"), undefined); // a placeholder
 * ```
 */
export function keyKind(text: string): KeyKind | undefined {
  if (/^sb_publishable_[\w-]{20,}$/.test(text)) return "publishable";
  if (/^sb_secret_[\w-]{20,}$/.test(text) && !PLACEHOLDER.test(text)) return "secret";
  const role = keyClaims(text)?.role;
  return role === "anon" || role === "service_role" ? role : undefined;
}

const PLACEHOLDER = /placeholder|example|dummy|fake|your[_-]|do_not|xxxx|unit_test/i;

/** The claims of a legacy API key, which names a role and no user; `null` for anything else. */
export function keyClaims(text: string): Record<string, unknown> | null {
  if (!/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/.test(text)) return null;
  const claims = decodeJsonPart(text.split(".")[1] ?? "");
  return claims !== null && claims.sub === undefined ? claims : null;
}
