// How long a call waits, how often Auth is asked, and when an outage is over.
import { assertEquals } from "@std/assert";
import { type Outage, problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  expired,
  fakeProject,
  inFakeTime,
  json,
  ME,
  now,
  onBoth,
  openRecovering,
  refreshedSession,
  refuses,
  runUntil,
  session,
  STORAGE_KEY,
  store,
  stored,
  type StoredTestSession,
  TabStorage,
  type TestClient,
  TOKEN,
  USER_ID,
} from "./_support.ts";

const failing = () => new Response("x", { status: 503 });

/** Another tab has stored something. */
function dispatchStorageEvent(): void {
  globalThis.dispatchEvent(Object.assign(new Event("storage"), { key: STORAGE_KEY }));
}

onBoth("invoke() asks Auth once per call when the user is suspended", async (create) => {
  await inFakeTime(async () => {
    const storage = new TabStorage();
    store(storage, expired());
    const { fetch, to } = fakeProject({ [TOKEN]: () => authSays(400, "user_banned") });
    const supabase = openRecovering(create, storage, fetch);
    await supabase.auth.getSession();
    const before = to(TOKEN).length;
    for (let n = 0; n < 10; n++) {
      const { error } = await supabase.functions.invoke("me");
      assertEquals(problemOf(error)?.code, "user_banned");
    }
    assertEquals(to(TOKEN).length - before, 10);
  });
});

onBoth(
  "invoke() is answered when a listener awaits a query in an outage of Auth",
  async (create) => {
    for (const first of [expired(), { ...session(), expires_at: now() + 85 }]) {
      await inFakeTime(async (time) => {
        const storage = new TabStorage();
        store(storage, first);
        const beganMs = Date.now();
        const { fetch } = fakeProject({
          [ME]: () => json(200, "in"),
          "/rest/v1/profiles": () => json(200, []),
          [TOKEN]: () =>
            Date.now() - beganMs < 5000 ? failing() : json(200, refreshedSession(first)),
        });
        const supabase = openRecovering(create, storage, fetch);
        supabase.auth.onAuthStateChange((event) =>
          event === "TOKEN_REFRESHED" ? supabase.from("profiles").select() : undefined
        );
        for (let n = 0; n < 3; n++) {
          let data: unknown;
          supabase.functions.invoke("me").then((result) => data = result.data);
          await runUntil(time, () => data !== undefined, 30_000);
          assertEquals(data, "in");
        }
      });
    }
  },
);

onBoth("invoke() waits on when the page is hidden, and not when it is shown", async (create) => {
  const page: { document?: { hidden: boolean } } = globalThis as never;
  page.document = { hidden: true };
  try {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      store(storage, session());
      const { fetch, to } = fakeProject({
        [ME]: (_, call) =>
          call === 1
            ? refuses("auth_unavailable", "credential", { retry_after: 10 })
            : json(200, "in"),
      });
      const outages: (Outage | null)[] = [];
      const supabase = openRecovering(create, storage, fetch, {
        onOutage: (outage) => outages.push(outage),
      });
      let data: unknown;
      supabase.functions.invoke("me").then((result) => data = result.data);
      await runUntil(time, () => to(ME).length > 0, 1000);
      globalThis.dispatchEvent(new Event("visibilitychange"));
      await runUntil(time, () => data !== undefined, 1000);
      assertEquals([to(ME).length, outages.length], [1, 1]);
      page.document = { hidden: false };
      for (const name of ["visibilitychange", "focus"]) {
        globalThis.dispatchEvent(new Event(name));
        assertEquals(outages.length, 1); // the call under way tells
      }
      await runUntil(time, () => data !== undefined, 200);
      assertEquals([data, outages.at(-1)], ["in", null]);
    });
  } finally {
    delete page.document;
  }
});

onBoth("onOutage() gets null when the page tries again and no call waits", async (create) => {
  await inFakeTime(async (time) => {
    const storage = new TabStorage();
    store(storage, session());
    const outages: (Outage | null)[] = [];
    const { fetch } = fakeProject({ [ME]: () => Promise.reject(new TypeError("offline")) });
    const supabase = openRecovering(create, storage, fetch, {
      patience: 5000,
      onOutage: (outage) => outages.push(outage),
    });
    let result: unknown;
    supabase.functions.invoke("me", { method: "GET" }).then((one) => result = one);
    await runUntil(time, () => result !== undefined, 10_000);
    outages.at(-1)?.tryNow();
    assertEquals(outages.map((one) => one === null), [false, false, true]);
  });
});

onBoth("invoke() takes a second longer when a listener of SIGNED_OUT hangs", async (create) => {
  await inFakeTime(async (time) => {
    const storage = new TabStorage();
    store(storage, session());
    const { fetch } = fakeProject({
      [ME]: () => refuses("session_not_found", "credential"),
      "/auth/v1/user": async () => {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        return authSays(403, "session_not_found");
      },
    });
    const supabase = openRecovering(create, storage, fetch);
    supabase.auth.onAuthStateChange((event) =>
      event === "SIGNED_OUT" ? new Promise(() => {}) : undefined
    );
    let code: string | undefined;
    supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
    const elapsedMs = await runUntil(time, () => code !== undefined, 30_000);
    assertEquals([code, elapsedMs], ["session_not_found", 4000]);
  });
});

onBoth("invoke() ends its wait when another tab has refreshed", async (create) => {
  await inFakeTime(async (time) => {
    const storage = new TabStorage();
    const fresh = refreshedSession(store(storage, expired()));
    const { fetch } = fakeProject({
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
      [TOKEN]: () => new Response("x", { status: 429, headers: { "retry-after": "20" } }),
    });
    const supabase = openRecovering(create, storage, fetch);
    let data: unknown;
    supabase.functions.invoke("me").then((result) => data = result.data);
    await runUntil(time, () => data !== undefined, 3000);
    store(storage, fresh);
    dispatchStorageEvent();
    const elapsed = await runUntil(time, () => data !== undefined, 60_000);
    assertEquals([data, elapsed], ["in", 0]);
  });
});

