/** The part of the admin API that scenarios need: read, change password, ban, delete one user. */

import { type AuthCall, type AuthContext, type Difference, isUuid, Refusal, text } from "./call.ts";
import type { UserRow } from "./store.ts";
import { completeUser } from "./users.ts";

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };

/** Milliseconds of a duration such as `24h` or `1h30m`; `none` is 0. */
export function banMilliseconds(duration: string): number {
  if (duration === "none") return 0;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== duration) {
    const text = `invalid format for ban duration: time: invalid duration "${duration}"`;
    throw new Refusal(400, "validation_failed", text);
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
}

function notEmulated(what: string): Refusal {
  return new Refusal(501, "not_emulated", `The embedded stack does not emulate ${what}.`);
}

async function showUser(id: string, auth: AuthContext): Promise<Response> {
  const token = await auth.liteToken({ sub: id });
  const answer = await auth.lite({ method: "GET", path: "/user", token });
  return await completeUser(answer, id, auth);
}

async function setPassword(id: string, password: string, auth: AuthContext): Promise<void> {
  const answer = await auth.lite({
    method: "PUT",
    path: "/user",
    token: await auth.liteToken({ sub: id }),
    body: JSON.stringify({ password }),
  });
  // An admin may set the password that is set already; for the user lite refuses that.
  const { error_code: code, msg, weak_password: weak } = await answer.json();
  if (!answer.ok && code !== "same_password") {
    throw new Refusal(answer.status, code, msg, {}, weak);
  }
  await auth.store.endSessions(id);
}

async function update(call: AuthCall, user: UserRow, auth: AuthContext): Promise<Response> {
  const { password, ban_duration: ban, ...rest } = call.body;
  const others = Object.keys(rest);
  if (others.length > 0) throw notEmulated(`changing ${others.join(", ")} as an admin`);
  const milliseconds = text(ban) ? banMilliseconds(String(ban)) : undefined;
  if (typeof password === "string") await setPassword(user.id, password, auth);
  if (milliseconds !== undefined) {
    const until = milliseconds === 0 ? null : new Date(auth.now() + milliseconds);
    await auth.store.setBan(user.id, until);
  }
  return await showUser(user.id, auth);
}

async function remove(call: AuthCall, user: UserRow, auth: AuthContext): Promise<Response> {
  if (call.body.should_soft_delete !== true) await auth.store.deleteUser(user.id);
  else if (!user.deleted_at) await auth.store.softDeleteUser(user.id);
  return Response.json({});
}

/** One user, read, changed or deleted; lite has no admin API. */
export const adminUsers: Difference = {
  auth: "an admin reads, bans, deletes (also softly) a user and sets a password",
  rows: [
    "admin/password-change",
    "after-admin-password-change",
    "admin/ban",
    "admin/delete",
    "admin/unknown-user",
  ],
  async before(call, auth) {
    if (!call.path.startsWith("/admin/")) return;
    const id = call.path.split("/")[3];
    if (id === undefined) throw notEmulated(`${call.method} /admin/users`);
    if (!isUuid(id)) throw new Refusal(404, "validation_failed", "user_id must be an UUID");
    const user = await auth.store.user(id);
    if (!user) throw new Refusal(404, "user_not_found", "User not found");
    if (call.method === "PUT") return await update(call, user, auth);
    if (call.method === "DELETE") return await remove(call, user, auth);
    return await showUser(id, auth);
  },
};
