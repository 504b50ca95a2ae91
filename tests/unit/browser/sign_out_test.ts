// sign_in: the session is removed on this device only, once Auth has confirmed its end.
import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import { problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  fakeProject,
  FakeTime,
  inFakeTime,
  json,
  onBoth,
  openCalls,
  OTHER_USER,
  refuses,
  session,
  settle,
  STORAGE_KEY,
  store,
  stored,
  TabStorage,
} from "./_support.ts";

const ME = "/functions/v1/me";
const USER = "/auth/v1/user";
type Routes = Parameters<typeof fakeProject>[0];

function ending(routes: Routes = {}, code = "session_not_found") {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const project = fakeProject({
    [ME]: () => refuses(code, "credential"),
    [USER]: () => authSays(403, code),
    ...routes,
  });
  const signedOutCodes: string[] = [];
  const options = {
    patience: 0,
    onSignedOut: ({ code }: { code: string }) => signedOutCodes.push(code),
  };
  return { storage, initialSession, signedOutCodes, options, ...project };
}

for (const code of ["session_not_found", "user_not_found"]) {
  onBoth(
    `invoke() removes the session on this device when Auth confirms ${code}`,
    async (create) => {
      const { storage, initialSession, signedOutCodes, options, fetch, calls, to } = ending(
        {},
        code,
      );
      storage.setItem(`${STORAGE_KEY}-user`, "{}");
      const { supabase, invoke } = openCalls(create, storage, fetch, options);
      const events: string[] = [];
      supabase.auth.onAuthStateChange((event) => void events.push(event));
      const { error } = await invoke("me");
      assertEquals([problemOf(error)?.code, problemOf(error)?.action], [code, "sign_in"]);
      assertEquals([[...storage.items.keys()], signedOutCodes], [[], [code]]);
      assertEquals(events.at(-1), "SIGNED_OUT");
      // Auth was asked about that token with a plain GET, and nothing was sent to /logout.
      assertEquals(to(USER).map(({ method, bearer }) => [method, bearer]), [
        ["GET", initialSession.access_token],
      ]);
      assertEquals(calls.length, 2);
    },
  );
}

onBoth("invoke() removes the session when Auth confirms in either format", async (create) => {
  const shapes = [
    () => json(403, { code: "session_not_found", message: "x" }),
    () => json(403, { code: 403, error_code: "session_not_found", msg: "x" }),
  ];
  for (const shape of shapes) {
    const { storage, options, fetch } = ending({ [USER]: shape });
    await openCalls(create, storage, fetch, options).invoke("me");
    assertEquals(stored(storage), null);
  }
});

const UNCONFIRMED: Readonly<Record<string, () => Response | Promise<Response>>> = {
  "200": () => json(200, { id: "u" }),
  "500": () => json(500, { code: "session_not_found" }),
  "503 HTML": () => new Response("<html>", { status: 503 }),
  "429": () => authSays(429, "over_request_rate_limit"),
  "429 with the code of a dead session": () => authSays(429, "session_not_found"),
  "no_authorization (a proxy dropped the token)": () => authSays(401, "no_authorization"),
  "bad_jwt": () => authSays(403, "bad_jwt"),
  "user_banned": () => authSays(403, "user_banned"),
  "a header without Auth's body": () =>
    new Response("", { status: 403, headers: { "x-sb-error-code": "session_not_found" } }),
  "an unmarked 404": () => json(404, { code: "session_not_found", message: "x" }),
  "a wrong API key": () => json(401, { message: "Invalid API key" }),
  "a new code": () => authSays(403, "brand_new"),
  "a redirect": () => new Response(null, { status: 302, headers: { Location: "/" } }),
  "200 with the body of a refusal": () => json(200, { code: "session_not_found" }),
  "the network": () => Promise.reject(new TypeError("offline")),
};

for (const [name, answer] of Object.entries(UNCONFIRMED)) {
  onBoth(`invoke() keeps the session when Auth's answer is ${name}`, async (create) => {
    const { storage, initialSession, signedOutCodes, options, fetch } = ending({ [USER]: answer });
    const { invoke } = openCalls(create, storage, fetch, options);
    const problem = problemOf((await invoke("me")).error);
    assertEquals([problem?.code, problem?.action], ["auth_unavailable", "retry"]);
    assertEquals([stored(storage)?.access_token, signedOutCodes], [
      initialSession.access_token,
      [],
    ]);
  });
}

onBoth("invoke() keeps the session when Auth hangs", async (create) => {
  await inFakeTime(async (time) => {
    const { storage, initialSession, options, fetch } = ending({
      [USER]: () => new Promise(() => {}),
    });
    const { supabase, invoke } = openCalls(create, storage, fetch, { ...options, timeout: 500 });
    await supabase.auth.getSession();
    let code: string | undefined;
    invoke("me").then(({ error }) => code = problemOf(error)?.code);
    await settle();
    assertEquals(code, undefined);
    time.tick(500);
    await settle();
    assertEquals([code, stored(storage)?.access_token], [
      "auth_unavailable",
      initialSession.access_token,
    ]);
  });
});

onBoth(
  "invoke() sends the call again when Auth accepts the refused token",
  async (create) => {
    await inFakeTime(async (time) => {
      const { storage, options, fetch, to } = ending({
        [ME]: (_, call) =>
          call === 1 ? refuses("session_not_found", "credential") : json(200, "in"),
        [USER]: () => json(200, { id: "u" }),
      });
      const { supabase, invoke } = openCalls(create, storage, fetch, {
        ...options,
        patience: 5000,
      });
      await supabase.auth.getSession();
      let data: unknown;
      invoke("me").then((result) => data = result.data);
      await settle();
      time.tick(2500); // 2 s, and a quarter more at most
      await settle();
      assertEquals([data, to(ME).length], ["in", 2]);
    });
  },
);

