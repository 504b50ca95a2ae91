// Two tabs over one storage: whatever the other tab does, at whichever moment of a sign-out.
import { assert, assertEquals } from "@std/assert";
import { problemOf, withRecovery } from "../../../shared/browser/mod.ts";
import {
  authSays,
  type Create,
  fakeProject,
  json,
  onBoth,
  openTab,
  OTHER_USER,
  refuses,
  renewed,
  session,
  STORAGE_KEY,
  store,
  stored,
  type StoredTestSession,
  TabStorage,
} from "./_support.ts";

const ME = "/functions/v1/me";

/** A world in which only the tokens in `good` are alive. */
function world() {
  const storage = new TabStorage();
  const mine = store(storage, session());
  const good = new Set<string>();
  const alive = (bearer: string | null) => good.has(bearer ?? "");
  const project = fakeProject({
    [ME]: ({ bearer }) =>
      alive(bearer) ? json(200, "in") : refuses("session_not_found", "credential"),
    "/auth/v1/user": ({ bearer }) =>
      alive(bearer) ? json(200, { id: "u" }) : authSays(403, "session_not_found"),
  });
  return { storage, mine, good, ...project };
}
type World = ReturnType<typeof world>;

/** Runs an action after so many turns of the microtask queue; says whether the call still ran. */
async function after(turns: number, call: Promise<unknown>, action: () => void): Promise<boolean> {
  let done = false;
  call.then(() => done = true);
  for (let n = 0; n < turns && !done; n++) await undefined;
  const during = !done;
  action();
  await call;
  return during;
}

/** Tries an action of the other tab at every moment of a call until the call is over before it. */
async function everyMoment(
  create: Create,
  action: (world: World) => StoredTestSession | null,
  check: (
    world: World,
    left: StoredTestSession | null,
    result: { data: unknown; action: string | undefined; told: string[] },
  ) => void,
): Promise<void> {
  let turns = 0;
  for (; turns < 2000; turns++) {
    const made = world();
    const told: string[] = [];
    const tab = openTab(create, made.storage, made.fetch);
    await tab.auth.getSession(); // recovered, so that each run begins alike
    const { invoke } = withRecovery(tab, {
      patience: 0,
      onSignedOut: ({ code }) => told.push(code),
    });
    const call = invoke("me");
    let left: StoredTestSession | null = null;
    const during = await after(turns, call, () => left = action(made));
    const { data, error } = await call;
    check(made, left, { data, action: problemOf(error)?.action, told });
    assert(!made.calls.some(({ path }) => path.includes("/logout")), `turn ${turns}`);
    if (!during) break;
  }
  assert(turns > 30 && turns < 2000, `${turns} moments`);
}

onBoth(
  "a new login of the same user survives at every moment of a sign-out",
  (create) =>
    everyMoment(create, ({ storage, good }) => {
      const fresh = store(storage, session({ session_id: crypto.randomUUID() }));
      good.add(fresh.access_token);
      return fresh;
    }, ({ storage }, fresh, { data, action }) => {
      assertEquals(stored(storage)?.access_token, fresh?.access_token);
      // Either it was sent again as the new login, or the old session had been signed out before.
      assert(data === "in" || action === "sign_in", action);
    }),
);

onBoth(
  "a login of another user survives, and sends nothing of the first one",
  (create) =>
    everyMoment(create, ({ storage, good }) => {
      const fresh = store(
        storage,
        session({ sub: OTHER_USER, session_id: crypto.randomUUID() }),
      );
      good.add(fresh.access_token);
      return fresh;
    }, ({ storage, calls, mine }, fresh, { data }) => {
      assertEquals(stored(storage)?.access_token, fresh?.access_token);
      const [first, ...others] = calls.filter(({ path }) => path === ME);
      assertEquals(others.length, 0);
      // Sent as the second user only if that was signed in before anything was sent at all.
      assertEquals(data === "in", first?.bearer !== mine.access_token);
    }),
);

onBoth("a refresh in the other tab does not keep a dead session", (create) =>
  everyMoment(
    create,
    ({ storage, mine }) => stored(storage) && store(storage, renewed(mine)),
    ({ storage }, _, { action, told }) => {
      assertEquals([stored(storage), action, told], [null, "sign_in", ["session_not_found"]]);
    },
  ));

onBoth(
  "a sign-out in the other tab ends in the same, told once",
  (create) =>
    everyMoment(create, ({ storage }) => {
      storage.removeItem(STORAGE_KEY);
      return null;
    }, ({ storage }, _, { action, told }) => {
      assertEquals(stored(storage), null);
      assert(action === "sign_in");
      assert(told.length <= 1);
    }),
);

onBoth(
  "a session that comes alive again is not signed out after Auth said so",
  (create) =>
    everyMoment(create, ({ good, mine }) => {
      good.add(mine.access_token);
      return null;
    }, ({ storage, mine }, _, { action, told }) => {
      const kept = stored(storage)?.access_token === mine.access_token;
      assertEquals(kept, action !== "sign_in");
      assertEquals(kept ? 0 : 1, told.length);
    }),
);
