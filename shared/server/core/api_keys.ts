import { type Allow, DEFAULT_KEY_NAME, type KeyKind, type KeyNames, takesName } from "./allow.ts";
import { looksPublic } from "./credential.ts";
import type { Project } from "./project.ts";
import type { Refusal } from "./verdict.ts";

/** An API key of the project, under the name that modes know it by. */
export interface ApiKey {
  readonly kind: KeyKind;
  readonly name: string;
  readonly key: string;
}

/** Compares keys with those of the project. */
export interface ApiKeyCheck {
  /** The keys of the project that equal this one: none, one, or one under several names. */
  find(apikey: string): Promise<readonly ApiKey[]>;
}

/** The longest key that is compared, in bytes; a header has one byte per character. */
export const MAX_API_KEY_BYTES = 4096;

/**
 * Builds the comparison. Keys are compared by their SHA-256 digest, over all keys of the project and
 * over all of each digest, so that the time it takes says nothing about them.
 *
 * @param keys The keys of the project.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const check = createApiKeyCheck([{ kind: "secret", name: "cron", key: "sb_secret_x" }]);
 * assertEquals((await check.find("sb_secret_x")).map(({ name }) => name), ["cron"]);
 * assertEquals(await check.find("sb_secret_y"), []);
 * ```
 */
export function createApiKeyCheck(keys: readonly ApiKey[]): ApiKeyCheck {
  let digests: Promise<readonly Uint8Array[]> | undefined;
  return {
    async find(apikey) {
      if (apikey.length > MAX_API_KEY_BYTES) return [];
      digests ??= Promise.all(keys.map(({ key }) => digest(key)));
      const [known, given] = await Promise.all([digests, digest(apikey)]);
      const equal = known.map((one) => isEqual(one, given));
      return keys.filter((_, index) => equal[index]);
    },
  };
}

async function digest(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
}

/** Compares two digests of the same length, in constant time: it looks at every byte. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** What the apikey header of a request means on a route. */
export type ApiKeyResult =
  | { readonly kind: "admitted"; readonly apiKey: ApiKey }
  /** There is no key, or one that this route ignores: the other modes decide. */
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const ABSENT: ApiKeyResult = Object.freeze({ kind: "absent" });

/**
 * Reads the apikey header of a request without a user's token.
 *
 * supabase-js sends the publishable key of its client with every call, signed in or not. So a route
 * for users or anybody that allows no publishable key ignores it. Every other key is a credential: it
 * is admitted or refused.
 *
 * @param apikey The header; `null` or empty for none. Two headers arrive joined by a comma.
 * @param allow What the route allows.
 * @param project Whose keys they are.
 * @param check The comparison with them.
 */
export async function readApiKey(
  apikey: string | null,
  allow: Allow,
  project: Project,
  check: ApiKeyCheck,
): Promise<ApiKeyResult> {
  if (apikey === null || apikey === "") return ABSENT;
  if (allow.secret === null && allow.publishable === null) return ABSENT;
  const found = await check.find(apikey);
  const apiKey = found.find(({ kind, name }) => takesName(allow[kind], name));
  if (apiKey !== undefined) return { kind: "admitted", apiKey };
  const isPublic = found.length > 0
    ? found.some(({ kind }) => kind === "publishable")
    : looksPublic(apikey);
  if (isPublic && allow.publishable === null && (allow.user || allow.none)) return ABSENT;
  return { kind: "refused", refusal: refuse(found.length > 0, isPublic, allow, project) };
}

function refuse(isKnown: boolean, isPublic: boolean, allow: Allow, project: Project): Refusal {
  const kinds: readonly KeyKind[] = isPublic ? ["publishable"] : ["secret", "publishable"];
  const missing = kinds.map((kind) => findMissing(allow[kind], kind, project)).find(isDefined);
  const operator = missing === undefined ? {} : { operator: missing };
  if (isKnown) return { ok: false, code: "api_key_not_allowed", ...operator };
  // The caller may have sent the very key that is missing here, so the caller is not to blame.
  return {
    ok: false,
    code: missing === undefined ? "invalid_api_key" : "auth_misconfigured",
    ...operator,
  };
}

function isDefined(value: string | undefined): value is string {
  return value !== undefined;
}

/** For the operator: the name of a key that a route takes and the project does not have. */
function findMissing(
  names: KeyNames | null,
  kind: KeyKind,
  { apiKeys }: Project,
): string | undefined {
  if (names === null) return undefined;
  const known = apiKeys.filter((key) => key.kind === kind).map(({ name }) => name);
  const variable = kind === "secret" ? "SUPABASE_SECRET_KEYS" : "SUPABASE_PUBLISHABLE_KEYS";
  if (names === "*") {
    return known.length > 0
      ? undefined
      : `a route allows "${kind}:*", but ${variable} holds no key: add one, or change \`allow\``;
  }
  const missing = [...names].find((name) => !known.includes(name));
  if (missing === undefined) return undefined;
  const mode = missing === DEFAULT_KEY_NAME ? kind : `${kind}:${missing}`;
  return `a route allows "${mode}", but ${variable} holds no key named "${missing}": ` +
    "add it, or change `allow`";
}
