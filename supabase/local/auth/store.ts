/** Lite's tables, read and changed by SQL that both sqlite and PostgreSQL accept. */

import type { Connection } from "@supabase/lite";

/** The columns of auth.users that are used here. */
export interface UserRow {
  readonly id: string;
  readonly email: string | null;
  readonly role: string | null;
  /** JSON: a text on sqlite, a value on PostgreSQL. */
  readonly raw_app_meta_data: string | Record<string, unknown> | null;
  readonly banned_until: string | Date | null;
  readonly deleted_at: string | Date | null;
  readonly recovery_sent_at: string | Date | null;
  readonly confirmation_token: string | null;
  readonly reauthentication_token: string | null;
  readonly reauthentication_sent_at: string | Date | null;
}

/** The columns of auth.sessions that are used here. */
export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly not_after: string | Date | null;
  readonly created_at: string | Date;
}

/** The columns of auth.refresh_tokens that are used here. */
export interface RefreshTokenRow {
  readonly token: string;
  readonly user_id: string;
  readonly session_id: string | null;
}

/** How long a nonce is valid in Auth. */
const NONCE_LIFETIME_MS = 60 * 60 * 1000;

/** The columns with the hash of a mailed token. */
const TOKEN_COLUMNS = [
  "confirmation_token",
  "recovery_token",
  "email_change_token_current",
  "email_change_token_new",
  "reauthentication_token",
] as const;

/** Users, sessions and refresh tokens of the embedded Auth. */
export class AuthStore {
  readonly #db: Connection["kysely"];

  constructor(connection: Connection) {
    this.#db = connection.kysely;
  }

  /** The user of this id. */
  user(id: string): Promise<UserRow | undefined> {
    return this.#db.selectFrom("auth.users").selectAll().$castTo<UserRow>().where("id", "=", id)
      .executeTakeFirst();
  }

  /** The user of this address. */
  userByEmail(email: string): Promise<UserRow | undefined> {
    return this.#db.selectFrom("auth.users").selectAll().$castTo<UserRow>()
      .where("email", "=", email.toLowerCase()).executeTakeFirst();
  }

  /** The user of a mailed token. */
  async userByTokenHash(hash: string): Promise<UserRow | undefined> {
    for (const column of TOKEN_COLUMNS) {
      const user = await this.#db.selectFrom("auth.users").selectAll().$castTo<UserRow>().where(
        column,
        "=",
        hash,
      )
        .executeTakeFirst();
      if (user) return user;
    }
    return undefined;
  }

  /** The session of this id. */
  session(id: string): Promise<SessionRow | undefined> {
    return this.#db.selectFrom("auth.sessions").selectAll().$castTo<SessionRow>().where(
      "id",
      "=",
      id,
    )
      .executeTakeFirst();
  }

  /** The refresh token of this value. */
  refreshToken(token: string): Promise<RefreshTokenRow | undefined> {
    return this.#db.selectFrom("auth.refresh_tokens").selectAll().$castTo<RefreshTokenRow>().where(
      "token",
      "=",
      token,
    )
      .executeTakeFirst();
  }

  /** The refresh token of a session that was not used yet. */
  async refreshTokenOf(sessionId: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom("auth.refresh_tokens").selectAll()
      .$castTo<RefreshTokenRow>().where("session_id", "=", sessionId).orderBy("id", "desc")
      .executeTakeFirst();
    return row?.token;
  }

  /** Ends one session. */
  async endSession(id: string): Promise<void> {
    await this.#db.deleteFrom("auth.refresh_tokens").where("session_id", "=", id).execute();
    await this.#db.deleteFrom("auth.sessions").where("id", "=", id).execute();
  }

  /** Ends a user's sessions, all or all but one. */
  async endSessions(userId: string, except?: string): Promise<void> {
    let tokens = this.#db.deleteFrom("auth.refresh_tokens").where("user_id", "=", userId);
    let sessions = this.#db.deleteFrom("auth.sessions").where("user_id", "=", userId);
    if (except !== undefined) {
      tokens = tokens.where("session_id", "!=", except);
      sessions = sessions.where("id", "!=", except);
    }
    await tokens.execute();
    await sessions.execute();
  }

  /** Sets `not_after` of a session: after it, a refresh is refused. */
  async setNotAfter(id: string, at: Date): Promise<void> {
    await this.#db.updateTable("auth.sessions").set({ not_after: at.toISOString() })
      .where("id", "=", id).execute();
  }

  /** Sets the start of a session, for tests of old sessions. */
  async setCreatedAt(id: string, at: Date): Promise<void> {
    await this.#db.updateTable("auth.sessions").set({ created_at: at.toISOString() })
      .where("id", "=", id).execute();
  }

  /** Uses a user's reauthentication nonce; false where it is another one, or over an hour old. */
  async takeNonce(user: UserRow, nonce: string): Promise<boolean> {
    const sentAt = new Date(user.reauthentication_sent_at ?? 0).getTime();
    const bytes = new TextEncoder().encode(`${user.email ?? ""}${nonce}`);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const expired = Date.now() - sentAt > NONCE_LIFETIME_MS;
    if (expired || hash !== user.reauthentication_token) return false;
    await this.#db.updateTable("auth.users").set({ reauthentication_token: null })
      .where("id", "=", user.id).execute();
    return true;
  }

  /** Bans a user until a time, or lifts the ban. */
  async setBan(userId: string, until: Date | null): Promise<void> {
    await this.#db.updateTable("auth.users").set({ banned_until: until?.toISOString() ?? null })
      .where("id", "=", userId).execute();
  }

  /** Merges members into a user's `app_metadata`; one that is `null` is removed. */
  async changeAppMetadata(
    { id, raw_app_meta_data: raw }: UserRow,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const before = (typeof raw === "string" ? JSON.parse(raw) : raw) as
      | Record<string, unknown>
      | null;
    const after = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
    await this.#db.updateTable("auth.users")
      .set({ raw_app_meta_data: JSON.stringify(Object.fromEntries(after)) })
      .where("id", "=", id).execute();
  }

  /** Deletes a user with its identities and sessions. */
  async deleteUser(userId: string): Promise<void> {
    await this.endSessions(userId);
    await this.#db.deleteFrom("auth.identities").where("user_id", "=", userId).execute();
    await this.#db.deleteFrom("auth.users").where("id", "=", userId).execute();
  }

  /** Keeps the row of a user, without the data that identifies or admits the user. */
  async softDeleteUser(userId: string): Promise<void> {
    await this.endSessions(userId);
    await this.#db.deleteFrom("auth.identities").where("user_id", "=", userId).execute();
    const cleared = Object.fromEntries(TOKEN_COLUMNS.map((column) => [column, null]));
    await this.#db.updateTable("auth.users").set({
      ...cleared,
      email: `deleted-${userId}`,
      encrypted_password: null,
      email_change: null,
      raw_user_meta_data: "{}",
      raw_app_meta_data: "{}",
      deleted_at: new Date().toISOString(),
    }).where("id", "=", userId).execute();
  }
}

/** Whether a user is banned at a time, in milliseconds. */
export function isBanned(user: UserRow, now: number): boolean {
  return user.banned_until !== null && new Date(user.banned_until).getTime() > now;
}
