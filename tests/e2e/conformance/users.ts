import { assertStrictEquals } from "@std/assert";
import { decodeClaims } from "../../../supabase/local/jwt.ts";
import type { Stack } from "../../../supabase/local/stack.ts";

/** A session as Auth returns it. */
export interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly email: string };
}

/** The password of every new user: that of the recordings. */
export const PASSWORD = "correct-horse-battery";

let count = 0;

/** An e-mail address that no user has. */
export function newAddress(): string {
  return `u${++count}.${crypto.randomUUID().slice(0, 6)}@example.com`;
}

/** Posts JSON to Auth; fails unless the answer is 200. */
export async function post<T>(stack: Stack, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${stack.url}/auth/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assertStrictEquals(answer.status, 200, text);
  return JSON.parse(text);
}

/** Signs a new user up. */
export function signUp(stack: Stack): Promise<Session> {
  return post(stack, "/signup", { email: newAddress(), password: PASSWORD });
}

/** Signs the user of a session in once more, as on another device. */
export function signIn(stack: Stack, { user: { email } }: Session): Promise<Session> {
  return post(stack, "/token?grant_type=password", { email, password: PASSWORD });
}

/** Refreshes a session. */
export function refresh(stack: Stack, { refresh_token }: Session): Promise<Session> {
  return post(stack, "/token?grant_type=refresh_token", { refresh_token });
}

/** The id of a session. */
export function sessionId(session: Session): string {
  return String(decodeClaims(session.access_token).session_id);
}
