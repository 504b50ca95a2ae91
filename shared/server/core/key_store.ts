import type { AuthAnswer } from "./auth_answer.ts";
import { boundedFetch } from "./bounded_fetch.ts";
import { type Project, readKeySet } from "./project.ts";
import { secondsSince, type Timestamp, timestamp } from "./timestamp.ts";

/** The project's public keys, found by the `kid` that a token names. */
export interface KeyStore {
  /**
   * Finds a key, fetching the key set where it may have changed.
   *
   * @returns The key; `null` if the project certainly has no key of this id; `undefined` if that
   * cannot be known now.
   */
  find(kid: string): Promise<PublicKey | null | undefined>;
  /** Notes that Auth refused a signature: from now on keys are fetched. */
  enableFetch(): void;
}

/** An asymmetric key, ready to verify. */
export interface PublicKey {
  verify(signature: BufferSource, signed: BufferSource): Promise<boolean>;
}

/** How long a fetched key set is taken to be complete. */
const KEY_SET_TTL_SECONDS = 60;
/** The first pause after a fetch that failed; it doubles up to {@linkcode KEY_SET_TTL_SECONDS}. */
const FIRST_COOLDOWN_SECONDS = 1;
/** How long a fetch may take: asking Auth about the token is always the alternative. */
const FETCH_TIMEOUT_MS = 1_000;

/** By `kty` and `crv`, the `alg` that goes with them: all that Supabase Auth signs with. */
const ALGORITHMS: ReadonlyMap<
  string,
  [alg: string, (EcKeyImportParams & EcdsaParams) | RsaHashedImportParams | Algorithm]
> = new Map([
  ["EC P-256", ["ES256", { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }]],
  ["RSA", ["RS256", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }]],
  ["OKP Ed25519", ["EdDSA", { name: "Ed25519" }]],
]);

/**
 * Builds the key store of a project. Keys come from `SUPABASE_JWKS`, else from the project's own
 * endpoint, never from where a token points (`iss`, `jku`, `x5u`). A rotation needs no restart, and
 * an outage keeps the last good keys. Until a forged token has come, nothing is fetched.
 *
 * @param project Whose keys.
 * @param fetch The fetch to use.
 */
export function createKeyStore(project: Project, fetch: typeof globalThis.fetch): KeyStore {
  const configuredKeys = importKeys(project.jwks);
  let remoteKeys: Keys = new Map(); // the last good set; a key that Auth no longer serves is dropped
  let fetchedAt = NEVER; // when the last good set left Auth
  let cooldown = { since: NEVER, seconds: 0 };
  let nextCooldownSeconds = FIRST_COOLDOWN_SECONDS;
  let refreshing: Promise<void> | undefined;
  // With keys at hand, a token that names another key may be forged.
  let fetchEnabled = project.jwks.length > 0;
  const lookUp = (kid: string) => configuredKeys.get(kid) ?? remoteKeys.get(kid);

  async function refresh(): Promise<void> {
    const beganAt = timestamp();
    const url = `${project.url}/auth/v1/.well-known/jwks.json`;
    const headers = { apikey: project.apiKey, "Cache-Control": "no-cache" };
    const answer = await boundedFetch(fetch, url, { headers }, FETCH_TIMEOUT_MS);
    const jwks = answer.kind === "answer" && answer.status === 200
      ? readKeySet(answer.text)
      : undefined;
    refreshing = undefined;
    if (jwks === undefined) {
      cooldown = { since: timestamp(), seconds: nextCooldownSeconds };
      nextCooldownSeconds = Math.min(nextCooldownSeconds * 2, KEY_SET_TTL_SECONDS);
      return;
    }
    nextCooldownSeconds = FIRST_COOLDOWN_SECONDS;
    cooldown = { since: beganAt, seconds: KEY_SET_TTL_SECONDS }; // also where a cache serves an old set
    const ageMs = 1000 * ageSeconds(answer);
    fetchedAt = { monotonicMs: beganAt.monotonicMs - ageMs, wallMs: beganAt.wallMs - ageMs };
    remoteKeys = importKeys(jwks);
  }

  return {
    enableFetch: () => void (fetchEnabled = true),
    async find(kid) {
      const key = lookUp(kid);
      if (key !== undefined) return await key;
      if (!fetchEnabled) return undefined;
      if (
        secondsSince(fetchedAt) >= KEY_SET_TTL_SECONDS &&
        secondsSince(cooldown.since) >= cooldown.seconds
      ) await (refreshing ??= refresh());
      const fetched = lookUp(kid);
      if (fetched !== undefined) return await fetched;
      return secondsSince(fetchedAt) < KEY_SET_TTL_SECONDS ? null : undefined;
    },
  };
}

/** By `kid`; `undefined` for a kind of key that is not usable here. */
type Keys = ReadonlyMap<string, Promise<PublicKey | undefined>>;

const NEVER: Timestamp = { monotonicMs: -Infinity, wallMs: -Infinity };

function importKeys(jwks: readonly JsonWebKey[]): Keys {
  return new Map(jwks.flatMap((jwk) => {
    const { kid, kty } = jwk as { kid?: string; kty: string };
    return kid === undefined || kty === "oct" ? [] : [[kid, importKey(jwk)]];
  }));
}

/**
 * How long an answer has been in a cache on the way (RFC 9111, section 5.1). An Age that cannot be
 * read, such as that of two caches joined by a comma, counts as old.
 */
function ageSeconds(answer: AuthAnswer): number {
  const age = answer.kind === "answer" ? answer.headers.get("age") : null;
  if (age === null) return 0;
  return /^\d+$/.test(age) ? Number(age) : Infinity;
}

/** `undefined` for a kind of key that is not usable here: Auth can use it. */
async function importKey(jwk: JsonWebKey): Promise<PublicKey | undefined> {
  const [alg, algorithm] = ALGORITHMS.get([jwk.kty, jwk.crv].filter(Boolean).join(" ")) ?? [];
  if (algorithm === undefined || (jwk.alg !== undefined && jwk.alg !== alg)) return undefined;
  const { d: _, use: __, ...publicJwk } = { ...jwk, key_ops: ["verify"] };
  try {
    const key = await crypto.subtle.importKey("jwk", publicJwk, algorithm, false, ["verify"]);
    return {
      verify: (signature, signed) => crypto.subtle.verify(algorithm, key, signature, signed),
    };
  } catch {
    return undefined;
  }
}
