import { DEFAULT_KEY_NAME, type KeyKind } from "./allow.ts";
import type { ApiKey } from "./api_keys.ts";
import { decodeLegacyKey } from "./claims.ts";
import { looksPublic, type ProjectKeys } from "./credential.ts";

/** The variables a function runs with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The Supabase project that a function belongs to, read from its environment. */
export interface Project {
  /** `SUPABASE_URL`, without a slash at its end. */
  readonly url: string;
  /** The key of our own calls: publishable, or the legacy anon key. Never the caller's. */
  readonly apiKey: string;
  readonly keys: ProjectKeys;
  /** The same keys with their names; the legacy ones are named `default`. No public key is secret. */
  readonly apiKeys: readonly ApiKey[];
  /** The key of `supabaseAdmin`: the default one, or any other; `undefined` if there is none. */
  readonly secretKey: string | undefined;
  /** The keys in `SUPABASE_JWKS`; where they are missing, they are fetched. */
  readonly jwks: readonly JsonWebKey[];
}

/** A variable is missing or wrong. The message names it and never holds its value. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/**
 * Reads a project from its environment: the variables that Supabase sets for every Edge Function,
 * hosted or local. An empty variable counts as not set.
 *
 * @param env The variables.
 * @returns The project.
 * @throws {EnvironmentError} A variable is missing or wrong.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const project = readProject({
 *   SUPABASE_URL: "https://abc.supabase.co",
 *   SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_x"}',
 * });
 * assertEquals(project.apiKey, "sb_publishable_x");
 * assertThrows(() => readProject({}), EnvironmentError, "SUPABASE_URL is not set");
 * ```
 */
export function readProject(env: Environment): Project {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;
  const readKeys = (name: string): Record<string, string> => {
    const value = read(name);
    const keys = value === undefined ? {} : readKeyMap(value);
    if (keys !== null) return keys;
    problems.push(`${name} must be a JSON object of keys`);
    return {};
  };
  const readKey = (name: string): string | undefined => {
    const key = read(name);
    if (key === undefined || KEY.test(key)) return key;
    problems.push(`${name} must be a key, which is ASCII without white space`);
    return undefined;
  };

  const url = read("SUPABASE_URL");
  if (url === undefined) problems.push("SUPABASE_URL is not set");
  else if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    problems.push("SUPABASE_URL must be an http(s) URL");
  }
  const publishable = readKeys("SUPABASE_PUBLISHABLE_KEYS");
  // The two without an S are not set by the platform: for whoever runs functions elsewhere.
  const publicKeys: [name: string, key: string | undefined][] = [
    ...Object.values(publishable).map((
      key,
    ): [string, string] => ["SUPABASE_PUBLISHABLE_KEYS", key]),
    ["SUPABASE_PUBLISHABLE_KEY", readKey("SUPABASE_PUBLISHABLE_KEY")],
    ["SUPABASE_ANON_KEY", readKey("SUPABASE_ANON_KEY")],
  ];
  for (const [name, key] of publicKeys) {
    // It would be sent with every call of ours, and would bypass row level security.
    if (key?.startsWith("sb_secret_")) {
      problems.push(`${name} holds a secret key where a publishable one belongs`);
    } else if (decodeLegacyKey(key ?? "")?.role === "service_role") {
      problems.push(`${name} holds the service_role key where the anon key belongs`);
    }
  }
  const secret = readKeys("SUPABASE_SECRET_KEYS");
  const legacySecret = [readKey("SUPABASE_SECRET_KEY"), readKey("SUPABASE_SERVICE_ROLE_KEY")];
  const secretKeys = [...Object.values(secret), ...legacySecret].filter(isSet);
  const apiKey = publishable.default ?? publicKeys.map(([, key]) => key).find(isSet);
  if (apiKey === undefined && problems.length === 0) {
    problems.push("SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY) is not set");
  }
  if (url === undefined || apiKey === undefined || problems.length > 0) {
    throw new EnvironmentError([...new Set(problems)].join("; "));
  }
  const isPublic = (key: string) =>
    publicKeys.some(([, known]) => known === key) || looksPublic(key);
  const apiKeys = [
    ...nameKeys("publishable", publishable, publicKeys.slice(-2).map(([, key]) => key)),
    ...nameKeys("secret", secret, legacySecret).filter(({ key }) => !isPublic(key)),
  ];
  const secrets = apiKeys.filter(({ kind }) => kind === "secret");
  return {
    url: url.replace(/\/+$/, ""),
    apiKey,
    keys: {
      public: new Set(publicKeys.map(([, key]) => key).filter(isSet)),
      secret: new Set(secretKeys),
    },
    apiKeys,
    secretKey: (secrets.find(({ name }) => name === DEFAULT_KEY_NAME) ?? secrets[0])?.key,
    // A key set only saves calls to Auth, so one that cannot be read counts as none.
    jwks: readKeySet(read("SUPABASE_JWKS") ?? "") ?? [],
  };
}

/** Gives keys their names: those of a map have one, the others are named `default`. */
function nameKeys(
  kind: KeyKind,
  named: Readonly<Record<string, string>>,
  others: readonly (string | undefined)[],
): ApiKey[] {
  return [
    ...Object.entries(named).map(([name, key]) => ({ kind, name, key })),
    ...others.filter(isSet).map((key) => ({ kind, name: DEFAULT_KEY_NAME, key })),
  ];
}

/**
 * Reads a JSON Web Key Set (RFC 7517, section 5), or its bare list of keys.
 *
 * @returns Its keys; `undefined` for anything else.
 */
export function readKeySet(text: string): JsonWebKey[] | undefined {
  const value = parseJson(text);
  const keys = isObject(value) && "keys" in value ? value.keys : value;
  return Array.isArray(keys) && keys.every(isJwk) ? keys : undefined;
}

function isJwk(value: unknown): value is JsonWebKey {
  return isObject(value) && "kty" in value && typeof value.kty === "string";
}

/** A key is sent in a header. */
const KEY = /^[!-~]+$/;

/** Keys by their names, without white space around them; `null` for anything else. */
function readKeyMap(text: string): Record<string, string> | null {
  const value = parseJson(text);
  if (!isObject(value) || Array.isArray(value)) return null;
  const keys = Object.entries<unknown>({ ...value }).map(([name, key]) =>
    [name, typeof key === "string" ? key.trim() : ""] as const
  );
  return keys.every(([, key]) => KEY.test(key)) ? Object.fromEntries(keys) : null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined;
}

/** `undefined` for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
