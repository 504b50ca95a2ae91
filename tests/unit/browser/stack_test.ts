// Recovery with the embedded stack: real functions behind a real gateway, with a real database.
import { assert, assertEquals } from "@std/assert";
import { createRecovery, problemOf, type RecoveryOptions } from "../../../shared/browser/mod.ts";
import { bootStack } from "../../../supabase/local/stack.ts";
import { createStackClient, type TestUser } from "../../e2e/scenarios/client.ts";
import { type Create, STORAGE_KEY, TabStorage, type TestClient, VERSIONS } from "./_support.ts";

const stack = await bootStack({ port: 0, functions: ["me", "todos", "account"] });
Deno.test.afterAll(() => stack.close());
const client = createStackClient(stack);

type Fetch = typeof fetch;

/** A tab of a signed-in user; `through` wraps its fetch to the stack. */
async function tabOf(
  create: Create,
  person: TestUser,
  options: RecoveryOptions = {},
  through: (send: Fetch) => Fetch = (send) => send,
) {
  const storage = new TabStorage();
  const paths: string[] = [];
  const send: Fetch = (input, init) => {
    paths.push(`${init?.method ?? "GET"} ${new URL(String(input)).pathname}`);
    return fetch(input, init);
  };
  const recovery = createRecovery({ ...options, fetch: through(send) });
  const supabase = recovery.attach(create(stack.url, stack.keys.publishable, {
    auth: { storage, autoRefreshToken: false, storageKey: STORAGE_KEY },
    global: { fetch: recovery.fetch },
  }));
  const { email, password } = person;
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  assertEquals(error, null);
  const stored = () => JSON.parse(storage.getItem(STORAGE_KEY) ?? "null");
  const invoke: TestClient["functions"]["invoke"] = (...args) => supabase.functions.invoke(...args);
  return { supabase, storage, stored, paths, invoke, fetch: recovery.fetch };
}

function onBoth(name: string, run: (create: Create) => Promise<void>): void {
  for (const [version, create] of VERSIONS) {
    Deno.test(`${name} (embedded stack, supabase-js ${version})`, () => run(create));
  }
}

onBoth(
  "invoke() signs out only this device when its session has ended",
  async (create) => {
    const person = await client.signUp();
    const signedOutCodes: string[] = [];
    const here = await tabOf(create, person, {
      onSignedOut: ({ code }) => signedOutCodes.push(code),
    });
    const there = await tabOf(create, person);
    assertEquals((await here.invoke("me")).data.email, person.email);
    await client.auth("POST", "/logout?scope=local", { token: here.stored().access_token });
    const { error } = await here.invoke("me");
    assertEquals([problemOf(error)?.code, signedOutCodes], ["session_not_found", [
      "session_not_found",
    ]]);
    assertEquals([...here.storage.items.keys()], []);
    assert(!here.paths.some((path) => path.endsWith("/logout")));
    assertEquals((await there.invoke("me")).error, null);
  },
);

onBoth("invoke() signs out when the user was deleted", async (create) => {
  const person = await client.signUp();
  const here = await tabOf(create, person);
  await client.admin("DELETE", `/users/${person.user.id}`);
  const { error } = await here.invoke("me");
  assertEquals([problemOf(error)?.code, here.stored()], ["user_not_found", null]);
});

onBoth(
  "invoke() returns user_banned and keeps the session when the user is suspended",
  async (create) => {
    const person = await client.signUp();
    const here = await tabOf(create, person);
    await client.admin("PUT", `/users/${person.user.id}`, { ban_duration: "24h" });
    const { error } = await here.invoke("me");
    assertEquals([problemOf(error)?.code, problemOf(error)?.action], [
      "user_banned",
      "contact_support",
    ]);
    assert(here.stored() !== null);
  },
);

onBoth("invoke() refreshes once when ten calls have an expired token", async (create) => {
  const here = await tabOf(create, await client.signUp());
  const { access_token, ...rest } = here.stored();
  const hour = Math.floor(Date.now() / 1000) - 3600;
  const expired = await client.withClaims(access_token, { iat: hour - 3600, exp: hour });
  // As if this device's clock were behind: it takes the token for a valid one.
  here.storage.setItem(STORAGE_KEY, JSON.stringify({ ...rest, access_token: expired }));
  const calls = Array.from({ length: 10 }, () => here.invoke("me"));
  const results = await Promise.all(calls);
  assertEquals(results.map(({ error }) => error), Array(10).fill(null));
  const refreshes = here.paths.filter((path) => path === "POST /auth/v1/token");
  assertEquals(refreshes.length, 2); // the sign-in, and one refresh
});

