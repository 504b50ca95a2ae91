// Whoever listens learns that a session ended: once per session, whatever ended it.
import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { createRecovery, onSession, problemOf, withRecovery } from "../../../shared/browser/mod.ts";
import {
  authSays,
  expired,
  fakeProject,
  inFakeTime,
  json,
  ME,
  onBoth,
  openRecovering,
  openTab,
  refuses,
  runUntil,
  session,
  settle,
  STORAGE_KEY,
  store,
  stored,
  TabStorage,
  TOKEN,
} from "./_support.ts";

const USER = "/auth/v1/user";

function listener() {
  const told: string[] = [];
  return { told, onSignedOut: ({ code }: { code: string }) => void told.push(code) };
}

onBoth(
  "a session that ended while nobody called is told when supabase-js finds out",
  async (create) => {
    const storage = new TabStorage();
    store(storage, expired());
    const { fetch } = fakeProject({ [TOKEN]: () => authSays(400, "refresh_token_not_found") });
    const { told, onSignedOut } = listener();
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    const kinds: string[] = [];
    onSession(supabase, ({ kind }) => kinds.push(kind));
    await supabase.auth.startAutoRefresh();
    await settle();
    await supabase.auth.stopAutoRefresh();
    assertEquals([stored(storage), told, kinds], [null, ["session_expired"], ["signed_out"]]);
  },
);

onBoth("the user's own sign-out is told, once", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const { fetch } = fakeProject({ "/auth/v1/logout": () => new Response(null, { status: 204 }) });
  const { told, onSignedOut } = listener();
  const supabase = openRecovering(create, storage, fetch, { onSignedOut });
  await supabase.auth.signOut();
  await settle();
  await supabase.auth.signOut();
  await settle();
  assertEquals(told, ["no_authorization"]);
});

onBoth("cleared site data is told at the next call, which goes out as nobody's", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const { fetch, to } = fakeProject({ [ME]: () => refuses("no_authorization", "credential") });
  const { told, onSignedOut } = listener();
  const supabase = openRecovering(create, storage, fetch, { onSignedOut });
  await settle();
  storage.items.clear();
  const { error } = await supabase.functions.invoke("me");
  assertEquals([problemOf(error)?.action, told], ["sign_in", ["no_authorization"]]);
  assertEquals(to(ME)[0]?.bearer?.startsWith("ey") ?? false, false);
  await supabase.functions.invoke("me");
  assertEquals(told.length, 1);
});

onBoth("a sign-out in another tab is told by the storage's event and by focus", async (create) => {
  for (
    const event of [Object.assign(new Event("storage"), { key: STORAGE_KEY }), new Event("focus")]
  ) {
    const storage = new TabStorage();
    store(storage, session());
    const { told, onSignedOut } = listener();
    openRecovering(create, storage, fakeProject({}).fetch, { onSignedOut });
    await settle();
    storage.removeItem(STORAGE_KEY);
    dispatchEvent(event);
    await settle();
    assertEquals(told, ["no_authorization"]);
  }
});

onBoth("a reload is no new ending", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const { fetch } = fakeProject({
    [ME]: () => refuses("session_not_found", "credential"),
    [USER]: () => authSays(403, "session_not_found"),
  });
  const one = listener();
  await openRecovering(create, storage, fetch, one).functions.invoke("me");
  const two = listener();
  await openRecovering(create, storage, fetch, two).functions.invoke("me");
  assertEquals([one.told, two.told], [["session_not_found"], []]);
});

onBoth(
  "every listener of a client is told once, also a late one and after one that throws",
  async (create) => {
    const reported: unknown[] = [];
    const report = mock.method(globalThis, "reportError", (error: unknown) => reported.push(error));
    try {
      const storage = new TabStorage();
      const first = session();
      store(storage, first);
      const { fetch } = fakeProject({
        [ME]: () => refuses("session_not_found", "credential"),
        [USER]: () => authSays(403, "session_not_found"),
      });
      const supabase = openTab(create, storage, fetch);
      const quiet = withRecovery(supabase);
      withRecovery(supabase, {
        onSignedOut: () => {
          throw new Error("the page's own");
        },
      });
      const other = listener();
      withRecovery(supabase, other);
      await Promise.all([quiet.invoke("me"), quiet.invoke("me")]);
      const late = listener();
      withRecovery(supabase, late);
      const kinds: string[] = [];
      onSession(supabase, ({ kind }) => kinds.push(kind));
      await settle();
      assertEquals([other.told, late.told], [["session_not_found"], ["session_not_found"]]);
      assertEquals([reported.length, kinds], [1, ["signed_out"]]);
      // Another session is another ending.
      store(storage, session({ session_id: crypto.randomUUID() }));
      await quiet.invoke("me");
      await settle();
      assertEquals([other.told.length, late.told.length], [2, 2]);
    } finally {
      report.mock.restore();
    }
  },
);

