import { createByteCache } from "./byte_cache.ts";
import type { DecodedToken, Session } from "./claims.ts";
import { estimateBytes } from "./estimate_bytes.ts";
import { secondsSince, type Timestamp, timestamp } from "./timestamp.ts";
import type { Verdict } from "./verdict.ts";

/** What is known about a token. Frozen, because requests share it. */
export interface CacheEntry extends DecodedToken {
  readonly session: Session | null;
  /** Whether the signature is good: by a key at hand, or because Auth has admitted the token. */
  readonly isVerified: boolean;
  /** What Auth said last; `null` where that is not kept. */
  readonly verdict: Verdict | null;
  /** When the call to Auth began that was answered last. */
  readonly beganAt: Timestamp;
}

/**
 * Tokens that Auth was asked about: decoded, with what it said. Bounded in bytes, and one user's
 * tokens take a 32nd at most. Tokens whose signature is good are apart from those that a stranger
 * can make up.
 */
export interface TokenCache {
  /** The entry of a token, however old it is. */
  get(token: string): CacheEntry | undefined;
  /** Takes an entry, unless a newer answer is known. */
  set(token: string, entry: CacheEntry): void;
  /**
   * From now on admissions are kept. A function that is strict everywhere keeps none; where one route
   * is not, it profits from the checks of the others.
   */
  keepAdmissions(): void;
  readonly keepsAdmissions: boolean;
}

/** How long a dead token is remembered: short, so that a refusal by mistake heals itself. */
export const NEGATIVE_TTL_SECONDS = 5;

/** What tokens with a good signature may take. With the others it adds up to 15 MiB. */
export const VERIFIED_MAX_BYTES = 12 * 1024 * 1024;
const UNVERIFIED_MAX_BYTES = 3 * 1024 * 1024;

/** Refusals that are a verdict on the token. Every other one is about the way to Auth. */
const CODES_ABOUT_THE_TOKEN = new Set([
  "session_not_found",
  "user_not_found",
  "user_banned",
  "bad_jwt",
  "token_expired",
]);

/** Whether a verdict says something about the token that the next request may be told too. */
export function isCacheable(verdict: Verdict): boolean {
  return verdict.ok || CODES_ABOUT_THE_TOKEN.has(verdict.code);
}

/**
 * The verdict of an entry, if it may answer a request.
 *
 * @param entry What is known about the token.
 * @param freshnessSeconds How old an admission may be; 0 for no admission from the cache.
 * @param now By the later clock, seconds since the epoch: no entry outlives the token's `exp`.
 * @param arrivedAt When the request arrived: the age of the entry is its age then.
 */
export function freshVerdict(
  { verdict, beganAt, claims }: CacheEntry,
  freshnessSeconds: number,
  now: number,
  arrivedAt: Timestamp = timestamp(),
): Verdict | null {
  if (verdict === null || (verdict.ok && freshnessSeconds === 0)) return null;
  const age = secondsSince(beganAt, arrivedAt);
  const isFresh = verdict.ok
    ? age <= freshnessSeconds && now < (claims.exp ?? Infinity)
    : age < NEGATIVE_TTL_SECONDS;
  return isFresh ? verdict : null;
}

/** Builds an empty cache. */
export function createTokenCache(): TokenCache {
  const verified = createByteCache<CacheEntry>(VERIFIED_MAX_BYTES);
  const unverified = createByteCache<CacheEntry>(UNVERIFIED_MAX_BYTES);
  let keepsAdmissions = false;
  const get = (token: string) => verified.get(token) ?? unverified.get(token);
  return {
    get,
    keepAdmissions: () => void (keepsAdmissions = true),
    get keepsAdmissions() {
      return keepsAdmissions;
    },
    set(token, entry) {
      const known = get(token);
      if (known !== undefined && isOlder(entry, known)) return;
      const { claims, verdict, isVerified } = entry;
      (isVerified ? unverified : verified).delete(token);
      const user = verdict?.ok ? verdict.user : null;
      const bytes = estimateBytes(token, claims, user);
      (isVerified ? verified : unverified).set(token, entry, bytes, claims.sub);
    },
  };
}

/** If both calls began at the same time of a coarse clock, the refusal counts as the newer answer. */
function isOlder(entry: CacheEntry, known: CacheEntry): boolean {
  const byMs = entry.beganAt.monotonicMs - known.beganAt.monotonicMs;
  return byMs < 0 || (byMs === 0 && known.verdict?.ok === false && entry.verdict?.ok !== false);
}
