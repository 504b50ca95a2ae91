/** Somebody with an account on the stack under test. */

import { assertStrictEquals } from "@std/assert";
import { decodeClaims } from "../../../supabase/local/jwt.ts";
import type { Stack } from "../../../supabase/local/stack.ts";

/** A session as Auth hands it out. */
export interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly email: string };
}

/** The password everybody begins with: that of the recordings. */
export const password = "correct-horse-battery";

let count = 0;

/** An address that nobody has. */
export function newAddress(): string {
  return `u${++count}.${crypto.randomUUID().slice(0, 6)}@example.com`;
}

/** Posts JSON to Auth; fails unless it answers well. */
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

/** Signs somebody new up. */
export function signUp(stack: Stack): Promise<Session> {
  return post(stack, "/signup", { email: newAddress(), password });
}

/** Signs the same person in on another device. */
export function signIn(stack: Stack, session: Session): Promise<Session> {
  return post(stack, "/token?grant_type=password", { email: session.user.email, password });
}

/** The id of a session. */
export function sessionId(session: Session): string {
  return String(decodeClaims(session.access_token).session_id);
}
