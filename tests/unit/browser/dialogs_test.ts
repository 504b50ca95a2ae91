// The dialogs of step_up and reauthenticate.
import { assertEquals } from "@std/assert";
import { problemOf } from "../../../shared/browser/mod.ts";
import {
  fakeProject,
  inFakeTime,
  json,
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
  TabStorage,
} from "./_support.ts";

const TODOS = "/functions/v1/todos";
type Routes = Parameters<typeof fakeProject>[0];

function signedIn(routes: Routes) {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  return { storage, initialSession, ...fakeProject(routes) };
}

onBoth(
  "onStepUp() is called once and all calls are sent again when several calls need it",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const strong = refreshedSession(initialSession, { aal: "aal2" });
    const { fetch, to } = fakeProject({
      [TODOS]: ({ bearer }) =>
        bearer === strong.access_token
          ? json(200, "in")
          : refuses("insufficient_aal", "credential", { required_aal: "aal2", max_age: 300 }),
    });
    const asked: unknown[] = [];
    const { invoke } = openCalls(create, storage, fetch, {
      onStepUp: async ({ required_aal, max_age }) => {
        asked.push([required_aal, max_age]);
        await settle();
        store(storage, strong);
      },
    });
    const results = await Promise.all([invoke("todos"), invoke("todos"), invoke("todos")]);
    assertEquals(results.map(({ data }) => data), ["in", "in", "in"]);
    assertEquals([asked, to(TODOS).length], [[["aal2", 300]], 6]);
  },
);

onBoth("invoke() returns the problem when step_up is cancelled or has no hook", async (create) => {
  const cancelled = [
    () => Promise.resolve(false),
    () => Promise.reject(new Error("closed")),
    () => {
      throw new Error("broken");
    },
    undefined,
  ];
  for (const onStepUp of cancelled) {
    const { storage, fetch, to } = signedIn({
      [TODOS]: () => refuses("insufficient_aal", "credential"),
    });
    const { invoke } = openCalls(create, storage, fetch, { onStepUp });
    assertEquals(problemOf((await invoke("todos")).error)?.action, "step_up");
    assertEquals(to(TODOS).length, 1);
  }
});

onBoth("onStepUp() is called again when an earlier dialog was cancelled", async (create) => {
  const { storage, fetch } = signedIn({ [TODOS]: () => refuses("insufficient_aal", "credential") });
  let asked = 0;
  const { invoke } = openCalls(create, storage, fetch, {
    onStepUp: () => {
      asked++;
      throw new Error("broken");
    },
  });
  await invoke("todos");
  await invoke("todos");
  assertEquals(asked, 2);
});

const ACCOUNT = "/functions/v1/account/password";
const password = { method: "PUT", body: { password: "new" } } as const;

onBoth(
  "onReauthenticate() adds its answer to the body, and nothing when it is cancelled",
  async (create) => {
    const routes: Routes = {
      [ACCOUNT]: ({ body }) =>
        JSON.parse(body).nonce === "123456"
          ? new Response(null, { status: 204 })
          : refuses("reauthentication_needed", "handler"),
    };
    const asked: unknown[] = [];
    const { storage, fetch, to } = signedIn(routes);
    const { invoke } = openCalls(create, storage, fetch, {
      onReauthenticate: ({ code }) => {
        asked.push(code);
        return Promise.resolve({ nonce: "123456", current_password: "old" });
      },
    });
    assertEquals((await invoke("account/password", password)).error, null);
    assertEquals(asked, ["reauthentication_needed"]);
    assertEquals(to(ACCOUNT).map(({ body }) => JSON.parse(body)), [
      { password: "new" },
      { password: "new", nonce: "123456", current_password: "old" },
    ]);
    const cancelled = [
      () => Promise.resolve(null),
      () => Promise.resolve("" as const),
      () => Promise.reject(new Error("closed")),
      (_: unknown, { cancel }: { cancel: () => void }) => cancel(),
    ];
    for (const onReauthenticate of cancelled) {
      const other = signedIn(routes);
      const { invoke } = openCalls(create, other.storage, other.fetch, {
        onReauthenticate,
      });
      const { error } = await invoke("account/password", password);
      assertEquals([problemOf(error)?.action, other.to(ACCOUNT).length], ["reauthenticate", 1]);
    }
  },
);

