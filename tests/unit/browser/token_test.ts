// Which token a call is sent with, and which tokens are sent to Auth.
import { assertEquals } from "@std/assert";
import { onSession, problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  expired,
  fakeProject,
  inFakeTime,
  json,
  KEY,
  ME,
  now,
  onBoth,
  openCalls,
  openRecovering,
  refreshedSession,
  refuses,
  runUntil,
  session,
  settle,
  store,
  stored,
  TabStorage,
  TOKEN,
} from "./_support.ts";

const signedOut = () => new Response(null, { status: 204 });

/** A storage that takes some time. */
function slow(inner: TabStorage, milliseconds: () => number) {
  const wait = () => new Promise((resolve) => setTimeout(resolve, milliseconds()));
  return {
    async getItem(key: string) {
      const value = inner.getItem(key);
      await wait();
      return value;
    },
    async setItem(key: string, value: string) {
      await wait();
      inner.setItem(key, value);
    },
    async removeItem(key: string) {
      await wait();
      inner.removeItem(key);
    },
  };
}

onBoth("invoke() is sent with a new token when the stored one has expired", async (create) => {
  const storage = new TabStorage();
  const fresh = refreshedSession(store(storage, expired()));
  const { fetch } = fakeProject({
    // A function that admits everybody.
    [ME]: ({ bearer }) => json(200, bearer === fresh.access_token ? "user" : "nobody"),
    [TOKEN]: () => json(200, fresh),
  });
  const calls = openCalls(create, storage, fetch);
  assertEquals((await calls.invoke("me")).data, "user");
});

onBoth(
  "invoke() sends a stream with a new token when the stored one has expired",
  async (create) => {
    const storage = new TabStorage();
    const fresh = refreshedSession(store(storage, expired()));
    const { fetch } = fakeProject({
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
      [TOKEN]: () => json(200, fresh),
    });
    const { invoke } = openCalls(create, storage, fetch);
    assertEquals((await invoke("me", { body: new Blob(["x"]).stream() })).data, "in");
  },
);

onBoth("invoke() sends nothing when an expired token cannot be refreshed", async (create) => {
  for (
    const [answer, code] of [
      [() => json(503, {}), "auth_unavailable"],
      [() => authSays(400, "session_not_found"), "session_not_found"],
    ] as const
  ) {
    const storage = new TabStorage();
    store(storage, expired());
    const { fetch, to } = fakeProject({ [ME]: () => json(200, "nobody"), [TOKEN]: answer });
    const { invoke } = openCalls(create, storage, fetch, { patience: 0 });
    const { data, error } = await invoke("me");
    assertEquals([data, problemOf(error)?.code, to(ME).length], [null, code, 0]);
  }
});

onBoth("invoke() is sent right after a sign-out that began with a refresh", async (create) => {
  await inFakeTime(async () => {
    const storage = new TabStorage();
    const initialSession = store(storage, { ...session(), expires_at: now() + 30 });
    const { fetch } = fakeProject({
      [ME]: () => json(200, "public"),
      [TOKEN]: () => json(200, refreshedSession(initialSession)),
      "/auth/v1/logout": signedOut,
    });
    const supabase = openRecovering(create, storage, fetch);
    await supabase.auth.getSession();
    await supabase.auth.signOut({ scope: "local" });
    assertEquals((await supabase.functions.invoke("me")).data, "public");
  });
});

onBoth(
  "invoke() is sent as nobody when it brings the key right after a refresh",
  async (create) => {
    await inFakeTime(async () => {
      const storage = new TabStorage();
      const initialSession = store(storage, expired());
      const { fetch } = fakeProject({
        [ME]: ({ bearer }) => json(200, bearer === KEY ? "nobody" : "user"),
        [TOKEN]: () => json(200, refreshedSession(initialSession)),
      });
      const supabase = openRecovering(create, storage, fetch);
      await supabase.auth.getSession();
      const headers = { Authorization: `Bearer ${KEY}` };
      assertEquals((await supabase.functions.invoke("me", { headers })).data, "nobody");
    });
  },
);

onBoth("invoke() is sent again as the user when the key alone is refused", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { fetch, calls } = fakeProject({
    [ME]: ({ bearer }) => bearer === KEY ? refuses("no_authorization", "credential") : json(200, 1),
  });
  const supabase = openRecovering(create, storage, fetch);
  const headers = { Authorization: `Bearer ${KEY}` };
  assertEquals((await supabase.functions.invoke("me", { headers })).data, 1);
  assertEquals(calls.map(({ bearer }) => bearer), [KEY, initialSession.access_token]);
});

