// Two tabs with one storage: the other tab acts at each possible moment of a sign-out.
import { assert, assertEquals } from "@std/assert";
import { problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  type Create,
  fakeProject,
  json,
  onBoth,
  openCalls,
  OTHER_USER,
  refreshedSession,
  refuses,
  session,
  STORAGE_KEY,
  store,
  stored,
  type StoredTestSession,
  TabStorage,
} from "./_support.ts";

const ME = "/functions/v1/me";

/** A project in which only the tokens in `validTokens` are valid. */
function createProject() {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const validTokens = new Set<string>();
  const alive = (bearer: string | null) => validTokens.has(bearer ?? "");
  const project = fakeProject({
    [ME]: ({ bearer }) =>
      alive(bearer) ? json(200, "in") : refuses("session_not_found", "credential"),
    "/auth/v1/user": ({ bearer }) =>
      alive(bearer) ? json(200, { id: "u" }) : authSays(403, "session_not_found"),
  });
  return { storage, initialSession, validTokens, ...project };
}
type Project = ReturnType<typeof createProject>;

/** Runs an action after some turns of the microtask queue; returns whether the call still ran. */
async function after(turns: number, call: Promise<unknown>, action: () => void): Promise<boolean> {
  let done = false;
  call.then(() => done = true);
  for (let n = 0; n < turns && !done; n++) await undefined;
  const during = !done;
  action();
  await call;
  return during;
}

/** Runs an action of the other tab at each moment of a call, until the call ends before it. */
async function everyMoment(
  create: Create,
  action: (project: Project) => StoredTestSession | null,
  check: (
    project: Project,
    left: StoredTestSession | null,
    result: { data: unknown; action: string | undefined; signedOutCodes: string[] },
  ) => void,
): Promise<void> {
  let turns = 0;
  for (; turns < 2000; turns++) {
    const made = createProject();
    const signedOutCodes: string[] = [];
    const { supabase, invoke } = openCalls(create, made.storage, made.fetch, {
      patience: 0,
      onSignedOut: ({ code }) => signedOutCodes.push(code),
    });
    await supabase.auth.getSession(); // recovered, so that each run begins alike
    const call = invoke("me");
    let left: StoredTestSession | null = null;
    const during = await after(turns, call, () => left = action(made));
    const { data, error } = await call;
    check(made, left, { data, action: problemOf(error)?.action, signedOutCodes });
    assert(!made.calls.some(({ path }) => path.includes("/logout")), `turn ${turns}`);
    if (!during) break;
  }
  assert(turns > 30 && turns < 2000, `${turns} moments`);
}

onBoth(
  "invoke() keeps the new session when the same user signs in during a sign-out",
  (create) =>
    everyMoment(create, ({ storage, validTokens }) => {
      const fresh = store(storage, session({ session_id: crypto.randomUUID() }));
      validTokens.add(fresh.access_token);
      return fresh;
    }, ({ storage }, fresh, { data, action }) => {
      assertEquals(stored(storage)?.access_token, fresh?.access_token);
      // Either it was sent again with the new session, or the old one had been signed out before.
      assert(data === "in" || action === "sign_in", action);
    }),
);

onBoth(
  "invoke() keeps the new session when another user signs in during a sign-out",
  (create) =>
    everyMoment(create, ({ storage, validTokens }) => {
      const fresh = store(
        storage,
        session({ sub: OTHER_USER, session_id: crypto.randomUUID() }),
      );
      validTokens.add(fresh.access_token);
      return fresh;
    }, ({ storage, calls, initialSession }, fresh, { data }) => {
      assertEquals(stored(storage)?.access_token, fresh?.access_token);
      const [first, ...others] = calls.filter(({ path }) => path === ME);
      assertEquals(others.length, 0);
      // Sent as the second user only if that user signed in before the first request.
      assertEquals(data === "in", first?.bearer !== initialSession.access_token);
    }),
);

onBoth(
  "invoke() signs out when the other tab refreshes a session that has ended",
  (create) =>
    everyMoment(
      create,
      ({ storage, initialSession }) =>
        stored(storage) && store(storage, refreshedSession(initialSession)),
      ({ storage }, _, { action, signedOutCodes }) => {
        assertEquals([stored(storage), action, signedOutCodes], [null, "sign_in", [
          "session_not_found",
        ]]);
      },
    ),
);

onBoth(
  "onSignedOut() is called once at most when the other tab signs out too",
  (create) =>
    everyMoment(create, ({ storage }) => {
      storage.removeItem(STORAGE_KEY);
      return null;
    }, ({ storage }, _, { action, signedOutCodes }) => {
      assertEquals(stored(storage), null);
      assert(action === "sign_in");
      assert(signedOutCodes.length <= 1);
    }),
);

onBoth(
  "invoke() keeps the session when Auth accepts its token again",
  (create) =>
    everyMoment(create, ({ validTokens, initialSession }) => {
      validTokens.add(initialSession.access_token);
      return null;
    }, ({ storage, initialSession }, _, { action, signedOutCodes }) => {
      const kept = stored(storage)?.access_token === initialSession.access_token;
      assertEquals(kept, action !== "sign_in");
      assertEquals(kept ? 0 : 1, signedOutCodes.length);
    }),
);
