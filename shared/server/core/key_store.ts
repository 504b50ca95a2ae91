import { age, type Moment, moment } from "./timestamp.ts";
import { type Project, readKeySet } from "./project.ts";
import { type Answer, ask } from "./auth_answer.ts";

/** The project's public keys, found by the `kid` that a token names. */
export interface KeyStore {
  /**
   * Looks for a key, fetching the key set where it may have changed.
   *
   * @returns The key; `null` if the project certainly has none of this name; `undefined` if that
   * cannot be known now.
   */
  find(kid: string): Promise<PublicKey | null | undefined>;
  /** Notes that Auth refused a signature: from now on it is worth fetching keys. */
  suspect(): void;
}

/** An asymmetric key, ready to verify. */
export interface PublicKey {
  verify(signature: BufferSource, signed: BufferSource): Promise<boolean>;
}

/** How long a fetched key set says that a name is unknown, in seconds. */
const FRESH = 60;
/** The first pause after a fetch that failed, in seconds; it doubles up to {@linkcode FRESH}. */
const FIRST_PAUSE = 1;
/** Milliseconds that a fetch may take: a question to Auth is always the alternative. */
const TIMEOUT = 1_000;

/** By `kty` and `crv`, and the `alg` that goes with them: all that Supabase Auth signs with. */
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
 * endpoint: never from where a token points (`iss`, `jku`, `x5u`). A rotation needs no restart, an
 * outage keeps the last good keys. Where no forged token has come, nothing is fetched.
 *
 * @param project Whose keys.
 * @param fetch The fetch to use.
 */
export function createKeyStore(project: Project, fetch: typeof globalThis.fetch): KeyStore {
  const given = readKeys(project.jwks);
  let served: Keys = new Map(); // the last good set: a key that Auth serves no more is forgotten
  const known = (kid: string) => given.get(kid) ?? served.get(kid);
  let fetched = NEVER; // when the last good set left Auth
  let pause = FIRST_PAUSE; // after the next fetch that fails
  let rest = { since: NEVER, seconds: 0 };
  let underWay: Promise<void> | undefined;
  let wanted = project.jwks.length > 0; // with keys at hand, a name they lack is suspect

  async function refresh(): Promise<void> {
    const began = moment();
    const url = `${project.url}/auth/v1/.well-known/jwks.json`;
    const headers = { apikey: project.apiKey, "Cache-Control": "no-cache" };
    const answer = await ask(fetch, url, { headers }, TIMEOUT);
    const found = answer.kind === "answer" && answer.status === 200
      ? readKeySet(answer.text)
      : undefined;
    underWay = undefined;
    if (found === undefined) {
      rest = { since: moment(), seconds: pause };
      pause = Math.min(pause * 2, FRESH);
      return;
    }
    pause = FIRST_PAUSE;
    rest = { since: began, seconds: FRESH }; // also where a cache keeps serving an old one
    const old = 1000 * ageOf(answer);
    fetched = { mono: began.mono - old, wall: began.wall - old };
    served = readKeys(found);
  }

  return {
    suspect: () => void (wanted = true),
    async find(kid) {
      const key = known(kid);
      if (key !== undefined) return await key;
      if (!wanted) return undefined;
      if (age(fetched) >= FRESH && age(rest.since) >= rest.seconds) await (underWay ??= refresh());
      const found = known(kid);
      if (found !== undefined) return await found;
      return age(fetched) < FRESH ? null : undefined;
    },
  };
}

type Keys = ReadonlyMap<string, Promise<PublicKey | undefined>>;

function readKeys(jwks: readonly JsonWebKey[]): Keys {
  return new Map(jwks.flatMap((jwk) => {
    const { kid, kty } = jwk as { kid?: string; kty: string };
    return kid === undefined || kty === "oct" ? [] : [[kid, importKey(jwk)]];
  }));
}

/** Seconds that an answer has lain in a cache on the way (RFC 9111, section 5.1); one that cannot
 * be read (two caches, joined) is old. */
function ageOf(answer: Answer): number {
  const told = answer.kind === "answer" ? answer.headers.get("age") : null;
  if (told === null) return 0;
  return /^\d+$/.test(told) ? Number(told) : Infinity;
}

const NEVER: Moment = { mono: -Infinity, wall: -Infinity };

/** `undefined` for a kind of key that we cannot use: Auth can. */
async function importKey(jwk: JsonWebKey): Promise<PublicKey | undefined> {
  const [alg, algorithm] = ALGORITHMS.get([jwk.kty, jwk.crv].filter(Boolean).join(" ")) ?? [];
  if (algorithm === undefined || (jwk.alg !== undefined && jwk.alg !== alg)) return undefined;
  const { d: _, use: __, ...open } = { ...jwk, key_ops: ["verify"] };
  try {
    const key = await crypto.subtle.importKey("jwk", open, algorithm, false, ["verify"]);
    return {
      verify: (signature, signed) => crypto.subtle.verify(algorithm, key, signature, signed),
    };
  } catch {
    return undefined;
  }
}
