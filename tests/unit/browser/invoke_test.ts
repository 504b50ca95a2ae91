// What a recovering client sends and returns when there is nothing to recover from.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { FunctionsHttpError } from "@supabase/supabase-js";
import { createRecovery, onSession, problemOf } from "../../../shared/browser/mod.ts";
import {
  fakeProject,
  json,
  KEY,
  onBoth,
  openCalls,
  refuses,
  session,
  STORAGE_KEY,
  store,
  TabStorage,
  URL_,
} from "./_support.ts";

const ME = "/functions/v1/me";

function signedIn(routes: Parameters<typeof fakeProject>[0]) {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const project = fakeProject(routes);
  return { storage, initialSession, project };
}

onBoth(
  "invoke() sends the user's token and returns the data when the call succeeds",
  async (create) => {
    const { storage, initialSession, project } = signedIn({ [ME]: () => json(200, { id: 1 }) });
    const { invoke } = openCalls(create, storage, project.fetch);
    const { data, error } = await invoke<{ id: number }>("me", { body: { a: 1 } });
    assertEquals([data, error], [{ id: 1 }, null]);
    const [call] = project.calls;
    assertEquals([call?.method, call?.bearer, call?.body], [
      "POST",
      initialSession.access_token,
      '{"a":1}',
    ]);
    assertEquals([call?.headers.get("apikey"), call?.redirect], [KEY, undefined]);
    assertEquals(call?.headers.get("content-type"), "application/json");
  },
);

onBoth("invoke() passes on the options when they are those of functions-js", async (create) => {
  const { storage, project } = signedIn({ [ME]: () => json(200, {}) });
  const { invoke } = openCalls(create, storage, project.fetch);
  const headers = { "X-One": "1" };
  const options = { method: "PUT", headers, region: "eu-west-1", body: "text" } as const;
  await invoke("me", options as unknown as Parameters<typeof invoke>[1]);
  const [call] = project.calls;
  assertEquals([call?.method, call?.body], ["PUT", "text"]);
  assertEquals([call?.headers.get("x-one"), call?.headers.get("x-region")], ["1", "eu-west-1"]);
});

onBoth("invoke() leaves the body unread when it fails", async (create) => {
  const { storage, project } = signedIn({ [ME]: () => refuses("validation_failed", "handler") });
  const { invoke } = openCalls(create, storage, project.fetch);
  const { data, error, response } = await invoke("me");
  assertEquals([data, error.name], [null, "FunctionsHttpError"]);
  assertEquals(problemOf(error), await error.context.json());
  assertEquals(problemOf(response)?.code, "validation_failed");
});

Deno.test("invoke() returns the error class of supabase-js when it fails", async () => {
  const { storage, project } = signedIn({ [ME]: () => refuses("validation_failed", "handler") });
  const auth = { storage, autoRefreshToken: false, storageKey: STORAGE_KEY };
  const recovery = createRecovery({ fetch: project.fetch });
  const global = { fetch: recovery.fetch };
  const supabase = recovery.attach(createClient(URL_, KEY, { auth, global }));
  const { error } = await supabase.functions.invoke("me");
  assert(error instanceof FunctionsHttpError);
});

onBoth("fetch() adds the user's token when the URL is of the project only", async (create) => {
  const { storage, initialSession, project } = signedIn({
    "/rest/v1/todos": () => json(200, []),
    "/functions/v1/me": () => json(200, []),
  });
  const { fetch } = openCalls(create, storage, project.fetch);
  await fetch("/rest/v1/todos");
  for (
    const url of [
      "https://evil.example/functions/v1/me",
      `${URL_}.evil.example/rest/v1/todos`,
      `${URL_}@evil.example/rest/v1/todos`,
    ]
  ) await fetch(url);
  assertEquals(project.calls.map(({ bearer }) => bearer), [
    initialSession.access_token,
    null,
    null,
    null,
  ]);
});

onBoth(
  "fetch() does not recover when the path is not a recovered one or the call succeeds",
  async (create) => {
    const ended = () => refuses("session_not_found", "credential");
    const body = await ended().json();
    const { storage, project } = signedIn({
      "/auth/v1/settings": ended,
      "/functions/v1evil/me": ended,
      "/rest/v1/todos": () => json(200, body),
    });
    const { fetch } = openCalls(create, storage, project.fetch);
    for (const path of ["/auth/v1/settings", "/functions/v1evil/me", "/rest/v1/todos"]) {
      const response = await fetch(`${URL_}${path}`);
      assertEquals(problemOf(response), undefined);
      assertEquals(await response.json(), body);
    }
    assertEquals(project.to("/auth/v1/user").length, 0);
    assert(storage.getItem(STORAGE_KEY) !== null);
  },
);

onBoth("fetch() recovers when the request brings the user's token", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const project = fakeProject({
    "/rest/v1/todos": () => refuses("session_not_found", "credential"),
    "/auth/v1/user": () => json(403, { error_code: "session_not_found", msg: "x" }),
  });
  const { fetch } = openCalls(create, storage, project.fetch);
  const response = await fetch("/rest/v1/todos", {
    headers: { Authorization: `Bearer ${initialSession.access_token}` },
  });
  assertEquals(problemOf(response)?.action, "sign_in");
  assertEquals(storage.getItem(STORAGE_KEY), null);
});

onBoth(
  "invoke() neither refreshes nor signs out when the call has another token",
  async (create) => {
    const codes = ["session_not_found", "token_expired"];
    const { storage, project } = signedIn({
      [ME]: (_, call) => refuses(codes[call - 1] ?? "", "credential"),
    });
    const { invoke } = openCalls(create, storage, project.fetch);
    for (const code of codes) {
      const headers = { Authorization: "Bearer of-somebody-else" };
      const { error } = await invoke("me", { headers });
      assertEquals(problemOf(error)?.code, code);
    }
    assertEquals(project.calls.map((call) => call.bearer), Array(2).fill("of-somebody-else"));
    assert(storage.getItem(STORAGE_KEY) !== null);
  },
);

onBoth("invoke() does not follow when the answer is a redirect", async (create) => {
  const { storage, project } = signedIn({
    [ME]: () => new Response(null, { status: 302, headers: { Location: "https://evil.example" } }),
  });
  const { invoke } = openCalls(create, storage, project.fetch);
  const { error } = await invoke("me", { method: "GET" });
  assertEquals([problemOf(error)?.action, project.calls.length], ["contact_support", 1]);
});

onBoth(
  "invoke() returns sign_in without onSignedOut() when nobody is signed in",
  async (create) => {
    const project = fakeProject({ [ME]: () => refuses("no_authorization", "credential") });
    const signedOutCodes: unknown[] = [];
    const { invoke } = openCalls(create, new TabStorage(), project.fetch, {
      onSignedOut: (problem) => signedOutCodes.push(problem),
    });
    const { error } = await invoke("me");
    assertEquals([problemOf(error)?.action, signedOutCodes, project.calls.length], [
      "sign_in",
      [],
      1,
    ]);
  },
);

Deno.test("createRecovery() throws when an option is invalid", () => {
  for (const wrong of [-1, NaN, Infinity]) {
    assertThrows(() => createRecovery({ timeout: wrong }), TypeError, "timeout or patience");
    assertThrows(() => createRecovery({ patience: wrong }), TypeError, "timeout or patience");
  }
});

Deno.test("onSession() throws when the client keeps no session", () => {
  const supabase = createClient(URL_, KEY, { accessToken: () => Promise.resolve("token") });
  assertThrows(() => onSession(supabase, () => {}), Error, "accessToken");
});
