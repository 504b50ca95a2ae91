// Every request of an attached client recovers: invoke(), from() and storage.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mock } from "node:test";
import { createClient } from "@supabase/supabase-js";
import { createRecovery, problemOf } from "../../../shared/browser/mod.ts";
import {
  expired,
  fakeProject,
  inFakeTime,
  json,
  KEY,
  ME,
  now,
  onBoth,
  openRecovering,
  openTab,
  refreshedSession,
  refuses,
  runUntil,
  session,
  settle,
  STORAGE_KEY,
  store,
  stored,
  TabStorage,
  TOKEN,
  URL_,
} from "./_support.ts";

const TODOS = "/rest/v1/todos";
const FILE = "/storage/v1/object/box/a.txt";

/** A project that accepts only tokens that Auth has issued since; `refusal` answers the others. */
function refreshing(refusal: () => Response) {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const validTokens = new Set<string>();
  const answer = ({ bearer }: { bearer: string | null }) =>
    validTokens.has(bearer ?? "") ? json(200, ["in"]) : refusal();
  const project = fakeProject({
    [ME]: answer,
    [TODOS]: answer,
    [FILE]: answer,
    [TOKEN]: () => {
      const fresh = refreshedSession(initialSession);
      validTokens.add(fresh.access_token);
      return json(200, fresh);
    },
  });
  return { storage, initialSession, ...project };
}

onBoth(
  "from() and storage share one refresh when the token has expired",
  async (create) => {
    const { storage, fetch, to } = refreshing(() =>
      json(401, { code: "PGRST303", details: null, hint: null, message: "JWT expired" })
    );
    const supabase = openRecovering(create, storage, fetch);
    const [one, two] = await Promise.all([
      supabase.from("todos").select(),
      supabase.functions.invoke("me", { method: "GET" }),
    ]);
    assertEquals([one.data, two.data, to(TOKEN).length], [["in"], ["in"], 1]);

    const other = refreshing(() =>
      json(400, {
        statusCode: "403",
        error: "Unauthorized",
        message: '"exp" claim timestamp check failed',
      })
    );
    const tab = openRecovering(create, other.storage, other.fetch);
    const { data, error } = await tab.storage.from("box").download("a.txt");
    assertEquals([error, await (data as Blob).text()], [null, '["in"]']);
  },
);

onBoth("invoke() refreshes when a gateway answers with {msg}", async (create) => {
  const { storage, fetch, to } = refreshing(() => json(401, { msg: "Invalid JWT" }));
  const supabase = openRecovering(create, storage, fetch);
  assertEquals((await supabase.functions.invoke("me")).data, ["in"]);
  assertEquals(to(TOKEN).length, 1);
});

onBoth("from() sends again when the token was issued in the future", async (create) => {
  await inFakeTime(async (time) => {
    const storage = new TabStorage();
    store(storage, session({ iat: now() }));
    const { fetch, to } = fakeProject({
      [TODOS]: (_, call) =>
        call < 3
          ? json(401, {
            code: "PGRST303",
            details: null,
            hint: null,
            message: "JWT issued at future",
          })
          : json(200, ["in"]),
    });
    let data: unknown;
    const supabase = openRecovering(create, storage, fetch);
    supabase.from("todos").select().then((result) => data = result.data);
    const elapsed = await runUntil(time, () => data !== undefined, 60_000);
    assertEquals([data, to(TODOS).length, to(TOKEN).length], [["in"], 3, 0]);
    assert(elapsed >= 2000 && elapsed <= 6000, `${elapsed} ms`);
  });
});

onBoth("from() ends within its patience when postgrest-js would retry too", async (create) => {
  for (
    const answer of [
      () => new Response("", { status: 503 }),
      () => Promise.reject(new TypeError("offline")),
    ]
  ) {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      store(storage, session());
      const { fetch } = fakeProject({ [TODOS]: answer });
      const supabase = openRecovering(create, storage, fetch, { patience: 5000 });
      let error: unknown;
      supabase.from("todos").select().then((result) => error = result.error);
      const elapsed = await runUntil(time, () => error !== undefined, 60_000);
      assert(elapsed <= 5000, `${elapsed} ms`);
    });
  }
});

