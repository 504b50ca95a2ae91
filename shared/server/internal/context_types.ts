/**
 * What a handler finds in `c.var.auth`, by the kind of its caller.
 *
 * @module
 */
import type { SupabaseClient, User } from "@supabase/supabase-js";
import type { CallerKind } from "../core/allow.ts";
import type { Claims, Session } from "../core/claims.ts";
import type { RecheckResult } from "./recheck.ts";
import type { AnyDatabase } from "./user_client.ts";

/** A signed-in user: `c.var.auth` where `kind` is `user`. */
export interface UserContext<Database = AnyDatabase, S extends Session | null = Session> {
  /** The kind of the caller; on a route that allows users only, always `user`. */
  readonly kind: "user";
  /** The user, as Auth has just returned it. */
  readonly user: User;
  /** The token's claims. They are as old as the token; `user` is not. */
  readonly claims: Claims;
  /** The session; `null` only with `allowSessionless`. */
  readonly session: S;
  /** The OAuth client that acts for the user, by its id; `null` for the project's own apps. */
  readonly client: string | null;
  /** The time in seconds since 1970, by Auth's clock if the function's own clock is wrong. */
  readonly now: number;
  /** The access token. It is not enumerable, so logging or serializing the context does not show it. */
  readonly token: string;
  /** A supabase-js client that acts as this user. Built when it is first used. */
  readonly supabase: SupabaseClient<Database>;
  /**
   * Asks Auth about the same token again, for a long-lived handler, such as a stream of events or a
   * WebSocket. It works after the response has been returned, and never rejects.
   *
   * After `refused`, end the stream with the problem, which tells the client what to do. `unknown` is a
   * fault of Auth or of the connection to it, and says nothing about the session: keep the stream open.
   *
   * An admission is never older than the call; a refusal may be up to five seconds old. Calls within
   * one second wait for one shared check, so call it on a timer and not for each message.
   */
  readonly recheck: () => Promise<RecheckResult>;
}

/** A machine with a secret key: `c.var.auth` where `kind` is `secret`. */
export interface SecretContext<Database = AnyDatabase> {
  readonly kind: "secret";
  /** The name of the caller's key. */
  readonly name: string;
  /**
   * A supabase-js client that acts as the caller, with the caller's key: row level security does not
   * apply. The same as `supabaseAdmin`.
   */
  readonly supabase: SupabaseClient<Database>;
  /** The same client as `supabase`. */
  readonly supabaseAdmin: SupabaseClient<Database>;
  /** Like the user's, for handlers that serve several kinds: it compares the key again. */
  readonly recheck: () => Promise<RecheckResult<null>>;
}

/** An app with a publishable key, and nobody signed in: `c.var.auth` where `kind` is `publishable`. */
export interface PublishableContext<Database = AnyDatabase> {
  readonly kind: "publishable";
  /** The name of the caller's key. */
  readonly name: string;
  /** A supabase-js client that acts as the role `anon`, with the caller's key. */
  readonly supabase: SupabaseClient<Database>;
  /** Like the user's, for handlers that serve several kinds: it compares the key again. */
  readonly recheck: () => Promise<RecheckResult<null>>;
}

/** Anybody: `c.var.auth` where `kind` is `none`. */
export interface NoneContext<Database = AnyDatabase> {
  readonly kind: "none";
  /** A supabase-js client that acts as the role `anon`. */
  readonly supabase: SupabaseClient<Database>;
  /** Like the user's, for handlers that serve several kinds: it always admits. */
  readonly recheck: () => Promise<RecheckResult<null>>;
}

/** What `admin: true` adds to every kind. */
export interface AdminClient<Database = AnyDatabase> {
  /** A supabase-js client with a secret key of the project: row level security does not apply. */
  readonly supabaseAdmin: SupabaseClient<Database>;
}

/** The context of each kind. */
interface ContextByKind<Database, S extends Session | null> {
  user: UserContext<Database, S>;
  secret: SecretContext<Database>;
  publishable: PublishableContext<Database>;
  none: NoneContext<Database>;
}

/**
 * What a handler knows about its caller: `c.var.auth`. A union on `kind`, of the kinds that a route
 * allows.
 *
 * @typeParam Database The schema, as `supabase gen types` writes it.
 * @typeParam K The kinds. @default {"user"}
 * @typeParam S `Session | null` with `allowSessionless`. @default {Session}
 * @typeParam Admin `true` with `admin: true`. @default {false}
 */
export type AuthContext<
  Database = AnyDatabase,
  K extends CallerKind = "user",
  S extends Session | null = Session,
  Admin extends boolean = false,
> =
  & ContextByKind<Database, S>[K]
  & ([Admin] extends [true] ? AdminClient<Database> : unknown);
