/** The members of a user that lite leaves out. */

import { type AuthContext, type Difference, withBody } from "./call.ts";

const LEFT_OUT = ["recovery_sent_at", "banned_until", "deleted_at"] as const;

/** Adds to lite's answer about a user the members that it leaves out. */
export async function completeUser(
  answer: Response,
  id: string,
  auth: AuthContext,
): Promise<Response> {
  const body: Record<string, unknown> = await answer.json();
  const row = await auth.store.user(id);
  for (const column of LEFT_OUT) {
    const value = row?.[column];
    if (value) body[column] = new Date(value).toISOString();
  }
  return withBody(answer, body);
}

/** Completes the user of GET and PUT /user. */
export const userColumns: Difference = {
  auth: "a user has recovery_sent_at, banned_until and deleted_at where they are set",
  rows: [],
  async after(call, answer, auth) {
    if (call.path !== "/user" || !answer.ok || !call.caller) return answer;
    return await completeUser(answer, call.caller.user.id, auth);
  },
};