onBoth(
  "problemOf() returns the problem when from() fails with a credential's problem",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, expired());
    const { fetch } = fakeProject({ [TOKEN]: () => json(429, {}) });
    const supabase = openRecovering(create, storage, fetch, { patience: 0 });
    const { error } = await supabase.from("todos").select();
    assertEquals(problemOf(error)?.code, "auth_unavailable");
    assertEquals(stored(storage)?.access_token, initialSession.access_token);
  },
);

onBoth(
  "invoke() treats a redirect as functions-js does when the client is attached",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    let redirect: string | undefined = "unset";
    const fetch: typeof globalThis.fetch = (_, init) => {
      redirect = init?.redirect;
      return Promise.resolve(new Response("file", { headers: { "content-type": "text/plain" } }));
    };
    const supabase = openRecovering(create, storage, fetch);
    assertEquals((await supabase.functions.invoke("me")).data, "file");
    assertEquals(redirect, undefined);
  },
);

onBoth("invoke() ends when the body of a failure never ends or is too long", async (create) => {
  await inFakeTime(async (time) => {
    for (const chunk of ["x", "x".repeat(100_000)]) {
      const storage = new TabStorage();
      store(storage, session());
      let cancelled = 0;
      const endless = () =>
        new ReadableStream({
          pull: (controller) => {
            if (chunk.length > 1) controller.enqueue(new TextEncoder().encode(chunk));
            return chunk.length > 1 ? undefined : new Promise(() => {});
          },
          cancel: () => void cancelled++,
        });
      const { fetch } = fakeProject({
        [ME]: () => new Response(endless(), { status: 403 }),
      });
      const supabase = openRecovering(create, storage, fetch, { timeout: 5000 });
      let error: unknown;
      supabase.functions.invoke("me").then((result) => error = result.error);
      const elapsed = await runUntil(time, () => error !== undefined, 60_000);
      assert(elapsed <= 5000, `${elapsed} ms`);
      assertEquals(problemOf(error)?.code, "insufficient_scope");
      assertEquals((await Object(error).context.json()).code, "insufficient_scope");
      await settle();
      assertEquals(cancelled, 1);
    }
  });
});

onBoth(
  "invoke() sends the stored token when supabase-js sends none",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const { fetch, to } = fakeProject({ [ME]: () => json(200, "in") });
    const supabase = openRecovering(create, storage, fetch);
    // The same storage, in a client whose getSession() fails.
    supabase.auth.getSession = () => Promise.resolve({ data: { session: null } });
    assertEquals((await supabase.functions.invoke("me")).data, "in");
    assertEquals(to(ME)[0]?.bearer, create.name === "old" ? KEY : to(ME)[0]?.bearer);
    assert([KEY, initialSession.access_token].includes(to(ME)[0]?.bearer ?? ""));
  },
);

const MISSING = ["ReadableStream", "reportError", "BroadcastChannel", "TextDecoder"];

