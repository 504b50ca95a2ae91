// onSession(), in this tab and across tabs. supabase-js opens its channel to other tabs only where
// there is a window, so these tests give it one, and a channel that delivers in order.
import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { onSession, type SessionChange } from "../../../shared/browser/mod.ts";
import {
  authSays,
  type Create,
  fakeProject,
  FakeTime,
  json,
  now,
  onBoth as onBothVersions,
  openRecovering,
  openTab,
  OTHER_USER,
  refreshedSession,
  refuses,
  session,
  settle,
  STORAGE_KEY,
  store,
  stored,
  TabStorage,
} from "./_support.ts";

type Listener = (event: { data: unknown }) => void;
const channels = new Set<FakeChannel>();

class FakeChannel {
  readonly name: string;
  readonly #listeners: Listener[] = [];
  constructor(name: string) {
    this.name = name;
    channels.add(this);
  }
  addEventListener(_: "message", listener: Listener): void {
    this.#listeners.push(listener);
  }
  postMessage(data: unknown): void {
    const others = [...channels].filter((one) => one !== this && one.name === this.name);
    for (const other of others) {
      queueMicrotask(() => other.#listeners.forEach((listener) => listener({ data })));
    }
  }
  close(): void {
    channels.delete(this);
  }
}

const PAGE: Readonly<Record<string, unknown>> = {
  BroadcastChannel: FakeChannel,
  document: { visibilityState: "visible", cookie: "" },
  window: {
    location: { href: "https://app.example/" },
    addEventListener: () => {},
    removeEventListener: () => {},
  },
};

/** Registers a test per version of supabase-js, with the globals of a page. */
function onBoth(
  name: string,
  run: (create: Create) => Promise<void>,
): void {
  onBothVersions(name, async (create) => {
    const before = Object.keys(PAGE).map((key) =>
      [key, Object.getOwnPropertyDescriptor(globalThis, key)] as const
    );
    const warn = mock.method(console, "warn", () => {});
    for (const [key, value] of Object.entries(PAGE)) {
      Object.defineProperty(globalThis, key, { value, configurable: true });
    }
    try {
      await run(create);
    } finally {
      channels.clear();
      warn.mock.restore();
      for (const [key, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, key, descriptor);
        else Reflect.deleteProperty(globalThis, key);
      }
    }
  });
}

function watch(tab: Parameters<typeof onSession>[0]) {
  const changes: SessionChange[] = [];
  const stop = onSession(tab, (change) => changes.push(change));
  return { changes, stop, kinds: () => changes.map(({ kind }) => kind) };
}

const TOKEN = "/auth/v1/token";

onBoth("onSession() reports the stored session once when it is loaded", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { fetch } = fakeProject({});
  const { changes, kinds } = watch(openTab(create, storage, fetch));
  assertEquals(kinds(), []);
  await settle();
  assertEquals(kinds(), ["signed_in"]);
  assertEquals(changes[0]?.session?.access_token, initialSession.access_token);
  assertEquals(changes[0]?.event, "INITIAL_SESSION");
});

onBoth("onSession() reports signed_out once when nobody is signed in", async (create) => {
  const { kinds } = watch(openTab(create, new TabStorage(), fakeProject({}).fetch));
  await settle();
  assertEquals(kinds(), ["signed_out"]);
});

onBoth("onSession() does not report signed_out when Auth does not answer", async (create) => {
  using time = new FakeTime();
  const storage = new TabStorage();
  const initialSession = store(storage, { ...session(), expires_at: now() - 10 });
  const { fetch } = fakeProject({ [TOKEN]: () => json(503, {}) });
  const errors = mock.method(console, "error", () => {});
  try {
    const { changes, kinds } = watch(openTab(create, storage, fetch));
    for (let n = 0; n < 80; n++) {
      await settle(3);
      time.tick(1000);
    }
    await settle();
    assertEquals(kinds(), ["signed_in"]);
    assertEquals(changes[0]?.session?.access_token, initialSession.access_token);
  } finally {
    errors.mock.restore();
  }
});