onBoth("two recoveries on one client tell both", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const [one, two] = [listener(), listener()];
  const { fetch } = fakeProject({
    [ME]: () => refuses("session_not_found", "credential"),
    [USER]: () => authSays(403, "session_not_found"),
  });
  const recovery = createRecovery({ ...one, fetch });
  const supabase = recovery.attach(openTab(create, storage, recovery.fetch));
  createRecovery(two).attach(supabase);
  await supabase.functions.invoke("me");
  assertEquals([one.told, two.told], [["session_not_found"], ["session_not_found"]]);
});

/** A promise of another library. */
function foreign<T>(value: Promise<T>): Promise<T> {
  const { then } = value;
  const thenable: unknown = { then: then.bind(value) };
  return thenable as Promise<T>;
}

const STORAGES: Readonly<
  Record<string, (items: TabStorage) => (key: string) => Promise<string | null>>
> = {
  "promises of another library": (items) => (key) => foreign(Promise.resolve(items.getItem(key))),
  "nothing for 300 ms in the middle of a write": (items) => {
    let from: number | undefined;
    return (key) => {
      if (key !== STORAGE_KEY) return Promise.resolve(items.getItem(key));
      if (reads++ < 3) return Promise.resolve(items.getItem(key));
      from ??= Date.now();
      return Promise.resolve(Date.now() - from < 300 ? null : items.getItem(key));
    };
  },
  "one read that fails": (items) => (key) =>
    key === STORAGE_KEY && reads++ === 2
      ? Promise.reject(new Error("busy"))
      : Promise.resolve(items.getItem(key)),
  "a first read that fails": (items) => (key) =>
    key === STORAGE_KEY && reads++ === 0
      ? Promise.reject(new Error("busy"))
      : Promise.resolve(items.getItem(key)),
};
let reads = 0;

for (const [name, make] of Object.entries(STORAGES)) {
  onBoth(`a storage that gives ${name} signs nobody out`, async (create) => {
    await inFakeTime(async (time) => {
      reads = 0;
      const items = new TabStorage();
      const mine = store(items, session());
      const storage = {
        getItem: make(items),
        setItem: (key: string, value: string) =>
          foreign(Promise.resolve(items.setItem(key, value))),
        removeItem: (key: string) => foreign(Promise.resolve(items.removeItem(key))),
      };
      const { fetch, to } = fakeProject({ [ME]: () => json(200, "in") });
      const { told, onSignedOut } = listener();
      const supabase = openRecovering(create, storage, fetch, { onSignedOut });
      const kinds: string[] = [];
      onSession(supabase, ({ kind }) => kinds.push(kind));
      for (let n = 0; n < 3; n++) {
        let data: unknown;
        supabase.functions.invoke("me").then((result) => data = result.data);
        await runUntil(time, () => data !== undefined, 2000);
        assertEquals(data, "in");
      }
      await runUntil(time, () => kinds.length > 0, 2000);
      assertEquals(to(ME).map(({ bearer }) => bearer), Array(3).fill(mine.access_token));
      assertEquals([told, kinds], [[], ["signed_in"]]);
    });
  });
}

onBoth("a sign-out over a storage with promises of another library works", async (create) => {
  const items = new TabStorage();
  store(items, session());
  const storage = {
    getItem: (key: string) => foreign(Promise.resolve(items.getItem(key))),
    setItem: (key: string, value: string) => foreign(Promise.resolve(items.setItem(key, value))),
    removeItem: (key: string) => foreign(Promise.resolve(items.removeItem(key))),
  };
  const { fetch } = fakeProject({
    [ME]: () => refuses("session_not_found", "credential"),
    [USER]: () => authSays(403, "session_not_found"),
  });
  const { told, onSignedOut } = listener();
  const { error } = await openRecovering(create, storage, fetch, { onSignedOut }).functions.invoke(
    "me",
  );
  assertEquals([problemOf(error)?.action, told, stored(items)], [
    "sign_in",
    ["session_not_found"],
    null,
  ]);
});

onBoth("a full storage keeps the session in memory, and names the cause", async (create) => {
  const named = mock.method(console, "error", () => {});
  try {
    const storage = new TabStorage();
    const mine = store(storage, expired());
    const fresh = { ...session(), refresh_token: "second" };
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const { fetch, to } = fakeProject({
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
      [TOKEN]: () => json(200, fresh),
    });
    const { told, onSignedOut } = listener();
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    for (let n = 0; n < 3; n++) assertEquals((await supabase.functions.invoke("me")).data, "in");
    assertEquals([to(TOKEN).length, told], [1, []]);
    assertEquals(named.mock.callCount(), 1);
    assertEquals(String(named.mock.calls[0]?.arguments.at(-1)), "QuotaExceededError: full");
    assertEquals(mine.refresh_token === "second", false);
  } finally {
    named.mock.restore();
  }
});