onBoth(
  "createRecovery() works when the globals missing in React Native and Safari 16.4 are absent",
  async (create) => {
    const withResolvers = Object.getOwnPropertyDescriptor(Promise, "withResolvers");
    const before = MISSING.map((name) =>
      [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
    );
    const body = Object.getOwnPropertyDescriptor(Response.prototype, "body");
    const statics = Object.getOwnPropertyDescriptor(Response, "json");
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const fresh = refreshedSession(initialSession);
    const refused = await refuses("token_expired", "credential").text();
    const fetch: typeof globalThis.fetch = (input, init) => {
      const headers = { "content-type": "application/json" };
      if (String(input).includes("/token")) {
        return Promise.resolve(new Response(JSON.stringify(fresh), { headers }));
      }
      const isGood = new Headers(init?.headers).get("authorization")?.endsWith(fresh.access_token);
      return Promise.resolve(
        isGood
          ? new Response('"in"', { headers })
          : new Response(refused, { status: 401, headers }),
      );
    };
    const consoleError = mock.method(console, "error", () => {});
    try {
      for (const name of MISSING) Reflect.deleteProperty(globalThis, name);
      Reflect.deleteProperty(Promise, "withResolvers");
      Reflect.deleteProperty(Response, "json");
      Object.defineProperty(Response.prototype, "body", {
        get: () => undefined,
        configurable: true,
      });
      const supabase = openRecovering(create, storage, fetch, {
        onStep: () => {
          throw new Error("the page's own");
        },
      });
      const { data } = await supabase.functions.invoke("me");
      assertEquals(data, "in");
      assert(consoleError.mock.callCount() > 0);
    } finally {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      }
      if (withResolvers) Object.defineProperty(Promise, "withResolvers", withResolvers);
      if (statics) Object.defineProperty(Response, "json", statics);
      if (body) Object.defineProperty(Response.prototype, "body", body);
      consoleError.mock.restore();
    }
  },
);

Deno.test("attach() throws when the client has another fetch, or a second client is attached", async () => {
  const auth = { autoRefreshToken: false, persistSession: false };
  const recovery = createRecovery();
  assertThrows(
    () => recovery.attach(createClient(URL_, KEY, { auth })),
    TypeError,
    "recovery.fetch",
  );
  const global = { fetch: recovery.fetch };
  const supabase = createClient(URL_, KEY, { auth, global });
  assertEquals(recovery.attach(supabase), supabase);
  assertEquals(recovery.attach(supabase), supabase);
  const second = createClient(URL_, KEY, { auth, global });
  assertThrows(() => recovery.attach(second), TypeError, "recovery.attach(");
  await supabase.auth.getSession();
});

Deno.test("createRecovery().fetch throws when attach() was not called", async () => {
  const recovering = createRecovery().fetch;
  await assertRejects(() => recovering(`${URL_}${ME}`), TypeError, "recovery.attach(");
});

Deno.test("attach() warns and calls retry when the client has the accessToken option", async () => {
  const warn = mock.method(console, "warn", () => {});
  try {
    await inFakeTime(async (time) => {
      const { fetch, to } = fakeProject({
        [ME]: (_, call) =>
          call === 1
            ? refuses("auth_unavailable", "credential")
            : refuses("session_not_found", "credential"),
      });
      const recovery = createRecovery({ fetch });
      const supabase = recovery.attach(createClient(URL_, KEY, {
        accessToken: () => Promise.resolve("of-another-provider"),
        global: { fetch: recovery.fetch },
      }));
      assertEquals(warn.mock.callCount(), 1);
      let error: unknown;
      supabase.functions.invoke("me").then((result) => error = result.error);
      await runUntil(time, () => error !== undefined, 10_000);
      assertEquals([problemOf(error)?.code, to(ME).length], ["session_not_found", 2]);
      assertEquals(to("/auth/").length, 0);
    });
  } finally {
    warn.mock.restore();
  }
});

onBoth("createRecovery() removes nothing when it runs on a server", async (create) => {
  const storage = Object.assign(new TabStorage(), { isServer: true });
  const initialSession = store(storage, expired());
  const { fetch } = fakeProject({
    [TOKEN]: () => json(400, { error_code: "refresh_token_not_found", msg: "x" }),
    [ME]: () => refuses("token_expired", "credential"),
  });
  const signedOutCodes: unknown[] = [];
  const supabase = openRecovering(create, storage, fetch, {
    patience: 0,
    onSignedOut: (problem) => signedOutCodes.push(problem),
  });
  const { error } = await supabase.functions.invoke("me");
  assertEquals(problemOf(error)?.action, "retry");
  assertEquals([storage.getItem(STORAGE_KEY) !== null, signedOutCodes], [true, []]);
  assertEquals(stored(storage)?.refresh_token, initialSession.refresh_token);
});