onBoth(
  "onReauthenticate() is called once for ten calls, and again when the code was wrong",
  async (create) => {
    const { storage, fetch } = signedIn({
      [ACCOUNT]: ({ body }) => {
        const { nonce } = JSON.parse(body);
        if (nonce === "123456") return new Response(null, { status: 204 });
        const code = nonce === undefined ? "reauthentication_needed" : "reauthentication_not_valid";
        return refuses(code, "handler");
      },
    });
    const asked: string[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onReauthenticate: async ({ code }, { complete }) => {
        asked.push(code);
        await settle();
        complete({ nonce: asked.length === 1 ? "12345" : "123456" });
        return null; // the dialog was completed already
      },
    });
    const calls = Array.from(
      { length: 10 },
      () => supabase.functions.invoke("account/password", password),
    );
    const results = await Promise.all(calls);
    assertEquals(results.map(({ error }) => error), Array(10).fill(null));
    assertEquals(asked, ["reauthentication_needed", "reauthentication_not_valid"]);
  },
);

onBoth(
  "onStepUp() opens a new dialog when the only waiting call was aborted",
  async (create) => {
    const { storage, fetch } = signedIn({
      [TODOS]: () => refuses("insufficient_aal", "credential"),
      "/functions/v1/me": () => json(200, "in"),
    });
    const dialogs: { cancel: () => void; signal: AbortSignal }[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onStepUp: (_, dialog) => void dialogs.push(dialog), // nobody ever answers
    });
    const stop = new AbortController();
    const invoke = (signal?: AbortSignal) =>
      supabase.functions.invoke("todos", signal === undefined ? {} : { signal });
    const left = invoke(stop.signal);
    await settle();
    // A call without a dialog does not wait for the open one.
    assertEquals((await supabase.functions.invoke("me")).data, "in");
    stop.abort();
    await left;
    await settle();
    // No call waits for it any more, so the next call opens another dialog.
    assertEquals(dialogs[0]?.signal.aborted, true);
    const next = invoke();
    await settle();
    assertEquals(dialogs.length, 2);
    dialogs[1]?.cancel();
    assertEquals(problemOf((await next).error)?.action, "step_up");
  },
);

onBoth(
  "invoke() uses the new token when the second factor was confirmed after the call was sent",
  async (create) => {
    const storage = new TabStorage();
    const initialSession = store(storage, session());
    const strong = refreshedSession(initialSession, { aal: "aal2" });
    let gate = () => {};
    const late = new Promise<void>((resolve) => gate = resolve);
    const { fetch, to } = fakeProject({
      [TODOS]: async ({ bearer }) => {
        if (bearer === strong.access_token) return json(200, "in");
        await late;
        return refuses("insufficient_aal", "credential", { required_aal: "aal2" });
      },
    });
    let asked = 0;
    const supabase = openRecovering(create, storage, fetch, {
      onStepUp: (_, { complete }) => {
        asked++;
        store(storage, strong);
        complete();
      },
    });
    const call = supabase.functions.invoke("todos");
    await settle();
    store(storage, strong);
    gate();
    assertEquals([(await call).data, asked, to(TODOS).length], ["in", 0, 2]);
  },
);

onBoth(
  "onStepUp() satisfies authentication_too_old when the user signs in again",
  async (create) => {
    const storage = new TabStorage();
    store(storage, session());
    const fresh = session({ session_id: crypto.randomUUID(), iat: now() });
    const { fetch } = fakeProject({
      [TODOS]: ({ bearer }) =>
        bearer === fresh.access_token
          ? json(200, "in")
          : refuses("authentication_too_old", "credential", { max_age: 300 }),
      "/auth/v1/token": () => json(200, fresh),
    });
    const signedOutCodes: string[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onSignedOut: ({ code }) => void signedOutCodes.push(code),
      onStepUp: async ({ code, max_age }) => {
        assertEquals([code, max_age], ["authentication_too_old", 300]);
        await supabase.auth.signInWithPassword({ email: "ada@example.com", password: "x" });
      },
    });
    assertEquals([(await supabase.functions.invoke("todos")).data, signedOutCodes], ["in", []]);
  },
);

