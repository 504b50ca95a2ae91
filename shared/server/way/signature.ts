import { boundedMap } from "./bounded_map.ts";
import { decodeBase64Url, decodePart } from "./claims.ts";
import type { KeyStore, PublicKey } from "./key_store.ts";

/** What a look at the signature says. It never admits: `genuine` only spares a second look. */
export type Signature = "genuine" | "forged" | "unknown";

/** Signatures that were checked, in bytes of memory. */
const CHECKED_BYTES = 1024 * 1024;

/** How long a signature that Auth refused makes others suspect, in milliseconds. */
const WARY_FOR = 60_000;

/** Looks at the signatures of tokens, at each one once. */
export interface SignatureCheck {
  /** Tells what a token's signature is worth. Never rejects. */
  look(token: string): Promise<Signature>;
  /** Whether nobody vouches for a token, at a time when Auth refuses others of its kind. */
  isSuspect(token: string): boolean;
  /** Notes what Auth said of a token whose signature was unknown: that it is good, or bad. */
  learn(token: string, good: boolean): void;
}

/**
 * Builds the check that keeps forged tokens away from Auth. A symmetric signature (HS256) is never
 * refused here: the secret may be another by now.
 *
 * @param keys The project's public keys.
 */
export function createSignatureCheck(keys: KeyStore): SignatureCheck {
  const checked = boundedMap<Signature>(CHECKED_BYTES);
  let refused = -Infinity; // when Auth last refused a signature
  const underWay = new Map<string, Promise<Signature>>();
  const note = (token: string, found: Signature) => checked.set(token, found, token.length + 100);

  async function look(token: string): Promise<Signature> {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const { alg, kid } = decodePart(header) ?? {};
    if (typeof alg !== "string" || !/^(?:ES|RS|PS|Ed)/.test(alg)) return "unknown";
    const key = await keys.find(typeof kid === "string" ? kid : "");
    if (key === undefined) return "unknown";
    // A name that a fresh key set does not know may be known in a minute: not to be remembered.
    if (key === null) return "forged";
    const found = await verify(key, signature, `${header}.${payload}`) ? "genuine" : "forged";
    note(token, found);
    return found;
  }

  /** A page's requests come together: they wait for one look. */
  function lookOnce(token: string): Promise<Signature> {
    const begun = underWay.get(token) ?? look(token).finally(() => underWay.delete(token));
    underWay.set(token, begun);
    return begun;
  }

  return {
    look: (token) => Promise.resolve(checked.get(token) ?? lookOnce(token)),
    isSuspect: (token) =>
      performance.now() - refused < WARY_FOR && checked.get(token) !== "genuine",
    learn(token, good) {
      if (good) {
        if (!checked.get(token)) note(token, "genuine");
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
