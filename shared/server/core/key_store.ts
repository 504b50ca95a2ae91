import { boundedFetch } from "./bounded_fetch.ts";
import { type Project, readKeySet } from "./project.ts";
import { secondsSince, type Timestamp, timestamp } from "./timestamp.ts";

/**
 * The project's public keys, found by the `kid` that a token names. They are a hint: a good signature
 * gives a token priority, and a bad one makes Auth be asked. A set can be old, cached or wrong.
 */
export interface KeyStore {
  /** The key of this id; `undefined` if none is at hand, `unusable` for one that only Auth can use. */
  get(kid: string): Promise<PublicKey | "unusable" | undefined>;
  /** Fetches the key set again, at most once per second, less often while that fails. */
  refresh(): Promise<void>;
  /** Auth has admitted a token that this key does not verify: the key is not the project's. */
  distrust(key: PublicKey): void;
}

/** An asymmetric key, ready to verify. */
export interface PublicKey {
  verify(signature: BufferSource, signed: BufferSource): Promise<boolean>;
}

/** The pause between two fetches; after failures it doubles up to {@linkcode MAX_PAUSE_SECONDS}. */
const PAUSE_SECONDS = 1;
const MAX_PAUSE_SECONDS = 60;
/** How long a fetch may take: asking Auth about the token is always the alternative. */
const FETCH_TIMEOUT_MS = 1_000;
/** A project has a handful of keys; each of them is imported. */
const MAX_KEYS = 32;

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
 * Builds the key store of a project. Keys come from `SUPABASE_JWKS`, and from the project's own
 * endpoint, never from where a token points (`iss`, `jku`, `x5u`). A rotation needs no restart, and
 * an outage keeps the last good keys.
 *
 * @param project Whose keys.
 * @param fetch The fetch to use.
 */
export function createKeyStore(project: Project, fetch: typeof globalThis.fetch): KeyStore {
  let keys = importKeys(project.jwks, new Map());
  const distrusted = new WeakSet<PublicKey>();
  let lastFetch = NEVER;
  let pauseSeconds = PAUSE_SECONDS;
  let refreshing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    lastFetch = timestamp();
    const url = `${project.url}/auth/v1/.well-known/jwks.json`;
    const headers = { apikey: project.apiKey, "Cache-Control": "no-cache" };
    const answer = await boundedFetch(fetch, url, { headers }, FETCH_TIMEOUT_MS);
    refreshing = undefined;
    const jwks = answer.kind === "answer" && answer.status === 200
      ? readKeySet(answer.text)?.filter(isPublic)
      : undefined;
    // A cache, another project or a project without such keys answers an empty set: keep the keys.
    if (jwks === undefined || jwks.length === 0) {
      pauseSeconds = Math.min(pauseSeconds * 2, MAX_PAUSE_SECONDS);
      return;
    }
    pauseSeconds = PAUSE_SECONDS;
    keys = importKeys(jwks, keys);
  }

  return {
    async get(kid) {
      const key = await keys.get(kid)?.key;
      return typeof key === "object" && distrusted.has(key) ? undefined : key;
    },
    distrust: (key) => void distrusted.add(key),
    refresh() {
      if (refreshing === undefined && secondsSince(lastFetch) >= pauseSeconds) {
        refreshing = fetchKeys();
      }
      return refreshing ?? Promise.resolve();
    },
  };
}

/** By `kid`. */
type Keys = ReadonlyMap<
  string,
  { readonly jwk: string; readonly key: Promise<PublicKey | "unusable"> }
>;

const NEVER: Timestamp = { monotonicMs: -Infinity, wallMs: -Infinity };

function isPublic({ kid, kty }: JsonWebKey & { kid?: unknown }): boolean {
  return typeof kid === "string" && kty !== "oct";
}

/** A key that has not changed stays the same object. */
function importKeys(jwks: readonly JsonWebKey[], known: Keys): Keys {
  return new Map(
    jwks.filter(isPublic).slice(0, MAX_KEYS).map((jwk) => {
      const { kid } = jwk as { kid: string };
      const text = JSON.stringify(jwk);
      const same = known.get(kid);
      return [kid, same?.jwk === text ? same : { jwk: text, key: importKey(jwk) }];
    }),
  );
}

async function importKey(jwk: JsonWebKey): Promise<PublicKey | "unusable"> {
  const [alg, algorithm] = ALGORITHMS.get([jwk.kty, jwk.crv].filter(Boolean).join(" ")) ?? [];
  if (algorithm === undefined || (jwk.alg !== undefined && jwk.alg !== alg)) return "unusable";
  const { d: _, use: __, ...publicJwk } = { ...jwk, key_ops: ["verify"] };
  try {
    const key = await crypto.subtle.importKey("jwk", publicJwk, algorithm, false, ["verify"]);
    return {
      verify: (signature, signed) => crypto.subtle.verify(algorithm, key, signature, signed),
    };
  } catch {
    return "unusable";
  }
}
