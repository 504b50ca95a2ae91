import { createByteCache } from "./byte_cache.ts";
import type { DecodedToken, Session } from "./claims.ts";
import { estimateBytes } from "./estimate_bytes.ts";
import { secondsSince, type Timestamp } from "./timestamp.ts";
import type { Verdict } from "./verdict.ts";

/** What Auth said about a token, and when it was asked. Frozen, because requests share it. */
export interface CacheEntry extends DecodedToken {
  readonly session: Session | null;
  readonly verdict: Verdict;
  /** When the call began that this is the answer of. */
  readonly beganAt: Timestamp;
}

/** Recent verdicts of Auth on tokens, alive and dead ones apart, each part bounded in bytes. */
export interface VerdictCache {
  /** The entry of a token, however old it is. */
  get(token: string): CacheEntry | undefined;
  /** Takes an entry, unless a newer one is known or the verdict is not about the token. */
  set(token: string, entry: CacheEntry): void;
}

/** How long a dead token is remembered: short, so that a refusal by mistake heals itself. */
export const NEGATIVE_TTL_SECONDS = 5;

/** What alive tokens may take. With dead ones and verified signatures it adds up to 15.5 MiB. */
export const ALIVE_MAX_BYTES = 10.5 * 1024 * 1024;
const DEAD_MAX_BYTES = 3 * 1024 * 1024;

/** Refusals that are a verdict on the token. Every other one is about the way to Auth. */
const CODES_ABOUT_THE_TOKEN = new Set([
  "session_not_found",
  "user_not_found",
  "user_banned",
  "bad_jwt",
  "token_expired",
]);

/**
 * Whether an entry may answer a request.
 *
 * @param entry What is known about the token.
 * @param freshnessSeconds How old an admission may be; 0 for no admission from the cache.
 * @param now By the later clock, seconds since the epoch: no entry outlives the token's `exp`.
 */
export function isFresh(
  { verdict, beganAt, claims }: CacheEntry,
  freshnessSeconds: number,
  now: number,
): boolean {
  if (!verdict.ok) return secondsSince(beganAt) < NEGATIVE_TTL_SECONDS;
  return freshnessSeconds > 0 && secondsSince(beganAt) <= freshnessSeconds &&
    now < (claims.exp ?? Infinity);
}

/** Builds an empty cache. */
export function createVerdictCache(): VerdictCache {
  const alive = createByteCache<CacheEntry>(ALIVE_MAX_BYTES);
  const dead = createByteCache<CacheEntry>(DEAD_MAX_BYTES);
  const get = (token: string) => alive.get(token) ?? dead.get(token);
  return {
    get,
    set(token, entry) {
      const { verdict, claims, beganAt } = entry;
      if (!verdict.ok && !CODES_ABOUT_THE_TOKEN.has(verdict.code)) return;
      const known = get(token);
      if (known !== undefined && known.beganAt.monotonicMs > beganAt.monotonicMs) return;
      alive.delete(token);
      dead.delete(token);
      const bytes = estimateBytes(token, claims, verdict.ok ? verdict.user : null);
      (verdict.ok ? alive : dead).set(token, entry, bytes);
    },
  };
}
