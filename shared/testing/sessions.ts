import { FAKE_PROJECT } from "./project.ts";
import type { TokenClaims } from "./tokens.ts";

/** A user as Auth answers with it, and what else the project stores about it. */
export interface FakeUser {
  readonly id: string;
  readonly email: string;
  readonly [member: string]: unknown;
}

/** Auth's answer to a sign-in and to a refresh. */
export interface FakeSession {
  readonly access_token: string;
  readonly token_type: "bearer";
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds since 1970. */
  readonly expires_at: number;
  readonly refresh_token: string;
  readonly user: FakeUser;
}

/** Seconds that an access token is valid: Auth's default. */
export const EXPIRES_IN_SECONDS = 3600;

/** A user's record, with the changes that a test asks for. */
export function createUser(changes: Readonly<Record<string, unknown>>): FakeUser {
  const id = typeof changes.id === "string" ? changes.id : crypto.randomUUID();
  const email = typeof changes.email === "string" ? changes.email : `${id}@example.com`;
  const now = new Date().toISOString();
  return {
    id,
    aud: "authenticated",
    role: "authenticated",
    email,
    email_confirmed_at: now,
    phone: "",
    confirmed_at: now,
    last_sign_in_at: now,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: { email, email_verified: true, phone_verified: false, sub: id },
    identities: [],
    created_at: now,
    updated_at: now,
    is_anonymous: false,
    ...changes,
  };
}

/** What Auth answers to a sign-in and to a refresh. */
export function createSession(
  user: FakeUser,
  accessToken: string,
  refreshToken: string,
  expiresIn: number,
): FakeSession {
  return {
    access_token: accessToken,
    token_type: "bearer",
    expires_in: expiresIn,
    expires_at: Math.floor(Date.now() / 1000) + expiresIn,
    refresh_token: refreshToken,
    user,
  };
}

/** The claims that Auth puts into an access token. */
export function accessClaims(user: FakeUser, sessionId: string, expiresIn: number): TokenClaims {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: `${FAKE_PROJECT.url}/auth/v1`,
    sub: user.id,
    aud: "authenticated",
    exp: now + expiresIn,
    iat: now + Math.min(0, expiresIn - 3600),
    email: user.email,
    phone: user.phone,
    app_metadata: user.app_metadata,
    user_metadata: user.user_metadata,
    role: "authenticated",
    aal: "aal1",
    amr: [{ method: "password", timestamp: now }],
    session_id: sessionId,
    is_anonymous: user.is_anonymous,
  };
}
