// refresh: shared by parallel calls, at most once in 30 seconds per session.
import { assert, assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { createRecovery, problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  fakeProject,
  inFakeTime,
  json,
  KEY,
  ME,
  now,
  onBoth,
  openCalls,
  OTHER_USER,
  refreshedSession,
  refreshingProject,
  refuses,
  session,
  settle,
  STORAGE_KEY,
  store,
  stored,
  TabStorage,
  TOKEN,
  URL_,
} from "./_support.ts";

onBoth("invoke() refreshes once when ten parallel calls need it", async (create) => {
  const { storage, initialSession, fetch, to } = refreshingProject();
  const { invoke } = openCalls(create, storage, fetch);
  const results = await Promise.all(Array.from({ length: 10 }, () => invoke("me")));
  assertEquals(results.map(({ data }) => data), Array(10).fill("in"));
  assertEquals([to(TOKEN).length, to(ME).length], [1, 20]);
  assert(stored(storage)?.access_token !== initialSession.access_token);
});

Deno.test("invoke() refreshes once when the client's lock makes ten calls refresh one by one", async () => {
  const { storage, fetch, to } = refreshingProject();
  let last: Promise<unknown> = Promise.resolve();
  const lock = <T>(_: string, __: number, run: () => Promise<T>): Promise<T> => {
    const held = last.then(run);
    last = held.catch(() => {});
    return held;
  };
  const recovery = createRecovery({ fetch });
  const supabase = recovery.attach(createClient(URL_, KEY, {
    auth: { storage, autoRefreshToken: false, storageKey: STORAGE_KEY, lock },
    global: { fetch: recovery.fetch },
  }));
  const calls = Array.from({ length: 10 }, () => supabase.functions.invoke("me"));
  const results = await Promise.all(calls);
  assertEquals(results.map(({ data }) => data), Array(10).fill("in"));
  assertEquals(to(TOKEN).length, 1);
});

onBoth("invoke() shares the 30 seconds when a client has several recoveries", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { fetch, to } = fakeProject({
    [ME]: () => refuses("bad_jwt", "credential"),
    [TOKEN]: () => json(200, refreshedSession(initialSession)),
  });
  const { supabase, invoke } = openCalls(create, storage, fetch);
  await invoke("me");
  const other = createRecovery({ fetch });
  other.attach(supabase);
  await other.fetch(ME);
  assertEquals([to(TOKEN).length, to(ME).length], [1, 3]);
});

onBoth("invoke() uses the stored token when another tab has refreshed it", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const fresh = refreshedSession(initialSession);
  const { fetch, to } = fakeProject({
    [ME]: ({ bearer }) => {
      if (bearer === fresh.access_token) return json(200, "in");
      store(storage, fresh); // while the answer is on its way
      return refuses("bad_jwt", "credential");
    },
  });
  const { invoke } = openCalls(create, storage, fetch);
  assertEquals((await invoke("me")).data, "in");
  assertEquals([to(TOKEN).length, to(ME).length], [0, 2]);
});

onBoth(
  "invoke() refreshes again only after 30 seconds when the new token is refused too",
  async (create) => {
    await inFakeTime(async (time) => {
      const { storage, initialSession, fetch, to } = refreshingProject(
        "bad_jwt",
        () => json(200, refreshedSession(initialSession)),
      );
      const { invoke } = openCalls(create, storage, fetch);
      const { error } = await invoke("me");
      assertEquals([problemOf(error)?.code, to(TOKEN).length, to(ME).length], ["bad_jwt", 1, 2]);
      time.tick(29_999);
      assertEquals(problemOf((await invoke("me")).error)?.code, "bad_jwt");
      assertEquals([to(TOKEN).length, to(ME).length], [1, 3]);
      time.tick(1);
      await invoke("me");
      assertEquals(to(TOKEN).length, 2);
      assert(stored(storage) !== null);
    });
  },
);

onBoth(
  "invoke() refreshes once in 30 seconds when a server's clock is ahead",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session({ iat: now() }));
    const { fetch, to } = fakeProject({
      [ME]: () => refuses("token_expired", "credential"),
      [TOKEN]: () => json(200, refreshedSession(initialSession)),
    });
    const { invoke } = openCalls(create, storage, fetch);
    for (let n = 0; n < 3; n++) {
      assertEquals(problemOf((await invoke("me")).error)?.code, "token_expired");
    }
    assertEquals(to(TOKEN).length, 1);
    assert(stored(storage) !== null);
  },
);

onBoth(
  "invoke() refreshes but does not send a POST again when its handler may have run",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const { fetch, to } = fakeProject({
      [ME]: () => refuses("bad_jwt", "credential", { replay: false }),
      [TOKEN]: () => json(200, refreshedSession(initialSession)),
    });
    const { invoke } = openCalls(create, storage, fetch);
    assertEquals(problemOf((await invoke("me", { body: {} })).error)?.action, "refresh");
    assertEquals([to(TOKEN).length, to(ME).length], [1, 1]);
  },
);

