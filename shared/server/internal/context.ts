import type { User } from "@supabase/supabase-js";
import { type AnyDatabase, DataClient } from "./user_client.ts";
import type { Caller } from "../core/authenticate.ts";
import type { Claims, Session } from "../core/claims.ts";

/** What a handler knows about its caller: `c.var.auth`. */
export interface AuthContext<Database = AnyDatabase, S extends Session | null = Session> {
  /** The user, as Auth answered just now. */
  readonly user: User;
  /** The token's claims. They are as old as the token; `user` is not. */
  readonly claims: Claims;
  /** The session; `null` only with `allowSessionless`. */
  readonly session: S;
  /** Now by Auth's clock if this isolate's proved wrong, seconds since the epoch. */
  readonly now: number;
  /** The access token. Not enumerable: logging or serialising the context does not show it. */
  readonly token: string;
  /** Rows and files as this user: row level security applies. Built when first touched. */
  readonly supabase: DataClient<Database>;
}

/** Builds the context of an admitted caller. */
export function createContext<Database, S extends Session | null>(
  caller: Caller & { readonly session: S },
  dispatch: object,
): AuthContext<Database, S> {
  return new CallerContext<Database, S>(caller, dispatch);
}

/** The caller behind a context of ours; `undefined` for anything else. */
export function callerOf(context: unknown, dispatch: object): Caller | undefined {
  return CallerContext.callerOf(context, dispatch);
}

class CallerContext<Database, S extends Session | null> implements AuthContext<Database, S> {
  readonly user: User;
  readonly claims: Claims;
  readonly session: S;
  readonly #caller: Caller;
  readonly #dispatch: object;
  #client: DataClient<Database> | undefined;

  constructor(caller: Caller & { readonly session: S }, dispatch: object) {
    this.#dispatch = dispatch;
    this.user = caller.user;
    this.claims = caller.claims;
    this.session = caller.session;
    this.#caller = caller;
  }

  static callerOf(context: unknown, dispatch: object): Caller | undefined {
    return typeof context === "object" && context !== null && #caller in context &&
        context.#dispatch === dispatch
      ? context.#caller
      : undefined;
  }

  get now(): number {
    return this.#caller.backend.clock.now(this.#caller.skew);
  }

  get token(): string {
    return this.#caller.token;
  }

  get supabase(): DataClient<Database> {
    const { backend: { project, fetch }, token } = this.#caller;
    return this.#client ??= new DataClient<Database>(project, token, fetch);
  }
}
