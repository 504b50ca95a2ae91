import { boundedMap } from "./bounded_map.ts";
import { decodeBase64Url, decodePart } from "./claims.ts";
import type { KeyStore, PublicKey } from "./key_store.ts";
import type { Candidate } from "./precheck.ts";
import { weigh } from "./weigh.ts";

/** What a look at the signature says. It never admits: `genuine` only spares a second look. */
export type Signature = "genuine" | "forged" | "unknown";

/** Signatures that were checked, and what the genuine tokens hold, in bytes of memory. */
const CHECKED_BYTES = 2 * 1024 * 1024;

/** How long a signature that Auth refused makes others suspect, in milliseconds. */
const WARY_FOR = 60_000;

/** Looks at the signatures of tokens, at each one once. */
export interface SignatureCheck {
  /** What a genuine token holds, so that it need not be decoded again. */
  recall(token: string): Candidate | undefined;
  /** Tells what a token's signature is worth. Never rejects. */
  look(candidate: Candidate): Promise<Signature>;
  /** Whether nobody vouches for a token, at a time when Auth refuses others of its kind. */
  isSuspect(token: string): boolean;
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
  const checked = boundedMap<Candidate | "forged">(CHECKED_BYTES);
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
    checked.set(token, "forged", weigh(token));
    return "forged";
  }

  function vouch(candidate: Candidate): "genuine" {
    checked.set(candidate.token, candidate, weigh(candidate.token, candidate.claims));
    return "genuine";
  }

  /** A page's requests come together: they wait for one look. */
  function lookOnce(candidate: Candidate): Promise<Signature> {
    const { token } = candidate;
    const begun = underWay.get(token) ?? look(candidate).finally(() => underWay.delete(token));
    underWay.set(token, begun);
    return begun;
  }

  function recall(token: string): Candidate | undefined {
    const found = checked.get(token);
    return found === "forged" ? undefined : found;
  }

  return {
    recall,
    async look(candidate) {
      const found = checked.get(candidate.token);
      if (found === undefined) return await lookOnce(candidate);
      return found === "forged" ? found : "genuine";
    },
    isSuspect: (token) => performance.now() - refused < WARY_FOR && recall(token) === undefined,
    learn(candidate, good) {
      if (good) {
        if (checked.get(candidate.token) === undefined) vouch(candidate);
        return;
      }
      refused = performance.now();
      keys.suspect();
    },
  };
}

async function verify(key: PublicKey, signature: string, signed: string): Promise<boolean> {
  try {
    return await key.verify(decodeBase64Url(signature), new TextEncoder().encode(signed));
  } catch {
    return false; // no base64url, or no signature of this algorithm
  }
}
