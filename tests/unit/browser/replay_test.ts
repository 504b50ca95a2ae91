// retry, and which requests are sent again.
import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import { problemOf, type RecoveryEvent } from "../../../shared/browser/mod.ts";
import {
  fakeProject,
  inFakeTime,
  json,
  onBoth,
  openCalls,
  OTHER_USER,
  refuses,
  session,
  settle,
  store,
  stored,
  TabStorage,
} from "./_support.ts";

const TODOS = "/functions/v1/todos";
type Routes = Parameters<typeof fakeProject>[0];

function signedIn(routes: Routes) {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  return { storage, initialSession, ...fakeProject(routes) };
}

/** Runs in fake time; `pass` moves it on. */
async function timed(run: (pass: (ms: number) => Promise<void>) => Promise<void>) {
  await inFakeTime((time) =>
    run(async (ms) => {
      await settle();
      time.tick(ms);
      await settle();
    })
  );
}

onBoth(
  "invoke() does not send a POST again when it fails after the handler ran",
  async (create) => {
    const rows: string[] = [];
    for (
      const late of [
        () => refuses("unexpected_failure", "handler"),
        () => new Response("<html>", { status: 503 }),
        () => json(546, { code: "WORKER_LIMIT" }),
        () => Promise.reject(new TypeError("connection reset")),
      ]
    ) {
      rows.length = 0;
      const { storage, fetch } = signedIn({
        [TODOS]: ({ body }) => {
          rows.push(body);
          return late();
        },
      });
      const { invoke } = openCalls(create, storage, fetch);
      const { error } = await invoke("todos", { body: { title: "milk" } });
      assertEquals([problemOf(error)?.action, rows.length], ["retry", 1]);
    }
  },
);

onBoth(
  "invoke() sends again after Retry-After when the handler did not run",
  (create) =>
    timed(async (pass) => {
      const { storage, fetch, to } = signedIn({
        [TODOS]: (_, call) =>
          call === 1
            ? refuses("auth_unavailable", "credential", { retry_after: 3 })
            : json(201, { id: 1 }),
      });
      let data: unknown;
      const { invoke } = openCalls(create, storage, fetch);
      invoke("todos", { body: { title: "milk" } }).then((result) => data = result.data);
      await pass(2999);
      assertEquals([data, to(TODOS).length], [undefined, 1]);
      await pass(751); // 3 s and a quarter
      assertEquals([data, to(TODOS).length], [{ id: 1 }, 2]);
      assertEquals(to(TODOS).map(({ body }) => body), Array(2).fill('{"title":"milk"}'));
    }),
);

onBoth(
  "invoke() sends again only a safe method or an Idempotency-Key when the handler may have run",
  (create) =>
    timed(async (pass) => {
      const once = (_: unknown, call: number) =>
        call === 1 ? new Response("<html>", { status: 502 }) : json(200, "in");
      const calls = [
        [{ method: "GET" }, "in"],
        [{ method: "POST", headers: { "Idempotency-Key": "k" } }, "in"],
        [{ method: "POST" }, null],
        [{ method: "DELETE" }, null],
      ] as const;
      for (const [options, expected] of calls) {
        const { storage, fetch } = signedIn({ [TODOS]: once });
        let data: unknown;
        const { invoke } = openCalls(create, storage, fetch);
        invoke("todos", options).then((result) => data = result.data);
        await pass(2500);
        assertEquals(data, expected);
      }
    }),
);

onBoth(
  "invoke() stops retrying when its patience is used up, and the session stays",
  (create) =>
    timed(async (pass) => {
      const { storage, fetch, to } = signedIn({
        [TODOS]: () => refuses("auth_unavailable", "credential"),
      });
      let code: string | undefined;
      const steps: RecoveryEvent[] = [];
      const { invoke } = openCalls(create, storage, fetch, {
        patience: 10_000,
        onStep: (step) => steps.push(step),
      });
      invoke("todos").then(({ error }) => code = problemOf(error)?.code);
      for (let n = 0; n < 200; n++) await pass(100);
      assertEquals(code, "auth_unavailable");
      // 2, 2 and 4 seconds; the next 8 would be too long.
      assertEquals(to(TODOS).length, 4);
      assertEquals(steps.map(({ step }) => step), [
        ...["wait", "replay", "wait", "replay", "wait", "replay"],
        "give_up",
      ]);
      assertEquals(steps[0]?.request, `POST ${TODOS}`);
      assert(stored(storage) !== null);
    }),
);

