// onSignedOut() and onSession() report the end of a session once per session, whatever its cause.
import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { createRecovery, onSession, problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  expired,
  fakeProject,
  inFakeTime,
  json,
  ME,
  onBoth,
  openCalls,
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
  const signedOutCodes: string[] = [];
  return {
    signedOutCodes,
    onSignedOut: ({ code }: { code: string }) => void signedOutCodes.push(code),
  };
}

onBoth(
  "onSignedOut() is called when a background refresh finds that the session has ended",
  async (create) => {
    const storage = new TabStorage();
    store(storage, expired());
    const { fetch } = fakeProject({ [TOKEN]: () => authSays(400, "refresh_token_not_found") });
    const { signedOutCodes, onSignedOut } = listener();
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    const kinds: string[] = [];
    onSession(supabase, ({ kind }) => kinds.push(kind));
    await supabase.auth.startAutoRefresh();
    await settle();
    await supabase.auth.stopAutoRefresh();
    assertEquals([stored(storage), signedOutCodes, kinds], [null, ["session_expired"], [
      "signed_out",
    ]]);
  },
);

onBoth("onSignedOut() is called once when the user signs out", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const { fetch } = fakeProject({ "/auth/v1/logout": () => new Response(null, { status: 204 }) });
  const { signedOutCodes, onSignedOut } = listener();
  const supabase = openRecovering(create, storage, fetch, { onSignedOut });
  await supabase.auth.signOut();
  await settle();
  await supabase.auth.signOut();
  await settle();
  assertEquals(signedOutCodes, ["no_authorization"]);
});

onBoth(
  "onSignedOut() is called at the next call when the site data was cleared",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const { fetch, to } = fakeProject({ [ME]: () => refuses("no_authorization", "credential") });
    const { signedOutCodes, onSignedOut } = listener();
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    await settle();
    storage.items.clear();
    const { error } = await supabase.functions.invoke("me");
    assertEquals([problemOf(error)?.action, signedOutCodes], ["sign_in", ["no_authorization"]]);
    assertEquals(to(ME)[0]?.bearer?.startsWith("ey") ?? false, false);
    await supabase.functions.invoke("me");
    assertEquals(signedOutCodes.length, 1);
  },
);

onBoth(
  "onSignedOut() is called on a storage event and on focus when another tab has signed out",
  async (create) => {
    for (
      const event of [Object.assign(new Event("storage"), { key: STORAGE_KEY }), new Event("focus")]
    ) {
      const storage = new TabStorage();
      store(storage, session());
      const { signedOutCodes, onSignedOut } = listener();
      openRecovering(create, storage, fakeProject({}).fetch, { onSignedOut });
      await settle();
      storage.removeItem(STORAGE_KEY);
      dispatchEvent(event);
      await settle();
      assertEquals(signedOutCodes, ["no_authorization"]);
    }
  },
);

onBoth("onSignedOut() is not called again when the page is reloaded", async (create) => {
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
  assertEquals([one.signedOutCodes, two.signedOutCodes], [["session_not_found"], []]);
});

onBoth(
  "onSignedOut() is called once per listener when one is late and one throws",
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
      const { supabase, invoke } = openCalls(create, storage, fetch);
      createRecovery({
        onSignedOut: () => {
          throw new Error("the page's own");
        },
      }).attach(supabase);
      const other = listener();
      createRecovery(other).attach(supabase);
      await Promise.all([invoke("me"), invoke("me")]);
      const late = listener();
      createRecovery(late).attach(supabase);
      const kinds: string[] = [];
      onSession(supabase, ({ kind }) => kinds.push(kind));
      await settle();
      assertEquals([other.signedOutCodes, late.signedOutCodes], [["session_not_found"], [
        "session_not_found",
      ]]);
      assertEquals([reported.length, kinds], [1, ["signed_out"]]);
      // The end of another session is reported again.
      store(storage, session({ session_id: crypto.randomUUID() }));
      await invoke("me");
      await settle();
      assertEquals([other.signedOutCodes.length, late.signedOutCodes.length], [2, 2]);
    } finally {
      report.mock.restore();
    }
  },
);

onBoth("onSignedOut() is called for both when two recoveries share a client", async (create) => {
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
  assertEquals([one.signedOutCodes, two.signedOutCodes], [["session_not_found"], [
    "session_not_found",
  ]]);
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
  onBoth(`createRecovery() keeps the session when the storage gives ${name}`, async (create) => {
    await inFakeTime(async (time) => {
      reads = 0;
      const items = new TabStorage();
      const initialSession = store(items, session());
      const storage = {
        getItem: make(items),
        setItem: (key: string, value: string) =>
          foreign(Promise.resolve(items.setItem(key, value))),
        removeItem: (key: string) => foreign(Promise.resolve(items.removeItem(key))),
      };
      const { fetch, to } = fakeProject({ [ME]: () => json(200, "in") });
      const { signedOutCodes, onSignedOut } = listener();
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
      assertEquals(to(ME).map(({ bearer }) => bearer), Array(3).fill(initialSession.access_token));
      assertEquals([signedOutCodes, kinds], [[], ["signed_in"]]);
    });
  });
}

onBoth("invoke() signs out when the storage has promises of another library", async (create) => {
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
  const { signedOutCodes, onSignedOut } = listener();
  const { error } = await openRecovering(create, storage, fetch, { onSignedOut }).functions.invoke(
    "me",
  );
  assertEquals([problemOf(error)?.action, signedOutCodes, stored(items)], [
    "sign_in",
    ["session_not_found"],
    null,
  ]);
});

onBoth("createRecovery() keeps the session in memory when the storage is full", async (create) => {
  const consoleError = mock.method(console, "error", () => {});
  try {
    const storage = new TabStorage();
    const initialSession = store(storage, expired());
    const fresh = { ...session(), refresh_token: "second" };
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const { fetch, to } = fakeProject({
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
      [TOKEN]: () => json(200, fresh),
    });
    const { signedOutCodes, onSignedOut } = listener();
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    for (let n = 0; n < 3; n++) assertEquals((await supabase.functions.invoke("me")).data, "in");
    assertEquals([to(TOKEN).length, signedOutCodes], [1, []]);
    assertEquals(consoleError.mock.callCount(), 1);
    assertEquals(String(consoleError.mock.calls[0]?.arguments.at(-1)), "QuotaExceededError: full");
    assertEquals(initialSession.refresh_token === "second", false);
  } finally {
    consoleError.mock.restore();
  }
});
