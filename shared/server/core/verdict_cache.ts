import { boundedMap } from "./byte_cache.ts";
import type { Claims, Session } from "./claims.ts";
import { age, type Moment } from "./timestamp.ts";
import type { Verdict } from "./verdict.ts";
import { weigh } from "./estimate_bytes.ts";

/** What Auth said about a token, and when it was asked. Frozen, because requests share it. */
export interface Memo {
  readonly claims: Claims;
  readonly session: Session | null;
  readonly verdict: Verdict;
  /** When the check began that this is the answer of. */
  readonly began: Moment;
}

/** Recent answers of Auth: of living tokens and of dead ones, each bounded in bytes. */
export interface Memory {
  /** What is remembered of a token, however old. */
  recall(token: string): Memo | undefined;
  /**
   * Takes an answer, unless a newer one is known. Only Auth's own verdict on the token counts.
   */
  note(token: string, memo: Memo): void;
}

/** How long a dead token is remembered, in seconds: short, so that a false alarm heals itself. */
export const DEAD_FOR = 5;

/** What each part may hold, in bytes: 13.5 MiB, and 2.5 MiB of checked signatures beside them. */
export const LIVE_BYTES = 10.5 * 1024 * 1024;
const DEAD_BYTES = 3 * 1024 * 1024;

/** Refusals that are a verdict on the token; every other one is about the way to Auth. */
const DEADLY = new Set([
  "session_not_found",
  "user_not_found",
  "user_banned",
  "bad_jwt",
  "token_expired",
]);

/**
 * Whether a memory serves a request.
 *
 * @param memo What is remembered.
 * @param freshness Seconds an admission may be old; 0 for not at all.
 * @param now By the later clock, seconds since the epoch: a token never lives past its `exp`.
 */
export function serves({ verdict, began, claims }: Memo, freshness: number, now: number): boolean {
  if (!verdict.ok) return age(began) < DEAD_FOR;
  return freshness > 0 && age(began) <= freshness && now < (claims.exp ?? Infinity);
}

/** Builds an empty memory. */
export function createMemory(): Memory {
  const live = boundedMap<Memo>(LIVE_BYTES);
  const dead = boundedMap<Memo>(DEAD_BYTES);
  return {
    recall: (token) => live.get(token) ?? dead.get(token),
    note(token, memo) {
      const { verdict } = memo;
      if (!verdict.ok && !DEADLY.has(verdict.code)) return;
      const known = live.get(token) ?? dead.get(token);
      if (known !== undefined && known.began.mono > memo.began.mono) return;
      live.delete(token);
      dead.delete(token);
      const bytes = weigh(token, memo.claims, verdict.ok ? verdict.user : null);
      (verdict.ok ? live : dead).set(token, memo, bytes);
    },
  };
}