const endings: Readonly<
  Record<string, (supabase: TestClient, storage: TabStorage, old: StoredTestSession) => unknown>
> = {
  "another tab has refreshed": (_, storage, old) => {
    store(storage, refreshedSession(old));
    dispatchStorageEvent();
  },
  "the user has signed in anew": (supabase) =>
    supabase.auth.signInWithPassword({ email: "ada@example.com", password: "x" }),
  "the user has signed out": (supabase) => supabase.auth.signOut({ scope: "local" }),
};
for (const [name, end] of Object.entries(endings)) {
  onBoth(`onOutage() gets null when ${name}`, async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      const initialSession = store(storage, expired());
      const { fetch } = fakeProject({
        [ME]: () => refuses("token_expired", "credential"),
        [TOKEN]: ({ path }) => path.includes("password") ? json(200, session()) : failing(),
        "/auth/v1/logout": () => new Response(null, { status: 204 }),
      });
      const outages: unknown[] = [];
      const supabase = openRecovering(create, storage, fetch, {
        patience: 3000,
        onOutage: (outage) => outages.push(outage),
      });
      let isDone = false;
      supabase.functions.invoke("me").then(() => isDone = true);
      await runUntil(time, () => isDone, 30_000);
      assertEquals([outages.length > 0, outages.includes(null)], [true, false]);
      end(supabase, storage, initialSession);
      await runUntil(time, () => outages.includes(null), 30_000);
      assertEquals(outages.filter((outage) => outage === null).length, 1);
      assertEquals(outages.at(-1), null);
    });
  });
}

onBoth(
  "invoke() ends at once when only the refresh token is dead and the function refuses",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      store(storage, session());
      const { fetch, to } = fakeProject({
        [ME]: () => refuses("bad_jwt", "credential"),
        [TOKEN]: () => authSays(400, "refresh_token_already_used"),
        "/auth/v1/user": () => json(200, { id: USER_ID }),
      });
      const supabase = openRecovering(create, storage, fetch);
      let code: string | undefined;
      supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
      const elapsed = await runUntil(time, () => code !== undefined, 60_000);
      assertEquals([code, elapsed], ["auth_unavailable", 0]);
      assertEquals([to(ME).length, to("/auth/v1/user").length], [1, 1]);
      assertEquals(stored(storage) !== null, true);
    });
  },
);

onBoth(
  "invoke() refreshes for the next call when it must not be sent again in an outage",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      const initialSession = store(storage, session());
      const fresh = refreshedSession(initialSession);
      const { fetch, to } = fakeProject({
        [ME]: () => refuses("bad_jwt", "credential", { replay: false }),
        [TOKEN]: (_, n) => n > 1 ? json(200, fresh) : failing(),
      });
      const supabase = openRecovering(create, storage, fetch);
      let code: string | undefined;
      supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
      await runUntil(time, () => stored(storage)?.access_token === fresh.access_token, 5000);
      assertEquals([code, to(ME).length], ["auth_unavailable", 1]);
      assertEquals(stored(storage)?.access_token, fresh.access_token);
    });
  },
);

onBoth("setSession() leaves the stored session alone when its token is refused", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { fetch } = fakeProject({ [TOKEN]: () => authSays(400, "refresh_token_not_found") });
  const supabase = openRecovering(create, storage, fetch);
  const other = { ...expired(), refresh_token: "from elsewhere" };
  assertEquals((await supabase.auth.setSession(other)).error === null, false);
  assertEquals(stored(storage)?.expires_at, initialSession.expires_at);
});

onBoth(
  "onSignedOut() gets no_authorization when a refusal did not end the session before",
  async (create) => {
    await inFakeTime(async () => {
      const storage = new TabStorage();
      // The clock was behind at the refresh: the token is older than supabase-js believes.
      const late = { ...session(), expires_at: now() + 60, stored_at: Date.now() - 3_700_000 };
      store(storage, late);
      const { fetch } = fakeProject({
        [TOKEN]: () => authSays(400, "refresh_token_not_found"),
        "/auth/v1/logout": () => new Response(null, { status: 204 }),
      });
      const codes: string[] = [];
      const supabase = openRecovering(create, storage, fetch, {
        onSignedOut: ({ code }) => void codes.push(code),
      });
      await supabase.auth.getSession();
      assertEquals([stored(storage) !== null, codes], [true, []]);
      await supabase.auth.signOut({ scope: "local" });
      assertEquals(codes, ["no_authorization"]);
    });
  },
);

onBoth("invoke() has a second to read a failure when its patience is spent", async (create) => {
  await inFakeTime(async (time) => {
    const storage = new TabStorage();
    store(storage, { ...session(), expires_at: now() + 60 });
    const problem = {
      code: "insufficient_role",
      message: "m",
      status: 403,
      action: "none",
      replay: false,
      request_id: "r1",
    };
    const { fetch } = fakeProject({
      [ME]: () => {
        const body = new ReadableStream({
          async start(controller) {
            await new Promise((resolve) => setTimeout(resolve, 500));
            controller.enqueue(new TextEncoder().encode(JSON.stringify(problem)));
            controller.close();
          },
        });
        return new Response(body, { status: 403 });
      },
      [TOKEN]: () => new Promise(() => {}),
    });
    const supabase = openRecovering(create, storage, fetch, { patience: 10_000 });
    let code: string | undefined;
    supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
    await runUntil(time, () => code !== undefined, 60_000);
    assertEquals(code, "insufficient_role");
  });
});
