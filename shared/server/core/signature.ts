import { decodeBase64Url } from "./claims.ts";
import type { KeyStore, PublicKey } from "./key_store.ts";
import type { Candidate } from "./precheck.ts";

/** What a look at a signature tells. It never admits, and it never refuses: it gives priority. */
export type SignatureStatus =
  /** By a key at hand, or because Auth has admitted the token before. */
  | "verified"
  /** By its kind, or because only Auth has the key: HS256, or a key that Auth itself has confirmed. */
  | "unverifiable"
  /** No key at hand confirms it: an id that nobody knows, or a bad signature. Or a key was replaced. */
  | "doubtful";

/** Looks at the signatures of tokens. */
export interface SignatureCheck {
  /**
   * Looks at the signature of a token before the deadline (on the monotonic clock). Never rejects.
   */
  verify(candidate: Candidate, deadlineMs: number): Promise<SignatureStatus>;
  /** Auth has refused a token that could not be verified here: from now on keys are fetched. */
  recordForged(): void;
  /** Auth has admitted a token that was not verified here: it has a key that is not at hand. */
  recordGenuine(candidate: Candidate): Promise<void>;
}

/** Ids of keys that only Auth has, and has confirmed. */
const MAX_CONFIRMED_KEYS = 32;

/**
 * Builds the look at signatures. Until Auth has refused a token, keys are only fetched where
 * `SUPABASE_JWKS` holds some.
 *
 * @param keys The project's public keys.
 * @param hasKeys Whether `SUPABASE_JWKS` holds any.
 */
export function createSignatureCheck(keys: KeyStore, hasKeys: boolean): SignatureCheck {
  const confirmedKeys = new Set<string>();
  const verifying = new Map<string, Promise<SignatureStatus>>();
  let fetchEnabled = hasKeys;

  async function verifyNow(candidate: Candidate): Promise<SignatureStatus> {
    const kid = kidOf(candidate);
    const key = await keys.get(kid);
    if (key === "unusable") return "unverifiable";
    if (key !== undefined && await isSignedBy(key, candidate)) return "verified";
    if (!fetchEnabled) return "unverifiable";
    if (confirmedKeys.has(kid)) {
      void keys.refresh(); // for the next token
      return "unverifiable";
    }
    await keys.refresh();
    const next = await keys.get(kid);
    if (next === key || next === undefined) return "doubtful";
    if (next === "unusable") return "unverifiable";
    return await isSignedBy(next, candidate) ? "verified" : "doubtful";
  }

  async function confirmKey(candidate: Candidate, kid: string): Promise<void> {
    const key = await keys.get(kid);
    if (key !== undefined && key !== "unusable") {
      if (await isSignedBy(key, candidate)) return; // it was only late
      keys.distrust(key);
    }
    confirmedKeys.delete(kid);
    confirmedKeys.add(kid);
    for (const oldest of confirmedKeys) {
      if (confirmedKeys.size <= MAX_CONFIRMED_KEYS) break;
      confirmedKeys.delete(oldest);
    }
  }

  /** The requests of a page come together: they share one verification. */
  function verifyOnce(candidate: Candidate): Promise<SignatureStatus> {
    const { token } = candidate;
    const started = verifying.get(token) ??
      verifyNow(candidate).finally(() => verifying.delete(token));
    verifying.set(token, started);
    return started;
  }

  return {
    async verify(candidate, deadlineMs) {
      const { header: { alg } } = candidate;
      if (typeof alg !== "string" || !ASYMMETRIC.test(alg)) return "unverifiable";
      return await doubtfulAfter(deadlineMs, verifyOnce(candidate));
    },
    recordForged: () => void (fetchEnabled = true),
    async recordGenuine(candidate) {
      const kid = kidOf(candidate);
      const { header: { alg } } = candidate;
      if (kid === "" || typeof alg !== "string" || !ASYMMETRIC.test(alg)) return;
      await confirmKey(candidate, kid);
    },
  };
}

const ASYMMETRIC = /^(?:ES|RS|PS|Ed)/;

/** The key that a token names; empty for none. */
export function kidOf({ header: { kid } }: Pick<Candidate, "header">): string {
  return typeof kid === "string" ? kid : "";
}

async function isSignedBy(key: PublicKey, { token }: Candidate): Promise<boolean> {
  const [header = "", payload = "", signature = ""] = token.split(".");
  try {
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    return await key.verify(decodeBase64Url(signature), signed);
  } catch {
    return false; // not base64url, or not a signature of this algorithm
  }
}

/** Keys may have to be fetched: what is not known in time is for Auth to decide. */
function doubtfulAfter(
  deadlineMs: number,
  verifying: Promise<SignatureStatus>,
): Promise<SignatureStatus> {
  return new Promise((resolve, reject) => {
    const waitMs = Math.max(0, deadlineMs - performance.now());
    const timer = setTimeout(() => resolve("doubtful"), waitMs);
    verifying.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
