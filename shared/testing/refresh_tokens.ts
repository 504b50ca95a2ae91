/** For so long after its first use, a refresh token is still taken: Auth's default. */
const REUSE_INTERVAL_MS = 10_000;

interface RefreshToken {
  readonly sessionId: string;
  /** The one that this one came for; `undefined` for that of the sign-in. */
  readonly parent: string | undefined;
  /** When it was used; `undefined` as long as it is the session's current one. */
  usedAtMs: number | undefined;
}

/** What becomes of a refresh token that is presented: the next one, or Auth's code. */
export type Exchange =
  | { readonly next: string; readonly sessionId: string }
  | { readonly refused: "refresh_token_already_used" | "refresh_token_not_found" };

/** The refresh tokens of all sessions, exchanged as Supabase Auth does with its default settings. */
export class RefreshTokens {
  readonly #tokens = new Map<string, RefreshToken>();
  /** By session, its current token; none once a used one came too late. */
  readonly #current = new Map<string, string>();

  /** Makes the next token of a session. */
  issue(sessionId: string, parent?: string): string {
    const token = randomText(12);
    this.#tokens.set(token, { sessionId, parent, usedAtMs: undefined });
    this.#current.set(sessionId, token);
    return token;
  }

  /** The session of a token; `undefined` for one that was never issued. */
  sessionOf(token: string): string | undefined {
    return this.#tokens.get(token)?.sessionId;
  }

  /**
   * Exchanges a token for the next one of its session. One that was used before is taken again while
   * the client may not have the answer to its first use: for 10 s, and as long as the next one was
   * not used. Later it looks stolen, and no token of its session is taken any more.
   */
  exchange(token: string, nowMs: number): Exchange {
    const found = this.#tokens.get(token);
    if (found === undefined) return { refused: "refresh_token_not_found" };
    const { sessionId, usedAtMs } = found;
    const current = this.#current.get(sessionId);
    if (current === undefined) return { refused: "refresh_token_already_used" };
    if (usedAtMs !== undefined) {
      if (this.#tokens.get(current)?.parent === token) return { next: current, sessionId };
      if (nowMs > usedAtMs + REUSE_INTERVAL_MS) {
        this.#current.delete(sessionId);
        return { refused: "refresh_token_already_used" };
      }
    }
    this.#tokens.get(current)!.usedAtMs ??= nowMs;
    found.usedAtMs ??= nowMs;
    return { next: this.issue(sessionId, token), sessionId };
  }
}

/** Lower-case letters and digits, as those of Auth. */
function randomText(length: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join("");
}
