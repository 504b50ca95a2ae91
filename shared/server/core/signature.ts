import { boundedMap } from "./byte_cache.ts";
import { decodeBase64Url, decodePart } from "./claims.ts";
import type { KeyStore, PublicKey } from "./key_store.ts";
import type { Candidate } from "./precheck.ts";
import { weigh } from "./estimate_bytes.ts";

/** What a look at the signature says. It never admits: `genuine` only spares a second look. */
export type Signature = "genuine" | "forged" | "unknown";

/** Bearers with a good signature, in bytes of memory. Apart from all that a stranger can fill. */
const GENUINE_BYTES = 1024 * 1024;
/** What they hold: how much that is, is the user's choice. */
const DECODED_BYTES = 1024 * 1024;
/** Bearers with a bad signature. */
const FORGED_BYTES = 512 * 1024;

/** How long a signature that Auth refused makes others suspect, in milliseconds. */
const WARY_FOR = 60_000;

/** Looks at the signatures of tokens, at each one once. */
export interface SignatureCheck {
  /** What a genuine bearer holds, so that its header need not be read and decoded again. */
  recall(authorization: string | null): Candidate | undefined;
  /**
   * Tells what a token's signature is worth; `unknown` where that takes longer than the deadline (on
   * the monotonic clock, ms). Never rejects.
   */
  look(candidate: Candidate, deadline: number): Promise<Signature>;
  /** Whether nobody vouches for a bearer, at a time when Auth refuses others of its kind. */
  isSuspect(bearer: string): boolean;
  /** Notes what Auth said of a token whose signature was unknown: that it is good, or bad. */
  learn(candidate: Candidate, good: boolean): void;
}

/**
 * Builds the check that keeps forged tokens away from Auth. A symmetric signature (HS256) is never
 * refused here: the secret may be another by now.
 *
 * @param keys The project's public keys.
 */
export function createSignatureCheck(keys: KeyStore): SignatureCheck {
  const genuine = boundedMap<"genuine">(GENUINE_BYTES);
  const forged = boundedMap<"forged">(FORGED_BYTES);
  const decoded = boundedMap<Candidate>(DECODED_BYTES);
  const checked = (bearer: string) => genuine.get(bearer) ?? forged.get(bearer);
  let refused = -Infinity; // when Auth last refused a signature
  const underWay = new Map<string, Promise<Signature>>();

  async function look(candidate: Candidate): Promise<Signature> {
    const { token } = candidate;
    const [header = "", payload = "", signature = ""] = token.split(".");
    const { alg, kid } = decodePart(header) ?? {};
    if (typeof alg !== "string" || !/^(?:ES|RS|PS|Ed)/.test(alg)) return "unknown";
    const key = await keys.find(typeof kid === "string" ? kid : "");
    if (key === undefined) return "unknown";
    // A name that a fresh key set does not know may be known in a minute: not to be remembered.
    if (key === null) return "forged";
    if (await verify(key, signature, `${header}.${payload}`)) return vouch(candidate);
    forged.set(candidate.bearer, "forged", bytesOf(candidate.bearer));
    return "forged";
  }

  function vouch(candidate: Candidate): "genuine" {
    const { bearer, claims } = candidate;
    genuine.set(bearer, "genuine", bytesOf(bearer));
    decoded.set(bearer, candidate, weigh(bearer, claims));
    return "genuine";
  }

  /** A page's requests come together: they wait for one look. */
  function lookOnce(candidate: Candidate): Promise<Signature> {
    const { bearer } = candidate;
    const begun = underWay.get(bearer) ?? look(candidate).finally(() => underWay.delete(bearer));
    underWay.set(bearer, begun);
    return begun;
  }

  return {
    recall: (authorization) => authorization === null ? undefined : decoded.get(authorization),
    async look(candidate, deadline) {
      return checked(candidate.bearer) ?? await by(deadline, lookOnce(candidate));
    },
    isSuspect: (bearer) =>
      genuine.get(bearer) === undefined && performance.now() - refused < WARY_FOR,
    learn(candidate, good) {
      if (good) {
        if (checked(candidate.bearer) === undefined) vouch(candidate);
        return;
      }
      refused = performance.now();
      keys.suspect();
    },
  };
}

/** The bearer is the key of its entry, which holds a word. */
function bytesOf(bearer: string): number {
  return bearer.length + 100;
}

/** Keys may have to be fetched: what is not known in time is for Auth to say. */
function by(deadline: number, look: Promise<Signature>): Promise<Signature> {
  return new Promise((resolve, reject) => {
    const left = Math.max(0, deadline - performance.now());
    const timer = setTimeout(() => resolve("unknown"), left);
    look.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

async function verify(key: PublicKey, signature: string, signed: string): Promise<boolean> {
  try {
    return await key.verify(decodeBase64Url(signature), new TextEncoder().encode(signed));
  } catch {
    return false; // no base64url, or no signature of this algorithm
  }
}