onBoth(
  "invoke() keeps the session and succeeds later when Auth is away for a minute",
  (create) =>
    timed(async (pass) => {
      let up = false;
      const { storage, fetch } = signedIn({
        [TODOS]: () => up ? json(200, "in") : refuses("auth_unavailable", "credential"),
      });
      let data: unknown;
      const { invoke } = openCalls(create, storage, fetch, { patience: 120_000 });
      invoke("todos").then((result) => data = result.data);
      for (let second = 0; second < 60; second++) await pass(1000);
      assertEquals(data, undefined);
      assert(stored(storage) !== null);
      up = true;
      for (let second = 0; second < 40; second++) await pass(1000);
      assertEquals(data, "in");
    }),
);

onBoth(
  "invoke() does not send again when another user signs in during the wait",
  (create) =>
    timed(async (pass) => {
      const { storage, fetch, to } = signedIn({
        [TODOS]: () => refuses("auth_unavailable", "credential"),
      });
      let code: string | undefined;
      const { invoke } = openCalls(create, storage, fetch, { patience: 3000 });
      invoke("todos", { body: {} }).then(({ error }) => code = problemOf(error)?.code);
      await pass(1);
      store(storage, session({ sub: OTHER_USER, session_id: crypto.randomUUID() }));
      for (let second = 0; second < 5; second++) await pass(1000);
      assertEquals([code, to(TODOS).length], ["auth_unavailable", 1]);
    }),
);

onBoth("invoke() ends its wait at once when it is aborted", (create) =>
  timed(async (pass) => {
    const { storage, fetch, to } = signedIn({
      [TODOS]: () => refuses("auth_unavailable", "credential"),
    });
    const stop = new AbortController();
    let result: Awaited<ReturnType<typeof invoke>> | undefined;
    const { invoke } = openCalls(create, storage, fetch);
    invoke("todos", { signal: stop.signal }).then((answer) => result = answer);
    await pass(1);
    const reason = new Error("closed");
    stop.abort(reason);
    await settle();
    assertEquals([result?.error.name, result?.error.context], ["FunctionsFetchError", reason]);
    await pass(60_000);
    assertEquals(to(TODOS).length, 1);
    assertEquals(problemOf(result?.error), undefined);
  }));

onBoth("invoke() sends once when the body is a stream", (create) =>
  timed(async (pass) => {
    const { storage, fetch, to } = signedIn({
      [TODOS]: () => refuses("auth_unavailable", "credential"),
    });
    let code: string | undefined;
    const { fetch: recovering } = openCalls(create, storage, fetch);
    recovering(TODOS, { method: "POST", body: new Blob(["x"]).stream() })
      .then((response) => code = problemOf(response)?.code);
    await pass(60_000);
    assertEquals([code, to(TODOS).length], ["auth_unavailable", 1]);
  }));

onBoth(
  "invoke() returns a problem and keeps the session when there is no answer",
  async (create) => {
    const { storage, fetch } = signedIn({
      [TODOS]: () => Promise.reject(new TypeError("offline")),
    });
    const { invoke } = openCalls(create, storage, fetch);
    const { error } = await invoke("todos");
    assertEquals([error.name, problemOf(error)?.action], ["FunctionsFetchError", "retry"]);
    assertEquals(problemOf(error)?.replay, false);
    assert(stored(storage) !== null);
  },
);

onBoth("onStep() does not affect recovery when it throws", async (create) => {
  const reported: unknown[] = [];
  const report = mock.method(globalThis, "reportError", (error: unknown) => reported.push(error));
  try {
    const { storage, fetch } = signedIn({
      [TODOS]: () => refuses("session_not_found", "credential"),
      "/auth/v1/user": () => json(403, { error_code: "session_not_found", msg: "x" }),
    });
    const { invoke } = openCalls(create, storage, fetch, {
      onSignedOut: () => {
        throw new Error("mine");
      },
      onStep: () => {
        throw new Error("mine");
      },
    });
    assertEquals(problemOf((await invoke("todos")).error)?.action, "sign_in");
    assertEquals([reported.length, stored(storage)], [3, null]);
  } finally {
    report.mock.restore();
  }
});
