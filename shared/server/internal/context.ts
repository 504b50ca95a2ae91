import type { SupabaseClient, User } from "@supabase/supabase-js";
import type { Context } from "hono";
import { routePath } from "hono/route";
import type { CallerKind } from "../core/allow.ts";
import type {
  Admission,
  KeyAdmission,
  NoneAdmission,
  UserAdmission,
} from "../core/authenticate.ts";
import type { Claims, Session } from "../core/claims.ts";
import type {
  AuthContext,
  NoneContext,
  PublishableContext,
  SecretContext,
  UserContext,
} from "./context_types.ts";
import { limitRechecks, type RecheckResult } from "./recheck.ts";
import { type AnyDatabase, createKeyClient, createUserClient } from "./user_client.ts";

/**
 * Builds the context of an admitted caller.
 *
 * @param admission Who was admitted.
 * @param c The request that the context belongs to; the context is not valid for another one.
 * @param isAdmin Whether the route asked for `supabaseAdmin`.
 * @param checkAgain Checks the caller again, as often as it is called.
 */
export function createContext(
  admission: Admission,
  c: Context,
  isAdmin: boolean,
  checkAgain: CheckAgain,
): AuthContext<AnyDatabase, CallerKind, Session | null> {
  switch (admission.kind) {
    case "user":
      return new AdmittedUser(admission, c, isAdmin, checkAgain);
    case "none":
      return new AdmittedAnybody(admission, c, isAdmin, checkAgain);
    default:
      return new AdmittedKey(admission, c, isAdmin, checkAgain) as
        | SecretContext
        | PublishableContext;
  }
}

/** Repeats the check. `never` fits the user in a user's result and the `null` of other kinds. */
export type CheckAgain = () => Promise<RecheckResult<never>>;

/** The admission behind a context that belongs to this request; `undefined` for anything else. */
export function getAdmission(context: unknown, c: Context): Admission | undefined {
  return AdmittedCaller.getAdmission(context, c);
}

/**
 * The user that `auth()` has admitted on this request, for guards.
 *
 * @returns `undefined` if `auth()` did not run, or admitted a caller of another kind.
 */
export function getUserContext(c: Context): UserContext<AnyDatabase, Session | null> | undefined {
  const context: unknown = c.get("auth");
  return getAdmission(context, c)?.kind === "user" ? context as UserContext : undefined;
}

/**
 * The `c.var.auth` of a public route: reading any member of it throws.
 *
 * @param c The request.
 */
export function createMissingContext(c: Context): object {
  return new MissingContext(c);
}

/** A handler reads something of `c.var.auth` that its caller does not have: a bug in the function. */
export class AuthContextError extends Error {
  override readonly name = "AuthContextError";
}

/** Every member that some kind has. */
const MEMBERS = [
  "kind",
  "supabase",
  "user",
  "claims",
  "session",
  "client",
  "now",
  "token",
  "name",
  "supabaseAdmin",
  "recheck",
] as const;
type Member = typeof MEMBERS[number];

/**
 * Makes reading a member that a context does not have throw. `in` stays as it is: TypeScript narrows
 * a union by it too, so it must be false for a member of another kind.
 */
function throwOnMissing(
  prototype: object,
  missing: (context: never, member: Member) => AuthContextError,
): void {
  // This prototype is reached only for members that the context itself does not have.
  const root = new Proxy({}, {
    get(target, key, context) {
      const member = MEMBERS.find((name) => name === key);
      if (member !== undefined) throw missing(context as never, member);
      return Reflect.get(target, key, context) as unknown;
    },
  });
  Object.setPrototypeOf(prototype, root);
}

abstract class AdmittedCaller<A extends Admission> {
  readonly #admission: A;
  readonly #c: Context;
  #client: SupabaseClient | undefined;
  #adminClient: SupabaseClient | undefined;
  readonly #checkAgain: CheckAgain;
  #recheck: CheckAgain | undefined;

  constructor(admission: A, c: Context, isAdmin: boolean, checkAgain: CheckAgain) {
    this.#admission = admission;
    this.#c = c;
    this.#checkAgain = checkAgain;
    const { kind, backend: { project: { secretKey } } } = admission;
    const getClient = kind === "secret"
      ? () => this.supabase
      : isAdmin && secretKey !== undefined
      ? () => this.#getAdminClient(secretKey)
      : undefined;
    // Not enumerable, so that a spread or a log does not create the client.
    if (getClient) Object.defineProperty(this, "supabaseAdmin", { get: getClient });
  }