onBoth("invoke() leaves one row when a POST fails after the handler ran", async (create) => {
  const late = (send: Fetch): Fetch => async (input, init) => {
    const response = await send(input, init);
    const post = init?.method === "POST" && String(input).endsWith("/todos");
    if (!post) return response;
    assertEquals(response.status, 201);
    await response.body?.cancel();
    return new Response("<html>upstream timed out</html>", { status: 503 });
  };
  const here = await tabOf(create, await client.signUp(), {}, late);
  const { error } = await here.invoke("todos", { body: { title: "milk" } });
  assertEquals(problemOf(error)?.action, "retry");
  const { data } = await here.invoke("todos", { method: "GET" });
  assertEquals(data.map(({ title }: { title: string }) => title), ["milk"]);
});

onBoth(
  "invoke() keeps the session and works afterwards when Auth is away",
  async (create) => {
    let away = false;
    const cut = (send: Fetch): Fetch => (input, init) => {
      const auth = new URL(String(input)).pathname.startsWith("/auth/");
      return away && auth ? Promise.reject(new TypeError("offline")) : send(input, init);
    };
    const person = await client.signUp();
    const here = await tabOf(create, person, { patience: 0 }, cut);
    await client.auth("POST", "/logout?scope=local", { token: here.stored().access_token });
    away = true;
    const { error } = await here.invoke("me");
    assertEquals(problemOf(error)?.code, "auth_unavailable");
    assert(here.stored() !== null);
    away = false;
    assertEquals(problemOf((await here.invoke("me")).error)?.action, "sign_in");
    assertEquals(here.stored(), null);
  },
);

onBoth(
  "onReauthenticate() is called when a password change needs the current password",
  async (create) => {
    const person = await client.signUp();
    const here = await tabOf(create, person, {
      onReauthenticate: (problem) => {
        assertEquals(problem.code, "current_password_required");
        return Promise.resolve({ current_password: person.password });
      },
    });
    const password = `Pw-${crypto.randomUUID()}`;
    const { error } = await here.invoke("account/password", { method: "PUT", body: { password } });
    assertEquals(error, null);
    await client.signIn({ ...person, password });
  },
);

onBoth(
  "fetch() refreshes and returns the rows when the token of a REST request has expired",
  async (create) => {
    const here = await tabOf(create, await client.signUp());
    const { access_token, ...rest } = here.stored();
    const hour = Math.floor(Date.now() / 1000) - 3600;
    const expired = await client.withClaims(access_token, { iat: hour - 3600, exp: hour });
    here.storage.setItem(STORAGE_KEY, JSON.stringify({ ...rest, access_token: expired }));
    const response = await here.fetch(`${stack.url}/rest/v1/todos?select=title`);
    assertEquals([response.status, await response.json()], [200, []]);
  },
);

onBoth(
  "createRecovery() recovers functions and rows when a token expires or the session ends",
  async (create) => {
    const person = await client.signUp();
    const storage = new TabStorage();
    const signedOutCodes: string[] = [];
    const recovery = createRecovery({ onSignedOut: ({ code }) => signedOutCodes.push(code) });
    const supabase = recovery.attach(create(stack.url, stack.keys.publishable, {
      auth: { storage, autoRefreshToken: false, storageKey: STORAGE_KEY },
      global: { fetch: recovery.fetch },
    }));
    const { email, password } = person;
    await supabase.auth.signInWithPassword({ email, password });
    const stored = () => JSON.parse(storage.getItem(STORAGE_KEY) ?? "null");
    assertEquals((await supabase.functions.invoke("me")).data.email, email);
    const { access_token, ...rest } = stored();
    const hour = Math.floor(Date.now() / 1000) - 3600;
    const expired = await client.withClaims(access_token, { iat: hour - 3600, exp: hour });
    storage.setItem(STORAGE_KEY, JSON.stringify({ ...rest, access_token: expired }));
    const { data, error } = await supabase.from("todos").select();
    assertEquals([data, error], [[], null]);
    assertEquals((await supabase.functions.invoke("me")).data.email, email);
    await client.auth("POST", "/logout?scope=local", { token: stored().access_token });
    const { error: ended } = await supabase.functions.invoke("me");
    assertEquals([problemOf(ended)?.action, signedOutCodes], ["sign_in", ["session_not_found"]]);
    assertEquals(stored(), null);
  },
);
