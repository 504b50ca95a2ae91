/** The part of the admin API that is emulated: read, ban or delete one user, set a password. */

import {
  type AuthCall,
  type AuthContext,
  AuthError,
  type Difference,
  isUuid,
  text,
} from "./call.ts";
import type { UserRow } from "./store.ts";
import { completeUser } from "./users.ts";

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60000,
  h: 3600000,
};

/** The milliseconds of a duration such as `24h` or `1h30m`; 0 for `none`. */
export function banMilliseconds(duration: string): number {
  if (duration === "none") return 0;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== duration) {
    const text = `invalid format for ban duration: time: invalid duration "${duration}"`;
    throw new AuthError(400, "validation_failed", text);
  }
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0),
    0,
  );
}

function notEmulated(what: string): AuthError {
  return new AuthError(501, "not_emulated", `The embedded stack does not emulate ${what}.`);
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
  // An admin may set the current password again, which lite refuses to the user.
  const { error_code: code, msg, weak_password: weak } = await answer.json();
  if (!answer.ok && code !== "same_password") {
    throw new AuthError(answer.status, code, msg, {}, weak);
  }
  await auth.store.endSessions(id);
}

async function update(call: AuthCall, user: UserRow, auth: AuthContext): Promise<Response> {
  const { password, ban_duration: ban, app_metadata: metadata, ...rest } = call.body;
  const others = Object.keys(rest);
  if (others.length > 0) throw notEmulated(`changing ${others.join(", ")} as an admin`);
  const milliseconds = text(ban) ? banMilliseconds(String(ban)) : undefined;
  if (typeof password === "string") await setPassword(user.id, password, auth);
  if (milliseconds !== undefined) {
    const until = milliseconds === 0 ? null : new Date(auth.now() + milliseconds);
    await auth.store.setBan(user.id, until);
  }
  if (typeof metadata === "object" && metadata !== null) {
    await auth.store.changeAppMetadata(user, metadata as Record<string, unknown>);
  }
  return await showUser(user.id, auth);
}

async function remove(call: AuthCall, user: UserRow, auth: AuthContext): Promise<Response> {
  if (call.body.should_soft_delete !== true) await auth.store.deleteUser(user.id);
  else if (!user.deleted_at) await auth.store.softDeleteUser(user.id);
  return Response.json({});
}

/** Reads, changes and deletes one user; lite has no admin API. */
export const adminUsers: Difference = {
  auth: "an admin reads, bans, deletes (also softly) a user and sets a password and app_metadata",
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
    if (!isUuid(id)) throw new AuthError(404, "validation_failed", "user_id must be an UUID");
    const user = await auth.store.user(id);
    if (!user) throw new AuthError(404, "user_not_found", "User not found");
    if (call.method === "PUT") return await update(call, user, auth);
    if (call.method === "DELETE") return await remove(call, user, auth);
    return await showUser(id, auth);
  },
};