for (const code of ["refresh_token_not_found", "refresh_token_already_used", "session_expired"]) {
  onBoth(
    `invoke() signs out when the refresh is refused with ${code} and the token too`,
    async (create) => {
      const { storage, fetch, to } = refreshingProject(
        "token_expired",
        () => authSays(400, code),
      );
      const signedOutCodes: string[] = [];
      const { invoke } = openCalls(create, storage, fetch, {
        onSignedOut: (problem) => signedOutCodes.push(problem.code),
      });
      const { error } = await invoke("me");
      assertEquals([problemOf(error)?.code, signedOutCodes], ["session_expired", [
        "session_expired",
      ]]);
      assertEquals([problemOf(error)?.action, stored(storage)], ["sign_in", null]);
      assertEquals(to("/auth/v1/logout").length, 0);
    },
  );
}

onBoth(
  "invoke() keeps the session when another tab refreshes it during a refused refresh",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const fresh = refreshedSession(initialSession);
    const signedOutCodes: unknown[] = [];
    const { fetch } = fakeProject({
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
      [TOKEN]: () => authSays(400, "refresh_token_already_used"),
      "/auth/v1/logout": () => new Response(null, { status: 204 }),
      "/auth/v1/user": () => {
        store(storage, fresh);
        return authSays(403, "bad_jwt");
      },
    });
    const onSignedOut = ({ code }: { code: string }) => void signedOutCodes.push(code);
    const { supabase, invoke } = openCalls(create, storage, fetch, { onSignedOut });
    assertEquals([(await invoke("me")).data, signedOutCodes], ["in", []]);
    assertEquals(stored(storage)?.access_token, fresh.access_token);
    // The refusal is not the reason of a later end.
    await supabase.auth.signOut({ scope: "local" });
    await settle();
    assertEquals(signedOutCodes, ["no_authorization"]);
  },
);

onBoth(
  "invoke() keeps the session when the refresh is refused and the token accepted",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const { fetch } = fakeProject({
      [ME]: () => refuses("bad_jwt", "credential"),
      [TOKEN]: () => authSays(400, "refresh_token_already_used"),
      "/auth/v1/user": () => json(200, { id: "u" }),
    });
    const { invoke } = openCalls(create, storage, fetch, { patience: 0 });
    assertEquals(problemOf((await invoke("me")).error)?.code, "auth_unavailable");
    assert(stored(storage) !== null);
  },
);

onBoth("invoke() keeps the session when the user is suspended", async (create) => {
  const { storage, fetch } = refreshingProject(
    "token_expired",
    () => authSays(403, "user_banned"),
  );
  const { invoke } = openCalls(create, storage, fetch);
  const problem = problemOf((await invoke("me")).error);
  assertEquals([problem?.code, problem?.action], ["user_banned", "contact_support"]);
  assert(stored(storage) !== null);
});

onBoth(
  "invoke() keeps the session when Auth refuses the refresh for another reason",
  async (create) => {
    for (const code of ["validation_failed", "bad_jwt", "brand_new"]) {
      const { storage, fetch } = refreshingProject("token_expired", () => authSays(400, code));
      const { invoke } = openCalls(create, storage, fetch, { patience: 0 });
      assertEquals(problemOf((await invoke("me")).error)?.code, "auth_unavailable");
      assert(stored(storage) !== null);
    }
  },
);

onBoth(
  "invoke() refreshes once when the token is about to expire",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const { fetch, to } = fakeProject({
      [ME]: ({ bearer }) => {
        if (bearer !== initialSession.access_token) return json(200, "in");
        store(storage, { ...initialSession, expires_at: now() + 60 });
        return refuses("bad_jwt", "credential");
      },
      [TOKEN]: () => json(200, refreshedSession(initialSession)),
    });
    const { invoke } = openCalls(create, storage, fetch);
    assertEquals([(await invoke("me")).data, to(TOKEN).length], ["in", 1]);
  },
);

for (const status of [429, 400, 404]) {
  onBoth(
    `a refresh that Auth answers with ${status} and no reason keeps the session`,
    async (create) => {
      const { storage, fetch } = refreshingProject(
        "token_expired",
        () => json(status, { msg: "x" }),
      );
      const { invoke } = openCalls(create, storage, fetch, { patience: 0 });
      assertEquals(problemOf((await invoke("me")).error)?.code, "auth_unavailable");
      assert(stored(storage) !== null);
    },
  );
}

onBoth("invoke() does not send a call again when another user has signed in", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const other = session({ sub: OTHER_USER, session_id: crypto.randomUUID() });
  const { fetch, to } = fakeProject({
    [ME]: () => {
      store(storage, other);
      return refuses("bad_jwt", "credential");
    },
  });
  const { invoke } = openCalls(create, storage, fetch);
  const problem = problemOf((await invoke("me")).error);
  assertEquals([problem?.code, to(ME).length], ["auth_unavailable", 1]);
  assertEquals(stored(storage)?.access_token, other.access_token);
});
