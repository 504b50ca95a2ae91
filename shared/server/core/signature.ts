import { createByteCache } from "./byte_cache.ts";
import { decodeBase64Url } from "./claims.ts";
import type { KeyStore, PublicKey } from "./key_store.ts";
import type { Candidate } from "./precheck.ts";

/** What is known about a signature. It never admits: `verified` only saves a second look. */
export type Signature = "verified" | "forged" | "unknown";

/** Tokens with a good signature; apart from everything that a stranger can fill. */
const VERIFIED_MAX_BYTES = 1024 * 1024;
/** Tokens with a bad signature. */
const FORGED_MAX_BYTES = 512 * 1024;

/** How long a signature that Auth refused makes unverified tokens suspicious. */
const SUSPICION_MS = 60_000;

/** Verifies the signatures of tokens, each of them once. */
export interface SignatureCheck {
  /**
   * Verifies the signature of a token; `unknown` where that is not possible before the deadline (on
   * the monotonic clock). Never rejects.
   */
  verify(candidate: Candidate, deadlineMs: number): Promise<Signature>;
  /** Whether a token was never verified, at a time when Auth refuses signatures. */
  isUnverified(token: string): boolean;
  /** Takes what Auth said about a signature: that it is good, or bad. */
  recordVerdict(token: string, isGood: boolean): void;
}

/**
 * Builds the check that keeps forged tokens away from Auth. A symmetric signature (HS256) is never
 * refused here, because the secret may have changed.
 *
 * @param keys The project's public keys.
 */
export function createSignatureCheck(keys: KeyStore): SignatureCheck {
  const verified = createByteCache<"verified">(VERIFIED_MAX_BYTES);
  const forged = createByteCache<"forged">(FORGED_MAX_BYTES);
  const known = (token: string) => verified.get(token) ?? forged.get(token);
  const verifying = new Map<string, Promise<Signature>>();
  let refusedAtMs = -Infinity; // when Auth last refused a signature

  async function verifyNow({ token, header: { kid } }: Candidate): Promise<Signature> {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const key = await keys.find(typeof kid === "string" ? kid : "");
    if (key === undefined) return "unknown";
    // A key id that a fresh key set lacks may be in the next one: not to be remembered.
    if (key === null) return "forged";
    if (await isSignedBy(key, signature, `${header}.${payload}`)) return markVerified(token);
    forged.set(token, "forged", entryBytes(token));
    return "forged";
  }

  function markVerified(token: string): "verified" {
    verified.set(token, "verified", entryBytes(token));
    return "verified";
  }

  /** The requests of a page come together: they share one verification. */
  function verifyOnce(candidate: Candidate): Promise<Signature> {
    const { token } = candidate;
    const started = verifying.get(token) ??
      verifyNow(candidate).finally(() => verifying.delete(token));
    verifying.set(token, started);
    return started;
  }

  return {
    async verify(candidate, deadlineMs) {
      const { token, header: { alg } } = candidate;
      const earlier = known(token);
      if (earlier !== undefined) return earlier;
      if (typeof alg !== "string" || !ASYMMETRIC.test(alg)) return "unknown";
      return await unknownAfter(deadlineMs, verifyOnce(candidate));
    },
    isUnverified: (token) =>
      verified.get(token) === undefined && performance.now() - refusedAtMs < SUSPICION_MS,
    recordVerdict(token, isGood) {
      if (isGood) {
        if (known(token) === undefined) markVerified(token);
        return;
      }
      refusedAtMs = performance.now();
      keys.enableFetch();
    },
  };
}

const ASYMMETRIC = /^(?:ES|RS|PS|Ed)/;

/** An entry is its token and a word. */
function entryBytes(token: string): number {
  return token.length + 100;
}

/** Keys may have to be fetched: what is not known in time is for Auth to decide. */
function unknownAfter(deadlineMs: number, verifying: Promise<Signature>): Promise<Signature> {
  return new Promise((resolve, reject) => {
    const waitMs = Math.max(0, deadlineMs - performance.now());
    const timer = setTimeout(() => resolve("unknown"), waitMs);
    verifying.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

async function isSignedBy(key: PublicKey, signature: string, signed: string): Promise<boolean> {
  try {
    return await key.verify(decodeBase64Url(signature), new TextEncoder().encode(signed));
  } catch {
    return false; // not base64url, or not a signature of this algorithm
  }
}