onBoth("onSignedOut() is called once when ten calls share a sign-out", async (create) => {
  const { storage, signedOutCodes, options, fetch, to } = ending();
  const { invoke } = openCalls(create, storage, fetch, options);
  const results = await Promise.all(Array.from({ length: 10 }, () => invoke("me")));
  assertEquals(results.map(({ error }) => problemOf(error)?.action), Array(10).fill("sign_in"));
  assertEquals([signedOutCodes.length, to(USER).length], [1, 1]);
});

onBoth(
  "invoke() sends again with the new session when an old token is refused late",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const fresh = session({ session_id: crypto.randomUUID() });
    const { fetch, to } = fakeProject({
      [ME]: ({ bearer }) => {
        if (bearer === fresh.access_token) return json(200, "in");
        store(storage, fresh);
        return refuses("session_not_found", "credential");
      },
      [USER]: () => authSays(403, "session_not_found"),
    });
    const { invoke } = openCalls(create, storage, fetch);
    assertEquals((await invoke("me")).data, "in");
    assertEquals([stored(storage)?.access_token, to(USER).length], [fresh.access_token, 0]);
  },
);

onBoth(
  "invoke() keeps the new session when the user signs in during the confirmation",
  async (create) => {
    for (const sub of [undefined, OTHER_USER]) {
      const storage = new TabStorage();
      store(storage, session());
      const fresh = session({ session_id: crypto.randomUUID(), ...(sub && { sub }) });
      const { fetch, calls } = fakeProject({
        [ME]: ({ bearer }) =>
          bearer === fresh.access_token
            ? json(200, "in")
            : refuses("session_not_found", "credential"),
        [USER]: () => {
          store(storage, fresh);
          return authSays(403, "session_not_found");
        },
      });
      const steps: string[] = [];
      const { invoke } = openCalls(create, storage, fetch, {
        onStep: ({ step }) => steps.push(step),
      });
      const { data, error } = await invoke("me");
      assertEquals(steps, sub === undefined ? ["confirm", "replay"] : ["confirm"]);
      if (sub === undefined) assertEquals(data, "in");
      else assertEquals(problemOf(error)?.code, "auth_unavailable");
      assertEquals(stored(storage)?.access_token, fresh.access_token);
      assert(!calls.some(({ path }) => path.includes("logout")));
    }
  },
);

onBoth(
  "invoke() returns sign_in without asking Auth when the session is gone already",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const { fetch, calls } = fakeProject({
      [ME]: () => {
        storage.removeItem(STORAGE_KEY);
        return refuses("session_not_found", "credential");
      },
    });
    const signedOutCodes: string[] = [];
    const onSignedOut = ({ code }: { code: string }) => void signedOutCodes.push(code);
    const { invoke } = openCalls(create, storage, fetch, { onSignedOut });
    assertEquals(problemOf((await invoke("me")).error)?.action, "sign_in");
    assertEquals([signedOutCodes, calls.length], [["no_authorization"], 1]);
  },
);

onBoth("invoke() removes the session when a listener throws or hangs", async (create) => {
  const errors = mock.method(console, "error", () => {});
  using time = new FakeTime();
  try {
    for (const listener of [() => Promise.reject(new Error("mine")), () => new Promise(() => {})]) {
      const { storage, signedOutCodes, options, fetch } = ending();
      const { supabase, invoke } = openCalls(create, storage, fetch, options);
      await supabase.auth.getSession();
      supabase.auth.onAuthStateChange((event) => event === "SIGNED_OUT" ? listener() : undefined);
      await settle();
      let action: string | undefined;
      invoke("me").then(({ error }) => action = problemOf(error)?.action);
      await settle();
      time.tick(10_000);
      await settle();
      assertEquals([action, stored(storage), signedOutCodes.length], ["sign_in", null, 1]);
    }
  } finally {
    errors.mock.restore();
  }
});

onBoth("onSignedOut() is not called when the storage keeps the session", async (create) => {
  const { storage, signedOutCodes, options, fetch } = ending();
  storage.removeItem = () => {};
  const { supabase, invoke } = openCalls(create, storage, fetch, { ...options, patience: 0 });
  assertEquals(problemOf((await invoke("me")).error)?.action, "retry");
  assertEquals(signedOutCodes, []);
  // The user's own sign-out later is told as that.
  storage.items.clear();
  await supabase.auth.signOut({ scope: "local" });
  globalThis.dispatchEvent(Object.assign(new Event("storage"), { key: null }));
  await settle();
  assertEquals(signedOutCodes, ["no_authorization"]);
});

onBoth("invoke() keeps the session when the platform or a handler refuses", async (create) => {
  const answers = [
    () => json(401, { code: "UNAUTHORIZED_NO_AUTH_HEADER" }),
    () => json(401, { code: "PGRST302" }),
    () => json(401, { message: "Invalid API key" }),
    () => new Response("<html>", { status: 401 }),
    () => json(503, { code: "BOOT_ERROR" }),
    () => refuses("session_not_found", "handler"),
    () => refuses("user_not_found", "handler"),
  ];
  for (const answer of answers) {
    const { storage, initialSession, signedOutCodes, options, fetch, to } = ending({
      [ME]: answer,
    });
    const { invoke } = openCalls(create, storage, fetch, options);
    assert(problemOf((await invoke("me")).error)?.action !== "sign_in");
    assertEquals([stored(storage)?.access_token, signedOutCodes], [
      initialSession.access_token,
      [],
    ]);
    assertEquals(to("/auth/").length, 0);
  }
});
