// step_up and reauthenticate: what the page is asked.
import { assertEquals } from "@std/assert";
import { problemOf, withRecovery } from "../../../shared/browser/mod.ts";
import {
  fakeProject,
  json,
  onBoth,
  openTab,
  refuses,
  renewed,
  session,
  settle,
  store,
  TabStorage,
} from "./_support.ts";

const TODOS = "/functions/v1/todos";
type Routes = Parameters<typeof fakeProject>[0];

function signedIn(routes: Routes) {
  const storage = new TabStorage();
  const mine = store(storage, session());
  return { storage, mine, ...fakeProject(routes) };
}

onBoth(
  "step_up asks once for all calls, and they are sent again with the new token",
  async (create) => {
    const storage = new TabStorage();
    const mine = store(storage, session());
    const strong = renewed(mine, { aal: "aal2" });
    const { fetch, to } = fakeProject({
      [TODOS]: ({ bearer }) =>
        bearer === strong.access_token
          ? json(200, "in")
          : refuses("insufficient_aal", "credential", { required_aal: "aal2", max_age: 300 }),
    });
    const asked: unknown[] = [];
    const { invoke } = withRecovery(openTab(create, storage, fetch), {
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

onBoth("step_up gives the problem when the user cancels, or nobody can ask", async (create) => {
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
    const { invoke } = withRecovery(openTab(create, storage, fetch), { onStepUp });
    assertEquals(problemOf((await invoke("todos")).error)?.action, "step_up");
    assertEquals(to(TODOS).length, 1);
  }
});

onBoth("step_up asks again when an earlier dialog was cancelled", async (create) => {
  const { storage, fetch } = signedIn({ [TODOS]: () => refuses("insufficient_aal", "credential") });
  let asked = 0;
  const { invoke } = withRecovery(openTab(create, storage, fetch), {
    onStepUp: () => {
      asked++;
      throw new Error("broken");
    },
  });
  await invoke("todos");
  await invoke("todos");
  assertEquals(asked, 2);
});

onBoth("reauthenticate sends the new body, and none when the user cancels", async (create) => {
  const ACCOUNT = "/functions/v1/account/password";
  const routes: Routes = {
    [ACCOUNT]: ({ body }) =>
      JSON.parse(body).nonce === "123456"
        ? new Response(null, { status: 204 })
        : refuses("reauthentication_needed", "handler"),
  };
  const asked: unknown[] = [];
  const options = { method: "PUT", body: { password: "new" } } as const;
  const { storage, fetch, to } = signedIn(routes);
  const { invoke } = withRecovery(openTab(create, storage, fetch), {
    onReauthenticate: (problem, body) => {
      asked.push([problem.code, body]);
      return Promise.resolve({ ...Object(body), nonce: "123456" });
    },
  });
  assertEquals((await invoke("account/password", options)).error, null);
  assertEquals(asked, [["reauthentication_needed", { password: "new" }]]);
  assertEquals(to(ACCOUNT).map(({ body }) => JSON.parse(body)), [
    { password: "new" },
    { password: "new", nonce: "123456" },
  ]);

  for (
    const cancel of [
      () => Promise.resolve(),
      () => Promise.resolve(""),
      () => Promise.reject(new Error("closed")),
    ]
  ) {
    const other = signedIn(routes);
    const { invoke } = withRecovery(openTab(create, other.storage, other.fetch), {
      onReauthenticate: cancel,
    });
    const { error } = await invoke("account/password", options);
    assertEquals([problemOf(error)?.action, other.to(ACCOUNT).length], ["reauthenticate", 1]);
  }
});
