import type { RecordedScenario } from "../scenario.ts";
import { PASSWORD, refresh, type Session, sessionId, signIn, signUp } from "../users.ts";

function signOut(scope: string): RecordedScenario {
  return {
    name: `sign-out with scope ${scope}`,
    async run({ stack, compareAs }) {
      const own = await signUp(stack);
      const other = await signIn(stack, own);
      await compareAs(own, `logout/${scope}`, `after-logout-${scope}/own`);
      await compareAs(other, `after-logout-${scope}/other-device`);
    },
  };
}

const endedSession: RecordedScenario = {
  name: "an ended session, and an unknown scope",
  async run({ stack, compare, compareAs }) {
    const own = await signUp(stack);
    await compareAs(own, "logout/bad-scope");
    await stack.store.endSession(sessionId(own));
    await compareAs(own, "logout/again");
    await compare("refresh/after-logout", { body: { refresh_token: own.refresh_token } });
  },
};

const refreshes: RecordedScenario = {
  name: "a refresh, and refresh tokens that are used again",
  async run({ stack, compare, compareAs }) {
    const first = await signUp(stack);
    const body = { refresh_token: first.refresh_token };
    const second = await compare("refresh/ok", { body }) as Session;
    await compareAs(first, "after-refresh/old-token");
    await compareAs(second, "after-refresh/new-token");
    await compare("refresh/reuse-within-interval", { body });
    const third = await refresh(stack, second);
    await compare("refresh/already-used", { body });
    await compareAs(third, "after-refresh-reuse");
    await compare("refresh/newest-after-reuse", { body: { refresh_token: third.refresh_token } });
    await compare("refresh/unknown");
    await compare("refresh/empty");
  },
};

const rows: RecordedScenario = {
  name: "a session whose row was deleted, and one past not_after",
  async run({ stack, compare, compareAs }) {
    const deleted = await signUp(stack);
    await stack.store.endSession(sessionId(deleted));
    await compareAs(deleted, "after-session-row-deleted");
    await compare("refresh/session-row-deleted", {
      body: { refresh_token: deleted.refresh_token },
    });
    const past = await signUp(stack);
    await stack.store.setNotAfter(sessionId(past), new Date(Date.now() - 1000));
    await compareAs(past, "after-not-after");
    await compare("refresh/not-after", { body: { refresh_token: past.refresh_token } });
  },
};

const ban: RecordedScenario = {
  name: "a banned user, until the ban is lifted",
  async run({ stack, compare, compareAs }) {
    const own = await signUp(stack);
    const { user: { id, email } } = own;
    await compare("admin/ban", { path: `/admin/users/${id}` });
    await compareAs(own, "after-ban");
    await compare("password/banned", { body: { email, password: PASSWORD } });
    await compare("refresh/banned", { body: { refresh_token: own.refresh_token } });
    await compareAs(own, "logout/banned");
    await stack.store.setBan(id, null);
    await compareAs(own, "after-unban");
  },
};

const deletion: RecordedScenario = {
  name: "users that an admin deletes",
  async run({ stack, compare, compareAs }) {
    for (const kind of ["delete", "soft-delete"]) {
      const session = await signUp(stack);
      await compare(`admin/${kind}`, { path: `/admin/users/${session.user.id}` });
      await compareAs(session, `after-${kind}`);
    }
    await compare("admin/unknown-user", { path: `/admin/users/${crypto.randomUUID()}` });
  },
};

export const sessions: readonly RecordedScenario[] = [
  ...["global", "local", "others"].map(signOut),
  endedSession,
  refreshes,
  rows,
  ban,
  deletion,
];
