/** One call to the embedded Auth: what every step of the pipeline reads, and how one refuses. */

import type { Claims, KeyRing } from "../jwt.ts";
import type { AuthSettings } from "../config.ts";
import type { MailContext } from "../mail/outbox.ts";
import type { AuthStore, UserRow } from "./store.ts";
import type { PkceFlows } from "./pkce.ts";

/** A refusal in Supabase Auth's terms; the last step gives it its shape. */
export class Refusal extends Error {
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

/** Whose token a request carries, once it was checked. */
export interface Caller {
  readonly claims: Claims;
  readonly user: UserRow;
  /** Absent for a token without a session (or with the nil one), which Auth lets pass. */
  readonly sessionId?: string;
}

/** What is asked of lite. */
export interface LiteRequest {
  readonly method: string;
  /** Path below /auth/v1, with the query. */
  readonly path: string;
  readonly token?: string;
  readonly body?: string;
}

/** A request below /auth/v1 on its way. Steps set `caller` and may change what lite is asked. */
export interface AuthCall {
  readonly request: Request;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body when it is a JSON object, else empty: lite then says what is wrong with it. */
  readonly body: Record<string, unknown>;
  readonly text: string;
  caller?: Caller;
  ask: LiteRequest;
}

/** An authentication method, as the `amr` claim lists it. */
export interface Amr {
  readonly method: string;
  readonly timestamp: number;
}

/** What the steps work with. */
export interface AuthContext {
  /** Where Auth answers: `<url>/auth/v1`, which is also the issuer of its tokens. */
  readonly issuer: string;
  readonly keys: KeyRing;
  readonly store: AuthStore;
  readonly flows: PkceFlows;
  readonly settings: AuthSettings;
  /** How each session was opened: lite keeps no such column. */
  readonly amr: Map<string, Amr[]>;
  now(): number;
  /** Asks lite as is. Mails that this causes are written with `mail`. */
  lite(ask: LiteRequest, mail?: MailContext): Promise<Response>;
  /** A token that lite takes, for these claims. */
  liteToken(claims: Claims): Promise<string>;
}

/** One way in which lite answers otherwise than Supabase Auth, and what makes up for it. */
export interface Difference {
  /** What Auth does that lite does not. */
  readonly auth: string;
  /** The ids of the recorded differences that this takes care of. */
  readonly rows: readonly string[];
  /** Before lite is asked: an answer ends the way; none lets it go on. */
  readonly before?: (
    call: AuthCall,
    auth: AuthContext,
  ) => Promise<Response | void> | Response | void;
  /** After lite answered. */
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
