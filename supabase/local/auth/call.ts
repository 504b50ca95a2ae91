/** One call to the embedded Auth: what every difference reads, and the error that it throws. */

import type { Claims, KeyRing } from "../jwt.ts";
import type { AuthSettings } from "../config.ts";
import type { MailContext } from "../mail/outbox.ts";
import type { AuthStore, UserRow } from "./store.ts";
import type { PkceFlows } from "./pkce.ts";
import type { SimulatedFactor } from "./second_factor.ts";

/** An error as Supabase Auth answers it, in the shape that the request asked for. */
export class AuthError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  /** What is wrong with a password, for `weak_password`. */
  readonly weak: unknown;

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Record<string, string> = {},
    weak?: unknown,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.weak = weak;
  }
}

/** The user of a request, after the check of its token. */
export interface Caller {
  readonly claims: Claims;
  readonly user: UserRow;
  /** Absent for a token without a session (or with the nil UUID), which Auth accepts. */
  readonly sessionId?: string;
}

/** A request to lite. */
export interface LiteRequest {
  readonly method: string;
  /** Path below /auth/v1, with the query. */
  readonly path: string;
  readonly token?: string;
  readonly body?: string;
}

/** A request below /auth/v1. Differences set `caller` and may change the request to lite. */
export interface AuthCall {
  readonly request: Request;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body if it is a JSON object, else empty: lite then answers what is wrong with it. */
  readonly body: Record<string, unknown>;
  readonly text: string;
  caller?: Caller;
  liteRequest: LiteRequest;
}

/** An authentication method, as the `amr` claim lists it. */
export interface Amr {
  readonly method: string;
  readonly timestamp: number;
}

/** What the differences work with. */
export interface AuthContext {
  /** Where Auth answers: `<url>/auth/v1`, which is also the issuer of its tokens. */
  readonly issuer: string;
  readonly keys: KeyRing;
  readonly store: AuthStore;
  readonly flows: PkceFlows;
  readonly settings: AuthSettings;
  /** The `amr` claim of each session: lite has no such column. */
  readonly amr: Map<string, Amr[]>;
  /** The simulated second factor of each user who has one. */
  readonly factors: Map<string, SimulatedFactor>;
  now(): number;
  /** Sends a request to lite. The mails that it causes are written with `mail`. */
  lite(request: LiteRequest, mail?: MailContext): Promise<Response>;
  /** A token that lite accepts, with these claims. */
  liteToken(claims: Claims): Promise<string>;
}

/** One way in which lite answers differently from Supabase Auth, and the code that corrects it. */
export interface Difference {
  /** What Auth does and lite does not. */
  readonly auth: string;
  /** The ids of the recorded differences that this corrects. */
  readonly rows: readonly string[];
  /** Runs before lite; an answer that it returns is sent instead of lite's. */
  readonly before?: (
    call: AuthCall,
    auth: AuthContext,
  ) => Promise<Response | void> | Response | void;
  /** Changes the answer of lite. */
  readonly after?: (
    call: AuthCall,
    answer: Response,
    auth: AuthContext,
  ) => Promise<Response> | Response;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a value is a UUID in the usual form. */
export function isUuid(value: unknown): value is string {
  return typeof value === "string" && uuidPattern.test(value);
}

/** A member of a JSON object, if it is a string. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Replaces the body of a JSON answer, keeping status and headers. */
export function withBody(answer: Response, body: unknown): Response {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return Response.json(body, { status: answer.status, headers });
}
