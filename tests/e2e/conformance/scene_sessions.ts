import { password, post, type Session, sessionId, signIn, signUp } from "./person.ts";
import type { Scene } from "./scenes.ts";

const unknown = crypto.randomUUID();

const scope = (name: string): Scene => ({
  name: `sign-out with scope ${name}`,
  ids: [`logout/${name}`, `after-logout-${name}/own`, `after-logout-${name}/other-device`],
  async play({ stack, play }) {
    const own = await signUp(stack);
    const other = await signIn(stack, own);
    await play(`logout/${name}`, { token: own.access_token });
    await play(`after-logout-${name}/own`, { token: own.access_token });
    await play(`after-logout-${name}/other-device`, { token: other.access_token });
  },
});

const dead: Scene = {
  name: "a dead session and a bad scope",
  ids: ["logout/bad-scope", "logout/again", "refresh/after-logout"],
  async play({ stack, play }) {
    const own = await signUp(stack);
    await play("logout/bad-scope", { token: own.access_token });
    const headers = { authorization: `Bearer ${own.access_token}` };
    await (await fetch(`${stack.url}/auth/v1/logout`, { method: "POST", headers })).body?.cancel();
    await play("logout/again", { token: own.access_token });
    await play("refresh/after-logout", { body: { refresh_token: own.refresh_token } });
  },
};

const refresh: Scene = {
  name: "refresh, reuse and what is refused",
  ids: [
    "refresh/ok",
    "after-refresh/old-token",
    "after-refresh/new-token",
    "refresh/reuse-within-interval",
    "refresh/already-used",
    "after-refresh-reuse",
    "refresh/newest-after-reuse",
    "refresh/unknown",
    "refresh/empty",
  ],
  async play({ stack, play }) {
    const own = await signUp(stack);
    const first = { refresh_token: own.refresh_token };
    const second = await play("refresh/ok", { body: first }) as Session;
    await play("after-refresh/old-token", { token: own.access_token });
    await play("after-refresh/new-token", { token: second.access_token });
    await play("refresh/reuse-within-interval", { body: first });
    const third = await post<Session>(stack, "/token?grant_type=refresh_token", {
      refresh_token: second.refresh_token,
    });
    await play("refresh/already-used", { body: first });
    await play("after-refresh-reuse", { token: third.access_token });
    await play("refresh/newest-after-reuse", { body: { refresh_token: third.refresh_token } });
    await play("refresh/unknown");
    await play("refresh/empty");
  },
};

const rows: Scene = {
  name: "a session row that is gone, or past its end",
  ids: [
    "after-session-row-deleted",
    "refresh/session-row-deleted",
    "after-not-after",
    "refresh/not-after",
  ],
  async play({ stack, play }) {
    const gone = await signUp(stack);
    await stack.store.endSession(sessionId(gone));
    await play("after-session-row-deleted", { token: gone.access_token });
    await play("refresh/session-row-deleted", { body: { refresh_token: gone.refresh_token } });
    const late = await signUp(stack);
    await stack.store.setNotAfter(sessionId(late), new Date(Date.now() - 1000));
    await play("after-not-after", { token: late.access_token });
    await play("refresh/not-after", { body: { refresh_token: late.refresh_token } });
  },
};

const ban: Scene = {
  name: "a ban, and its end",
  ids: [
    "admin/ban",
    "after-ban",
    "password/banned",
    "refresh/banned",
    "logout/banned",
    "after-unban",
  ],
  async play({ stack, play }) {
    const own = await signUp(stack);
    const path = `/admin/users/${own.user.id}`;
    await play("admin/ban", { path });
    await play("after-ban", { token: own.access_token });
    await play("password/banned", { body: { email: own.user.email, password } });
    await play("refresh/banned", { body: { refresh_token: own.refresh_token } });
    await play("logout/banned", { token: own.access_token });
    const headers = { authorization: `Bearer ${stack.keys.serviceRole}` };
    const body = JSON.stringify({ ban_duration: "none" });
    const lifted = await fetch(`${stack.url}/auth/v1${path}`, { method: "PUT", headers, body });
    await lifted.body?.cancel();
    await play("after-unban", { token: own.access_token });
  },
};

const removal: Scene = {
  name: "users an admin deletes",
  ids: [
    "admin/delete",
    "after-delete",
    "admin/soft-delete",
    "after-soft-delete",
    "admin/unknown-user",
  ],
  async play({ stack, play }) {
    const hard = await signUp(stack);
    await play("admin/delete", { path: `/admin/users/${hard.user.id}` });
    await play("after-delete", { token: hard.access_token });
    const soft = await signUp(stack);
    await play("admin/soft-delete", { path: `/admin/users/${soft.user.id}` });
    await play("after-soft-delete", { token: soft.access_token });
    await play("admin/unknown-user", { path: `/admin/users/${unknown}` });
  },
};

export const sessions: readonly Scene[] = [
  scope("global"),
  scope("local"),
  scope("others"),
  dead,
  refresh,
  rows,
  ban,
  removal,
];