/** Web Locks as a browser has them: one holder at a time. */
function fakeLocks() {
  let last = Promise.resolve();
  return {
    request: (_: string, __: unknown, callback: () => Promise<void>) => {
      const held = last.then(callback);
      last = held.catch(() => {});
      return held;
    },
  };
}

onBoth("invoke() refreshes once when two tabs need it", async (create) => {
  Object.assign(navigator, { locks: fakeLocks() });
  try {
    const storage = new TabStorage();
    const initialSession = store(storage, expired());
    const fresh = refreshedSession(initialSession);
    const { fetch, to } = fakeProject({
      [TOKEN]: async () => {
        await settle();
        return json(200, fresh);
      },
      [ME]: ({ bearer }) =>
        bearer === fresh.access_token ? json(200, "in") : refuses("token_expired", "credential"),
    });
    const tabs = [1, 2, 3].map(() => openRecovering(create, storage, fetch));
    const results = await Promise.all(tabs.map((tab) => tab.functions.invoke("me")));
    assertEquals(results.map(({ data }) => data), ["in", "in", "in"]);
    assertEquals(to(TOKEN).length, 1);
  } finally {
    Object.assign(navigator, { locks: undefined });
  }
});

onBoth(
  "invoke() waits half of its timeout when another tab holds the lock and hangs",
  async (create) => {
    // AbortSignal.timeout() does not know fake time.
    const timeout = mock.method(AbortSignal, "timeout", (ms: number) => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), ms);
      return stop.signal;
    });
    Object.assign(navigator, {
      locks: {
        request: (_: string, { signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
    });
    try {
      await inFakeTime(async (time) => {
        const storage = new TabStorage();
        const initialSession = store(storage, expired());
        const { fetch } = fakeProject({
          [TOKEN]: () => json(200, refreshedSession(initialSession)),
          [ME]: () => json(200, "in"),
        });
        const supabase = openRecovering(create, storage, fetch, { timeout: 4000 });
        let data: unknown;
        supabase.functions.invoke("me").then((result) => data = result.data);
        assertEquals([await runUntil(time, () => data !== undefined, 10_000), data], [2000, "in"]);
      });
    } finally {
      timeout.mock.restore();
      Object.assign(navigator, { locks: undefined });
    }
  },
);

onBoth("attach() returns the client when it is of either version", (create) => {
  const recovery = createRecovery({ fetch: () => Promise.reject(new TypeError("offline")) });
  const tab = openTab(create, new TabStorage(), recovery.fetch);
  assertEquals(recovery.attach(tab), tab);
});

Deno.test("invoke() recovers when the URL of the project is written in another way", async () => {
  for (const url of ["HTTPS://Project.Example", `${URL_}/`, `${URL_}:443`]) {
    const { storage, fetch, to } = refreshing(() => refuses("token_expired", "credential"));
    const recovery = createRecovery({ fetch });
    const supabase = recovery.attach(createClient(url, KEY, {
      auth: { storage, autoRefreshToken: false, storageKey: STORAGE_KEY },
      global: { fetch: recovery.fetch },
    }));
    assertEquals([(await supabase.functions.invoke("me")).data, to(TOKEN).length], [["in"], 1]);
  }
});

onBoth("from() returns the error of PostgREST when its retries are over", async (create) => {
  const storage = new TabStorage();
  store(storage, session());
  const body = { code: "PGRST002", message: "Schema cache", details: null, hint: null };
  const { fetch, to } = fakeProject({ [TODOS]: () => json(503, body) });
  const supabase = openRecovering(create, storage, fetch, { patience: 0 });
  assertEquals((await supabase.from("todos").select()).error, body);
  assertEquals(to(TODOS).length, 1);
});