onBoth(
  "invoke() is sent as the user when another tab has refreshed, however slow the storage",
  async (create) => {
    for (const milliseconds of [0, 60, 150]) {
      await inFakeTime(async (time) => {
        const storage = new TabStorage();
        const fresh = refreshedSession(store(storage, expired()));
        const { fetch } = fakeProject({
          [ME]: ({ bearer }) =>
            bearer === fresh.access_token
              ? json(200, "user")
              : refuses("no_authorization", "credential"),
          [TOKEN]: () => {
            store(storage, fresh); // by the other tab
            return authSays(400, "refresh_token_already_used");
          },
        });
        const supabase = openRecovering(create, slow(storage, () => milliseconds), fetch);
        let data: unknown;
        supabase.functions.invoke("me").then((result) => data = result.data);
        await runUntil(time, () => data !== undefined, 10_000, 10);
        assertEquals(data, "user", `${milliseconds} ms`);
      });
    }
  },
);

onBoth(
  "setSession() does not send a refresh token of two refreshes ago to Auth",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, expired());
    const { fetch, to } = fakeProject({
      [TOKEN]: () => json(200, refreshedSession(initialSession)),
    });
    const supabase = openRecovering(create, storage, fetch);
    await supabase.auth.getSession();
    await supabase.auth.refreshSession();
    await supabase.auth.refreshSession();
    const current = stored(storage)?.refresh_token;
    assertEquals((await supabase.auth.setSession(initialSession)).error, null);
    assertEquals([to(TOKEN).length, stored(storage)?.refresh_token], [3, current]);
  },
);

onBoth(
  "onSignedOut() is called once when an older read of the storage ends last",
  async (create) => {
    await inFakeTime(async (time) => {
      const inner = new TabStorage();
      store(inner, session());
      const { fetch } = fakeProject({ "/auth/v1/logout": signedOut });
      let milliseconds = 0;
      const reported: string[] = [];
      const supabase = openRecovering(create, slow(inner, () => milliseconds), fetch, {
        onSignedOut: ({ code }) => void reported.push(code),
      });
      onSession(supabase, ({ kind }) => reported.push(kind));
      await runUntil(time, () => reported.length > 0, 1000);
      milliseconds = 5000;
      globalThis.dispatchEvent(new Event("focus"));
      milliseconds = 0;
      supabase.auth.signOut({ scope: "local" });
      await runUntil(time, () => false, 7000);
      assertEquals(reported, ["signed_in", "no_authorization", "signed_out"]);
    });
  },
);

onBoth("createRecovery() does not trust a time that a wrong clock has written", async (create) => {
  for (const status of [400, 503]) {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      // The clock was an hour ahead at the last refresh.
      const stored_at = Date.now() + 3_600_000;
      const wrong = { ...expired(), stored_at };
      store(storage, wrong);
      const { fetch, to } = fakeProject({
        [ME]: () => json(200, "in"),
        [TOKEN]: () => authSays(status, "refresh_token_not_found"),
      });
      const signedOutCodes: string[] = [];
      const supabase = openRecovering(create, storage, fetch, {
        patience: 0,
        onSignedOut: ({ code }) => void signedOutCodes.push(code),
      });
      let code: string | undefined;
      supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
      await runUntil(time, () => code !== undefined, 10_000);
      assertEquals(to(ME).length, 0);
      assertEquals(
        [code, signedOutCodes],
        status === 400 ? ["session_expired", ["session_expired"]] : ["auth_unavailable", []],
      );
    });
  }
});

onBoth(
  "invoke() is sent after a sign-in when the clock is ahead and Auth limits refreshes",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      const granted = { ...expired(), expires_at: now() - 3600 };
      const { fetch } = fakeProject({
        [ME]: ({ bearer }) => json(200, bearer === granted.access_token ? "user" : "nobody"),
        [TOKEN]: ({ path }) => path.includes("password") ? json(200, granted) : json(429, {}),
      });
      const supabase = openRecovering(create, storage, fetch);
      let data: unknown;
      supabase.auth.signInWithPassword({ email: "ada@example.com", password: "x" })
        .then(async () => data = (await supabase.functions.invoke("me")).data);
      const elapsed = await runUntil(time, () => data !== undefined, 60_000);
      assertEquals([data, elapsed], ["user", 0]);
      // Another tab, and the same one when it is loaded again, know it too.
      const other = openRecovering(create, storage, fetch);
      data = undefined;
      time.tick(60_000);
      other.functions.invoke("me").then((result) => data = result.data);
      await runUntil(time, () => data !== undefined, 60_000);
      assertEquals(data, "user");
    });
  },
);

onBoth("createRecovery() reads the storage of a server once", async (create) => {
  const inner = new TabStorage();
  store(inner, session());
  let reads = 0;
  const storage = {
    ...slow(inner, () => 0),
    isServer: true,
    getItem: (key: string) => {
      reads++;
      return Promise.resolve(inner.getItem(key));
    },
  };
  const supabase = openRecovering(create, storage, fakeProject({}).fetch);
  await supabase.auth.getSession();
  await settle();
  inner.items.clear();
  reads = 0;
  await supabase.auth.getSession();
  assertEquals(reads, 1);
});
