// Which token a call is sent with, and what happens where none can be had.
import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import { problemOf, type RecoveryEvent, withRecovery } from "../../../shared/browser/mod.ts";
import {
  authSays,
  fakeProject,
  json,
  ME,
  now,
  onBoth,
  openTab,
  renewingProject,
  session,
  settle,
  store,
  stored,
  TabStorage,
  TOKEN,
} from "./_support.ts";

onBoth("a refresh has its own deadline, and the session stays", async (create) => {
  const { storage, fetch } = renewingProject("token_expired", () => new Promise(() => {}));
  const supabase = openTab(create, storage, fetch);
  await supabase.auth.getSession();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let result: Awaited<ReturnType<typeof invoke>> | undefined;
    const { invoke } = withRecovery(supabase, { timeout: 4000 });
    invoke("me").then((answer) => result = answer);
    await settle();
    mock.timers.tick(3999);
    await settle();
    assertEquals(result, undefined);
    mock.timers.tick(1);
    await settle();
    assertEquals(problemOf(result?.error)?.code, "auth_unavailable");
    assert(stored(storage) !== null);
  } finally {
    mock.timers.reset();
  }
});

onBoth("a session that cannot be renewed now is not sent as nobody", async (create) => {
  const storage = new TabStorage();
  store(storage, { ...session(), expires_at: now() - 10 });
  const { fetch, to } = fakeProject({ [TOKEN]: () => new Promise(() => {}) });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const supabase = openTab(create, storage, fetch);
    const steps: RecoveryEvent[] = [];
    let result: Awaited<ReturnType<typeof invoke>> | undefined;
    const { invoke } = withRecovery(supabase, {
      timeout: 1000,
      patience: 0,
      onStep: (step) => steps.push(step),
    });
    invoke("me").then((answer) => result = answer);
    await settle();
    mock.timers.tick(1000);
    await settle();
    assertEquals(problemOf(result?.error)?.code, "auth_unavailable");
    assertEquals(await result?.error.context.json(), problemOf(result?.error));
    assertEquals([to(ME).length, steps[0]?.step], [0, "give_up"]);
    assert(stored(storage) !== null);
  } finally {
    mock.timers.reset();
  }
});

onBoth("a session that supabase-js could not renew is not sent as nobody", async (create) => {
  const storage = new TabStorage();
  const { fetch, to } = fakeProject({ [TOKEN]: () => json(503, {}) });
  const supabase = openTab(create, storage, fetch);
  await supabase.auth.getSession();
  store(storage, { ...session(), expires_at: now() - 10 });
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  try {
    let code: string | undefined;
    withRecovery(supabase, { timeout: 90_000, patience: 0 }).invoke("me")
      .then(({ error }) => code = problemOf(error)?.code);
    for (let n = 0; n < 60; n++) {
      await settle(3);
      mock.timers.tick(1000);
    }
    await settle();
    assertEquals([code, to(ME).length], ["auth_unavailable", 0]);
    assert(stored(storage) !== null);
  } finally {
    mock.timers.reset();
  }
});

onBoth("a session that supabase-js gave up ends with onSignedOut", async (create) => {
  const storage = new TabStorage();
  const { fetch, to } = fakeProject({
    [TOKEN]: () => authSays(400, "refresh_token_not_found"),
  });
  const supabase = openTab(create, storage, fetch);
  await supabase.auth.getSession();
  store(storage, { ...session(), expires_at: now() - 10 });
  const told: string[] = [];
  const { invoke } = withRecovery(supabase, { onSignedOut: ({ code }) => told.push(code) });
  assertEquals(problemOf((await invoke("me")).error)?.action, "sign_in");
  assertEquals([told, stored(storage), to(ME).length], [["session_expired"], null, 0]);
});