onBoth("signOut() closes the dialogs when some are open", async (create) => {
  const { storage, fetch } = signedIn({
    [TODOS]: () => refuses("insufficient_aal", "credential"),
    "/auth/v1/logout": () => new Response(null, { status: 204 }),
  });
  const supabase = openRecovering(create, storage, fetch, { onStepUp: () => {} });
  const call = supabase.functions.invoke("todos");
  await settle();
  await supabase.auth.signOut({ scope: "local" });
  assertEquals(problemOf((await call).error)?.action, "step_up");
});

onBoth(
  "onStepUp() ends its dialog when it returns something else than a promise",
  async (create) => {
    const thenable = { then: (resolve: (value: boolean) => void) => resolve(true) };
    for (const [given, data] of [[thenable, "in"], [true, "in"], [false, null]] as const) {
      let isAsked = false;
      const { storage, fetch } = signedIn({
        [TODOS]: () => isAsked ? json(200, "in") : refuses("insufficient_aal", "credential"),
      });
      const onStepUp = () => {
        isAsked = true;
        return given as Promise<boolean>;
      };
      await inFakeTime(async () => {
        const supabase = openRecovering(create, storage, fetch, { onStepUp });
        assertEquals((await supabase.functions.invoke("todos")).data, data);
      });
    }
  },
);

onBoth("onReauthenticate() is called three times after a step-up", async (create) => {
  let isStrong = false;
  let asked = 0;
  const { storage, fetch } = signedIn({
    [TODOS]: ({ body }) => {
      if (!isStrong) return refuses("insufficient_aal", "credential");
      const { nonce } = JSON.parse(body);
      if (nonce === 3) return json(200, "in");
      return refuses(nonce ? "reauthentication_not_valid" : "reauthentication_needed", "handler");
    },
  });
  const supabase = openRecovering(create, storage, fetch, {
    onStepUp: async () => {
      await settle();
      isStrong = true;
    },
    onReauthenticate: () => Promise.resolve({ nonce: ++asked }),
  });
  const { data } = await supabase.functions.invoke("todos", { body: {} });
  assertEquals([data, asked], ["in", 3]);
});

onBoth("onStepUp() is called once per token, and three times at most", async (create) => {
  for (const isRenewed of [false, true]) {
    const { storage, initialSession, fetch, to } = signedIn({
      [TODOS]: () => refuses("insufficient_aal", "credential"),
    });
    let asked = 0;
    const supabase = openRecovering(create, storage, fetch, {
      onStepUp: async () => {
        asked++;
        await settle();
        if (isRenewed) store(storage, refreshedSession(initialSession));
      },
    });
    const { error } = await supabase.functions.invoke("todos");
    assertEquals(problemOf(error)?.code, "insufficient_aal");
    assertEquals([asked, to(TODOS).length], isRenewed ? [3, 4] : [1, 2]);
  }
});

onBoth("onStepUp() has ten minutes per dialog, however many calls join it", async (create) => {
  await inFakeTime(async (time) => {
    const { storage, fetch } = signedIn({
      [TODOS]: () => refuses("insufficient_aal", "credential"),
    });
    const closedAtMinute: number[] = [];
    const began = Date.now();
    const supabase = openRecovering(create, storage, fetch, {
      onStepUp: (_, { signal }) => {
        signal.addEventListener(
          "abort",
          () => closedAtMinute.push(Math.round((Date.now() - began) / 60_000)),
        );
      },
    });
    for (let minute = 0; minute < 25; minute++) {
      supabase.functions.invoke("todos");
      await runUntil(time, () => false, 60_000, 5000);
    }
    assertEquals(closedAtMinute, [10, 20]);
  });
});
