import { answer, refuse } from "./auth_answers.ts";
import { RefreshTokens } from "./refresh_tokens.ts";
import {
  accessClaims,
  createSession,
  EXPIRES_IN_SECONDS,
  type FakeSession,
  type FakeUser,
} from "./sessions.ts";
import { encodeToken, hasKnownSignature, readClaims, type TokenClaims } from "./tokens.ts";

/** The users and sessions of the fake Auth, and what it answers by them. */
export class AuthServer {
  readonly #users = new Map<string, { readonly user: FakeUser; isBanned: boolean }>();
  /** Live sessions, by id. */
  readonly #sessions = new Map<string, { readonly userId: string; isExpired: boolean }>();
  readonly #refreshTokens = new RefreshTokens();

  /** Adds a user. */
  addUser(user: FakeUser): void {
    this.#users.set(user.id, { user, isBanned: false });
  }

  /** Deletes a user, and every session of it. */
  deleteUser(userId: string): void {
    this.#users.delete(userId);
    for (const [sessionId, session] of this.#sessions) {
      if (session.userId === userId) this.#sessions.delete(sessionId);
    }
  }

  setBanned(userId: string, isBanned: boolean): void {
    const entry = this.#users.get(userId);
    if (entry !== undefined) entry.isBanned = isBanned;
  }

  /**
   * Starts a session of a user.
   *
   * @param claims What its token has besides the usual, or instead of it.
   * @param expiresIn Seconds until the token expires.
   */
  startSession(
    user: FakeUser,
    claims: TokenClaims = {},
    expiresIn = EXPIRES_IN_SECONDS,
  ): { readonly sessionId: string; readonly session: FakeSession } {
    const sessionId = crypto.randomUUID();
    this.#sessions.set(sessionId, { userId: user.id, isExpired: false });
    const token = encodeToken({ ...accessClaims(user, sessionId, expiresIn), ...claims });
    const refreshToken = this.#refreshTokens.issue(sessionId);
    return { sessionId, session: createSession(user, token, refreshToken, expiresIn) };
  }

  endSession(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  /** Lets a session reach the project's time limit, which Auth looks at when it is refreshed. */
  expireSession(sessionId: string): void {
    const entry = this.#sessions.get(sessionId);
    if (entry !== undefined) entry.isExpired = true;
  }

  /**
   * Answers a request to `/auth/v1/`.
   *
   * @param path Its path, with the query.
   * @param body Its body as text.
   * @returns `undefined` for an endpoint that this Auth does not have.
   */
  answer(request: Request, path: string, body: string): Response | undefined {
    switch (`${request.method} ${path.replace(/\?.*/, "")}`) {
      case "GET /auth/v1/user": {
        const caller = this.#findCaller(request);
        return "user" in caller ? answer(200, caller.user) : caller.refusal;
      }
      case "POST /auth/v1/logout": {
        const caller = this.#findCaller(request);
        if (!("user" in caller)) return caller.refusal;
        this.#signOut(caller, new URL(request.url).searchParams.get("scope") ?? "global");
        return new Response(null, { status: 204, headers: { Vary: "Origin" } });
      }
      case "POST /auth/v1/token":
        // Any other grant has a password or a code, which the test has to answer.
        return new URL(request.url).searchParams.get("grant_type") === "refresh_token"
          ? this.#refresh(request, body)
          : undefined;
      case "GET /auth/v1/health":
        return answer(200, {
          version: "v2.196.0",
          name: "GoTrue",
          description: "GoTrue is a user registration and authentication API",
        });
      case "GET /auth/v1/.well-known/jwks.json":
        return answer(200, { keys: [] });
      default:
        return undefined;
    }
  }

  #signOut({ user, sessionId }: SignedIn, scope: string): void {
    for (const [id, { userId }] of this.#sessions) {
      if (userId !== user.id) continue;
      if (scope === "global" || (scope === "local") === (id === sessionId)) {
        this.#sessions.delete(id);
      }
    }
  }

  /** In the order in which Auth looks. */
  #findCaller(request: Request): SignedIn | { readonly refusal: Response } {
    const refused = (code: string, status?: number, text?: string) => ({
      refusal: refuse(request, code, status, text),
    });
    const [, token] = /^Bearer ([^ ,]+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
    if (token === undefined) return refused("no_authorization");
    const claims = readClaims(token);
    if (claims === undefined) return refused("bad_jwt", undefined, MALFORMED);
    if (!hasKnownSignature(token)) return refused("bad_jwt", undefined, WRONG_SIGNATURE);
    const { exp, sub, session_id: sessionId } = claims;
    if (typeof exp === "number" && exp <= Date.now() / 1000) {
      return refused("bad_jwt", undefined, EXPIRED);
    }
    if (typeof sub !== "string" || sub === "") return refused("bad_jwt", undefined, NO_SUB);
    const found = this.#users.get(sub);
    if (found === undefined) return refused("user_not_found");
    if (typeof sessionId === "string" && !this.#sessions.has(sessionId)) {
      return refused("session_not_found");
    }
    if (found.isBanned) return refused("user_banned");
    return {
      user: found.user,
      sessionId: typeof sessionId === "string" ? sessionId : undefined,
    };
  }

  /** The refresh grant, in the order in which Auth looks. */
  #refresh(request: Request, body: string): Response {
    const token = textMember(body, "refresh_token");
    if (token === "") {
      return refuse(request, "validation_failed", 400, "Refresh token is not valid");
    }
    const refused = (code: string) =>
      refuse(request, code, 400, `Invalid Refresh Token: ${REFRESH_TEXTS[code]}`);
    const sessionId = this.#refreshTokens.sessionOf(token);
    const session = this.#sessions.get(sessionId ?? "");
    const owner = this.#users.get(session?.userId ?? "");
    if (session === undefined || owner === undefined) return refused("refresh_token_not_found");
    if (owner.isBanned) return refused("user_banned");
    if (session.isExpired) return refused("session_expired");
    const exchange = this.#refreshTokens.exchange(token, Date.now());
    if ("refused" in exchange) return refused(exchange.refused);
    const claims = accessClaims(owner.user, exchange.sessionId, EXPIRES_IN_SECONDS);
    return answer(
      200,
      createSession(owner.user, encodeToken(claims), exchange.next, EXPIRES_IN_SECONDS),
    );
  }
}

/** Whose token a request has. */
interface SignedIn {
  readonly user: FakeUser;
  readonly sessionId: string | undefined;
}

const UNVERIFIED = "invalid JWT: unable to parse or verify signature, ";
const MALFORMED = `${UNVERIFIED}token is malformed: token contains an invalid number of segments`;
const WRONG_SIGNATURE = `${UNVERIFIED}token signature is invalid: signature is invalid`;
const EXPIRED = `${UNVERIFIED}token has invalid claims: token is expired`;
const NO_SUB = "invalid claim: missing sub claim";

/** By code, what Auth writes about a refresh token. */
const REFRESH_TEXTS: Readonly<Record<string, string>> = {
  refresh_token_already_used: "Already Used",
  refresh_token_not_found: "Refresh Token Not Found",
  session_expired: "Session Expired",
  user_banned: "User Banned",
};

/** A member of a JSON object that is a text; `""` for anything else. */
function textMember(json: string, name: string): string {
  try {
    const value = (JSON.parse(json) as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}