onBoth("onSession() reports a refresh in both tabs when one refreshes", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { fetch } = fakeProject({ [TOKEN]: () => json(200, refreshedSession(initialSession)) });
  const [here, there] = [openTab(create, storage, fetch), openTab(create, storage, fetch)];
  const [one, two] = [watch(here), watch(there)];
  await settle();
  await here.auth.refreshSession();
  await settle();
  for (const { kinds, changes } of [one, two]) {
    assertEquals(kinds(), ["signed_in", "refreshed"]);
    assertEquals(changes[1]?.session?.access_token, stored(storage)?.access_token);
  }
});

onBoth(
  "onSession() reports signed_out when recovery signs out in the other tab",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const { fetch } = fakeProject({
      "/functions/v1/me": () => refuses("session_not_found", "credential"),
      "/auth/v1/user": () => authSays(403, "session_not_found"),
    });
    const here = openRecovering(create, storage, fetch);
    const [one, two] = [watch(here), watch(openTab(create, storage, fetch))];
    await settle();
    await here.functions.invoke("me");
    await settle();
    assertEquals(one.kinds(), ["signed_in", "signed_out"]);
    assertEquals(two.kinds(), ["signed_in", "signed_out"]);
  },
);

onBoth(
  "onSession() reports the stored session when a sign-out arrives after a new sign-in",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const tab = openTab(create, storage, fakeProject({}).fetch);
    const { changes, kinds } = watch(tab);
    await settle();
    const fresh = store(storage, session({ sub: OTHER_USER, session_id: crypto.randomUUID() }));
    const other = new FakeChannel(STORAGE_KEY);
    other.postMessage({ event: "SIGNED_OUT", session: null });
    await settle();
    other.postMessage({ event: "SIGNED_IN", session: fresh });
    await settle();
    assertEquals(kinds(), ["signed_in", "signed_in"]);
    assertEquals(changes[1]?.session?.access_token, fresh.access_token);
  },
);

onBoth("onSession() reports nothing when an event changes nothing", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { kinds } = watch(openTab(create, storage, fakeProject({}).fetch));
  await settle();
  const other = new FakeChannel(STORAGE_KEY);
  for (const event of ["SIGNED_IN", "TOKEN_REFRESHED", "SIGNED_IN"]) {
    other.postMessage({ event, session: initialSession });
  }
  await settle();
  assertEquals(kinds(), ["signed_in"]);
  other.postMessage({ event: "USER_UPDATED", session: initialSession });
  other.postMessage({ event: "PASSWORD_RECOVERY", session: initialSession });
  await settle();
  assertEquals(kinds(), ["signed_in", "refreshed", "signed_in"]);
});

onBoth(
  "onSession() reports nothing more when it was ended, even by its callback",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const kinds: string[] = [];
    const stop = onSession(openTab(create, storage, fakeProject({}).fetch), ({ kind }) => {
      kinds.push(kind);
      if (kind === "refreshed") stop();
    });
    await settle();
    const other = new FakeChannel(STORAGE_KEY);
    store(storage, refreshedSession(initialSession));
    other.postMessage({ event: "TOKEN_REFRESHED", session: stored(storage) });
    other.postMessage({ event: "PASSWORD_RECOVERY", session: stored(storage) });
    await settle();
    assertEquals(kinds, ["signed_in", "refreshed"]);
  },
);

onBoth("onSession() reports PASSWORD_RECOVERY when that comes first", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const { changes } = watch(openTab(create, storage, fakeProject({}).fetch));
  new FakeChannel(STORAGE_KEY).postMessage({ event: "PASSWORD_RECOVERY", session: initialSession });
  await settle();
  assertEquals(changes.map(({ event }) => event), ["PASSWORD_RECOVERY"]);
});

onBoth("onSession() goes on when a callback throws, until it is ended", async (create) => {
  const reported: unknown[] = [];
  const report = mock.method(globalThis, "reportError", (error: unknown) => reported.push(error));
  try {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    let calls = 0;
    const stop = onSession(openTab(create, storage, fakeProject({}).fetch), () => {
      calls++;
      throw new Error("the page's own");
    });
    await settle();
    const other = new FakeChannel(STORAGE_KEY);
    store(storage, refreshedSession(initialSession));
    other.postMessage({ event: "TOKEN_REFRESHED", session: stored(storage) });
    await settle();
    assertEquals([calls, reported.length], [2, 2]);
    stop();
    storage.removeItem(STORAGE_KEY);
    other.postMessage({ event: "SIGNED_OUT", session: null });
    await settle();
    assertEquals(calls, 2);
  } finally {
    report.mock.restore();
  }
});