  static getAdmission(context: unknown, c: Context): Admission | undefined {
    return typeof context === "object" && context !== null && #admission in context &&
        context.#c === c
      ? context.#admission
      : undefined;
  }

  /** Not a member that a spread or a log could show. */
  protected static admissionOf<A extends Admission>(context: AdmittedCaller<A>): A {
    return context.#admission;
  }

  get supabase(): SupabaseClient {
    return this.#client ??= createClientOf(this.#admission);
  }

  get recheck(): CheckAgain {
    return this.#recheck ??= limitRechecks(this.#checkAgain);
  }

  #getAdminClient(secretKey: string): SupabaseClient {
    const { project, fetch } = this.#admission.backend;
    return this.#adminClient ??= createKeyClient(project.url, secretKey, fetch);
  }

  static {
    throwOnMissing(AdmittedCaller.prototype, AdmittedCaller.#missing);
  }

  /** The error for a member that only other kinds have. */
  static #missing(context: AdmittedCaller<Admission>, member: Member): AuthContextError {
    const why = member === "supabaseAdmin"
      ? ": only a caller with a secret key has it, or a route whose auth() has `admin: true`"
      : ", which has no such member: check c.var.auth.kind first";
    const { kind } = context.#admission;
    return new AuthContextError(
      `${where(context.#c, member)}, for a caller of the kind "${kind}"${why}`,
    );
  }
}

class AdmittedUser extends AdmittedCaller<UserAdmission>
  implements UserContext<AnyDatabase, Session | null> {
  readonly kind = "user";
  readonly user: User;
  readonly claims: Claims;
  readonly session: Session | null;
  readonly client: string | null;

  constructor(admission: UserAdmission, c: Context, isAdmin: boolean, checkAgain: CheckAgain) {
    super(admission, c, isAdmin, checkAgain);
    this.user = admission.user;
    this.claims = admission.claims;
    this.session = admission.session;
    this.client = admission.client;
  }

  get now(): number {
    const { backend, skew } = AdmittedCaller.admissionOf(this);
    return backend.clock.now(skew);
  }

  get token(): string {
    return AdmittedCaller.admissionOf(this).token;
  }
}

class AdmittedKey extends AdmittedCaller<KeyAdmission> {
  readonly kind: "secret" | "publishable";
  readonly name: string;

  constructor(admission: KeyAdmission, c: Context, isAdmin: boolean, checkAgain: CheckAgain) {
    super(admission, c, isAdmin, checkAgain);
    this.kind = admission.kind;
    this.name = admission.name;
  }
}

class AdmittedAnybody extends AdmittedCaller<NoneAdmission> implements NoneContext {
  readonly kind = "none";
}

/** The context of a public route, where nobody is checked, so there is nothing to read. */
class MissingContext {
  readonly #c: Context;

  constructor(c: Context) {
    this.#c = c;
  }

  static {
    throwOnMissing(MissingContext.prototype, MissingContext.#missing);
  }

  static #missing(context: MissingContext, member: Member): AuthContextError {
    const advice = member === "supabaseAdmin"
      ? 'give the function `auth: { allow: ["none"], admin: true }` instead'
      : 'take the route out of `public`, or give it a mode in `paths`, such as ["user", "none"]';
    return new AuthContextError(
      `${where(context.#c, member)}, which is public, so nobody was checked there: ${advice}`,
    );
  }
}

/** Names the route by its pattern, because the path itself is the caller's text. */
function where(c: Context, member: Member): string {
  return `c.var.auth.${member} was read on ${c.req.method} ${routePath(c)}`;
}

function createClientOf(admission: Admission): SupabaseClient {
  const { backend: { project, fetch } } = admission;
  switch (admission.kind) {
    case "user":
      return createUserClient(project, admission.token, fetch);
    case "none":
      return createKeyClient(project.url, project.apiKey, fetch);
    default:
      return createKeyClient(project.url, admission.key, fetch);
  }
}
