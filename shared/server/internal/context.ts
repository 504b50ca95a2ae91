import type { SupabaseClient, User } from "@supabase/supabase-js";
import type { Admission } from "../core/authenticate.ts";
import type { Claims, Session } from "../core/claims.ts";
import { type AnyDatabase, createUserClient } from "./user_client.ts";

/** What a handler knows about its caller: `c.var.auth`. */
export interface AuthContext<Database = AnyDatabase, S extends Session | null = Session> {
  /** The user, as Auth has just answered. */
  readonly user: User;
  /** The token's claims. They are as old as the token; `user` is not. */
  readonly claims: Claims;
  /** The session; `null` only with `allowSessionless`. */
  readonly session: S;
  /** Now, by Auth's clock if this isolate's proved wrong; seconds since the epoch. */
  readonly now: number;
  /** The access token. Not enumerable: logging or serialising the context does not show it. */
  readonly token: string;
  /** A supabase-js client that acts as this user. Built when it is first used. */
  readonly supabase: SupabaseClient<Database>;
}

/**
 * Builds the context of an admitted caller.
 *
 * @param admission Who was admitted.
 * @param request What the context belongs to: it is worth nothing to another request.
 */
export function createContext<Database, S extends Session | null>(
  admission: Admission & { readonly session: S },
  request: object,
): AuthContext<Database, S> {
  return new AdmittedContext<Database, S>(admission, request);
}

/** The admission behind a context that belongs to this request; `undefined` for anything else. */
export function getAdmission(context: unknown, request: object): Admission | undefined {
  return AdmittedContext.getAdmission(context, request);
}

class AdmittedContext<Database, S extends Session | null> implements AuthContext<Database, S> {
  readonly user: User;
  readonly claims: Claims;
  readonly session: S;
  readonly #admission: Admission;
  readonly #request: object;
  #client: SupabaseClient<Database> | undefined;

  constructor(admission: Admission & { readonly session: S }, request: object) {
    this.#request = request;
    this.user = admission.user;
    this.claims = admission.claims;
    this.session = admission.session;
    this.#admission = admission;
  }

  static getAdmission(context: unknown, request: object): Admission | undefined {
    return typeof context === "object" && context !== null && #admission in context &&
        context.#request === request
      ? context.#admission
      : undefined;
  }

  get now(): number {
    return this.#admission.backend.clock.now(this.#admission.skew);
  }

  get token(): string {
    return this.#admission.token;
  }

  get supabase(): SupabaseClient<Database> {
    const { backend: { project, fetch }, token } = this.#admission;
    return this.#client ??= createUserClient<Database>(project, token, fetch);
  }
}
